"""A look at each account of the settings: what it takes to ask its server, nothing asked yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Final

from bot.clock import Clock
from bot.config import Config
from bot.publishers.inspection import AccountInspector, Inspection
from bot.tokens import Token, find_token, stored_application, token_file

#: Longest wait for one answer, and for all of an account's: a person sits before it.
_ANSWER: Final = timedelta(seconds=10)
ALL_ANSWERS: Final = timedelta(seconds=30)


def tokens_of(config: Config, environ: Mapping[str, str]) -> dict[str, Token]:
    """The token of each account, by its name in the settings."""
    return {
        name: find_token(name, account, root=config.root, environ=environ) for name, account in config.accounts.items()
    }


def look_of(config: Config, name: str, token: Token, clock: Clock) -> Callable[[], Inspection]:
    """What asks the server of one account; raises nothing that a server can cause."""
    account = config.accounts[name]
    if token.value is None:
        return partial(
            Inspection, trouble=f"there is no token: {token.trouble}.", remedy=f"`announce login {name}` gets one."
        )
    application = stored_application(config.root / token_file(name, account), token.value)
    inspector = AccountInspector(
        address=account.address(name),
        acct=account.acct,
        server=account.server,
        token=token.value,
        timeout=min(config.delivery.timeout, _ANSWER),
        clock=clock,
    )

    def look() -> Inspection:
        try:
            return inspector.inspect(granted=application.scopes if application else ())
        finally:
            inspector.close()

    return look
