"""Mastodon, and the servers that speak its API, as one network of `bot.publishers.registry`.

Mastodon.py takes 180 ms to import, so the modules that need it are imported just before a request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from bot.config import Account
from bot.domain import Capabilities, Limits
from bot.publishers.mastodon.servers import capabilities_of
from bot.publishers.network import AccountAccess, Inspection

if TYPE_CHECKING:
    from bot.http.client import WebClient
    from bot.publishers.mastodon.auth import LoginServer
    from bot.publishers.mastodon.publisher import MastodonPublisher

#: Needs no token; every answer, an error too, has a date.
_CLOCK: Final = "/api/v2/instance"


class MastodonNetwork:
    """Keeps the contract of `bot.publishers.network.Network`."""

    limits: Limits = Limits()
    local_mentions: bool = True

    def capabilities(self, limits: Limits) -> Capabilities:
        return capabilities_of(limits.software)

    def revocation_page(self, server: str) -> str:
        return f"{server}/oauth/authorized_applications"

    def clock_address(self, account: Account) -> str:
        return account.server + _CLOCK

    def make_publisher(
        self,
        access: AccountAccess,
        *,
        web: WebClient | None = None,
        on_answer: Callable[[Mapping[str, str]], None] | None = None,
    ) -> MastodonPublisher:
        from bot.publishers.mastodon.publisher import MastodonPublisher  # imports Mastodon.py

        return MastodonPublisher(access, on_answer=on_answer, web=web)

    def inspect(self, access: AccountAccess, *, granted: tuple[str, ...]) -> Inspection:
        from bot.publishers.mastodon.inspection import AccountInspector  # imports Mastodon.py

        inspector = AccountInspector(access)
        try:
            return inspector.inspect(granted=granted)
        finally:
            inspector.close()

    def sign_in(self, server: str, *, timeout: timedelta) -> LoginServer:
        from bot.publishers.mastodon.auth import LoginServer  # imports Mastodon.py

        return LoginServer(server, timeout=timeout)
