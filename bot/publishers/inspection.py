"""The inspection of all accounts in the settings: their tokens, and what their servers report about them.

Nothing is changed on a server, and no account waits for another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final

from bot.config import Config
from bot.config.secrets import Token, find_token, stored_application, token_file
from bot.domain.clock import Clock
from bot.domain.durations import format_duration
from bot.publishers.network import AccountAccess, Inspection
from bot.publishers.registry import network_of

#: The longest wait for one answer, and for all of an account's: a person is waiting.
_ANSWER: Final = timedelta(seconds=10)
_ALL_ANSWERS: Final = timedelta(seconds=30)

Inspect = Callable[[], Inspection]


def find_tokens(config: Config, environ: Mapping[str, str]) -> dict[str, Token]:
    """The token of each account, by its name in the settings."""
    return {
        name: find_token(name, account, root=config.root, environ=environ) for name, account in config.accounts.items()
    }


def make_inspector(config: Config, name: str, token: Token, clock: Clock) -> Inspect:
    """Make the function that inspects one account; it raises nothing that a server can cause."""
    account = config.accounts[name]
    if token.value is None:
        return partial(
            Inspection, trouble=f"there is no token: {token.trouble}.", remedy=f"`announce login {name}` gets one."
        )
    application = stored_application(config.root / token_file(name, account), token.value)
    access = AccountAccess(
        account=account,
        address=account.address(name),
        token=token.value,
        timeout=min(config.delivery.timeout, _ANSWER),
        clock=clock,
    )
    return partial(network_of(account).inspect, access, granted=application.scopes if application else ())


def inspect_accounts(config: Config, tokens: Mapping[str, Token], clock: Clock) -> Iterator[tuple[str, Inspection]]:
    """Inspect the accounts of these tokens in parallel; yields each result as it comes, after half a minute at most.

    The keys are the accounts' names in the settings.
    """
    inspectors = {name: make_inspector(config, name, token, clock) for name, token in tokens.items()}
    return inspect_all(inspectors, longest=_ALL_ANSWERS, clock=clock)


def inspect_all(
    inspectors: Mapping[str, Inspect], *, longest: timedelta, clock: Clock
) -> Iterator[tuple[str, Inspection]]:
    """Inspect all accounts in parallel; yields each result as it comes, at the latest after `longest`."""
    done: SimpleQueue[tuple[str, Inspection]] = SimpleQueue()
    for name, inspect in inspectors.items():
        # Daemons: a thread that still waits for a server does not keep the command from ending.
        Thread(target=lambda name=name, inspect=inspect: done.put((name, _safely(inspect))), daemon=True).start()
    end = clock.monotonic() + longest.total_seconds()
    waiting = list(inspectors)
    while waiting:
        try:
            name, found = done.get(timeout=max(0.0, end - clock.monotonic()))
        except Empty:
            late = Inspection(
                trouble=f"the server did not answer within {format_duration(longest)}.", remedy="Try again later."
            )
            yield from ((name, late) for name in waiting)
            return
        waiting.remove(name)
        yield name, found


def _safely(inspect: Inspect) -> Inspection:
    try:
        return inspect()
    except Exception as error:  # noqa: BLE001 — a fault in one inspection must not hide the other accounts
        return Inspection(trouble=f"an unexpected error: {type(error).__name__}. This is a fault of announce.")
