"""The inspection of an account: its identity, its server's kind and limits, and what its token may do.

Nothing is changed on the server.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from mastodon.errors import MastodonError

from bot.domain.errors import AccountBlockedError, PublishError
from bot.publishers.mastodon.answers import get_field
from bot.publishers.mastodon.client import MastodonAccount, fetch_instance
from bot.publishers.mastodon.servers import explain_missing, limits_of, missing_scopes, software_of
from bot.publishers.network import Inspection

#: The id of no status and no medium: numeric ids are far larger.
_UNUSED_ID: Final = "0"


class AccountInspector(MastodonAccount):
    """Inspects an account; changes nothing on the server."""

    def inspect(self, *, granted: tuple[str, ...] = ()) -> Inspection:
        """Ask the server everything. Raises nothing that a server can cause.

        `granted` are the scopes that the server named when it issued the token; empty if they were not stored.
        """
        found = Inspection()
        try:
            instance = self._public_instance()
            found = replace(found, reachable=True, software=software_of(instance), limits=limits_of(instance))
            found = replace(found, address=self.verify_account().address)
            return self._with_scopes(found, granted)
        except AccountBlockedError as error:
            found = replace(found, trouble=error.message, remedy=error.remedy)
            # Only where the server refused: the scopes of another account's token are of no interest.
            refused = found.reachable and error.__cause__ is not None
            return self._with_scopes(found, granted, may_try=False) if refused else found
        except PublishError as error:
            return replace(found, trouble=error.message, remedy=error.remedy)

    def _public_instance(self) -> Any:
        # Without the token: a server may refuse a revoked token even here.
        try:
            self._client.access_token = None
            with self._errors("reading"):
                return fetch_instance(self._client)
        finally:
            self._client.access_token = self._token

    def _with_scopes(self, found: Inspection, granted: tuple[str, ...], *, may_try: bool = True) -> Inspection:
        scopes = granted or self._scopes_of_the_application()
        # A try is more reliable: the application may have got other scopes since the token was made.
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
        # From Mastodon 4.3 on an application reports its scopes (methods/apps.md); a token has these, or fewer.
        try:
            scopes = get_field(self._client.app_verify_credentials(), "scopes")
        except MastodonError:
            return ()
        return tuple(map(str, scopes)) if isinstance(scopes, list) else ()

    def _missing_by_trying(self) -> tuple[str, ...]:
        """The scopes that are refused with 403. The write names a status that does not exist: 404 if allowed."""
        client = self._client
        tries: dict[str, Callable[[], object]] = {
            "read:statuses": lambda: client.account_statuses(self._own_id(), limit=1),
            "write:statuses": lambda: client.status_update(_UNUSED_ID, "-"),
            "write:media": lambda: client.media(_UNUSED_ID),
        }
        return tuple(scope for scope, attempt in tries.items() if _is_forbidden(attempt))


def _is_forbidden(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except MastodonError as error:
        return len(error.args) > 1 and error.args[1] == 403
    return False
