"""A look at an account: who we are on its server, what the server is and takes, what the token may do.

Nothing is changed on the server, and no account waits for another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Final

from mastodon.errors import MastodonError

from bot.config import Config
from bot.config.secrets import Token, find_token, stored_application, token_file
from bot.domain import Limits
from bot.domain.clock import Clock
from bot.domain.durations import format_duration
from bot.domain.errors import AccountBlockedError, PublishError
from bot.publishers.mastodon.client import MastodonAccount
from bot.publishers.mastodon.servers import explain_missing, limits_of, missing_scopes, software_of
from bot.publishers.mastodon.wire import field

#: No status and no medium has it: where ids are numbers they are far larger.
_NOBODYS_ID: Final = "0"


@dataclass(frozen=True, kw_only=True, slots=True)
class Inspection:
    """What was found out about an account."""

    address: str = ""  #: user@domain as the server confirms it; empty if it does not
    reachable: bool = False
    software: str = ""  #: with its version
    limits: Limits | None = None
    scopes: tuple[str, ...] = ()  #: as far as the server tells; empty: it does not
    missing: tuple[str, ...] = ()
    trouble: str = ""  #: why nothing can be published; empty if it can
    remedy: str = ""


class AccountInspector(MastodonAccount):
    """An account that is only looked at."""

    def inspect(self, *, granted: tuple[str, ...] = ()) -> Inspection:
        """Ask the server everything. Raises nothing that a server can cause.

        `granted` is what the server said of the token when it gave it out; empty: nobody kept that.
        """
        found = Inspection()
        try:
            instance = self._public_instance()
            found = replace(found, reachable=True, software=software_of(instance), limits=limits_of(instance))
            found = replace(found, address=self.introduce().address)
            return self._with_scopes(found, granted)
        except AccountBlockedError as error:
            found = replace(found, trouble=error.message, remedy=error.remedy)
            # Only where the server refused: the scopes of another account's token are of no interest.
            refused = found.reachable and error.__cause__ is not None
            return self._with_scopes(found, granted, may_try=False) if refused else found
        except PublishError as error:
            return replace(found, trouble=error.message, remedy=error.remedy)

    def _public_instance(self) -> Any:
        # Without the token: a server may refuse a revoked one even here.
        try:
            self._client.access_token = None
            with self._errors("reading"):
                return self._client.instance_v2()
        finally:
            self._client.access_token = self._token

    def _with_scopes(self, found: Inspection, granted: tuple[str, ...], *, may_try: bool = True) -> Inspection:
        scopes = granted or self._scopes_of_the_application()
        # Trying counts more: an application may have been given other scopes since the token was made.
        missing = self._missing_by_trying() if may_try and not granted else missing_scopes(scopes) if scopes else ()
        found = replace(found, scopes=scopes, missing=missing)
        if not missing:
            return found
        return replace(
            found,
            trouble=f"the token lacks {explain_missing(missing)}.",
            remedy="`announce login` makes a new one: a token's scopes cannot be changed.",
        )

    def _scopes_of_the_application(self) -> tuple[str, ...]:
        # From Mastodon 4.3 on the application tells its scopes (methods/apps.md); a token has them, or fewer.
        try:
            scopes = field(self._client.app_verify_credentials(), "scopes")
        except MastodonError:
            return ()
        return tuple(map(str, scopes)) if isinstance(scopes, list) else ()

    def _missing_by_trying(self) -> tuple[str, ...]:
        """What is refused with 403. The writing try names a status that nobody has: 404 where it is allowed."""
        client = self._client
        tries: dict[str, Callable[[], object]] = {
            "read:statuses": lambda: client.account_statuses(self._own_id(), limit=1),
            "write:statuses": lambda: client.status_update(_NOBODYS_ID, "-"),
            "write:media": lambda: client.media(_NOBODYS_ID),
        }
        return tuple(scope for scope, attempt in tries.items() if _is_forbidden(attempt))


def inspect_all(
    looks: Mapping[str, Callable[[], Inspection]], *, longest: timedelta, clock: Clock
) -> Iterator[tuple[str, Inspection]]:
    """Look at all accounts at once; each as soon as it is there, at the latest after `longest`."""
    done: SimpleQueue[tuple[str, Inspection]] = SimpleQueue()
    for name, look in looks.items():
        # Daemons: who still waits for a server at the end does not keep the command from ending.
        Thread(target=lambda name=name, look=look: done.put((name, _safely(look))), daemon=True).start()
    end = clock.monotonic() + longest.total_seconds()
    waiting = list(looks)
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


def _safely(look: Callable[[], Inspection]) -> Inspection:
    try:
        return look()
    except Exception as error:  # noqa: BLE001 — a fault in one look must not hide the other accounts
        return Inspection(trouble=f"an unexpected error: {type(error).__name__}. This is a fault of announce.")


def _is_forbidden(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except MastodonError as error:
        return len(error.args) > 1 and error.args[1] == 403
    return False


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
