"""The publisher of an account without a token: it says so, and nothing goes out."""

from __future__ import annotations

from datetime import datetime
from typing import NoReturn

from bot.errors import AccountBlockedError
from bot.model import AccountFacts, Announcement, Picture, Receipt, SeenStatus


class AbsentPublisher:
    """Keeps the contract of `bot.publisher.Publisher` by refusing everything."""

    def __init__(self, *, address: str, trouble: str) -> None:
        self.address = address
        self._trouble = trouble

    def introduce(self) -> AccountFacts:
        self._refuse()

    def newest_status_id(self) -> str:
        self._refuse()

    def look(self, announcement: Announcement, *, after_id: str) -> tuple[SeenStatus, ...]:  # noqa: ARG002 — contract
        self._refuse()

    def get_ready(self, announcement: Announcement) -> None:  # noqa: ARG002
        self._refuse()

    def upload(self, picture: Picture) -> str:  # noqa: ARG002
        self._refuse()

    def publish(
        self,
        announcement: Announcement,  # noqa: ARG002
        *,
        media_ids: tuple[str, ...],  # noqa: ARG002
        key: str,  # noqa: ARG002
        repeat: bool,  # noqa: ARG002
        in_reply_to: str | None = None,  # noqa: ARG002
    ) -> Receipt:
        self._refuse()

    def recent(self, *, since: datetime) -> tuple[SeenStatus, ...]:  # noqa: ARG002
        self._refuse()

    def with_text(self, status: SeenStatus) -> SeenStatus:  # noqa: ARG002
        self._refuse()

    def edit(
        self,
        status_id: str,  # noqa: ARG002
        announcement: Announcement,  # noqa: ARG002
        *,
        shown: Announcement | None,  # noqa: ARG002
    ) -> Receipt:
        self._refuse()

    def delete(self, status_id: str) -> None:  # noqa: ARG002
        self._refuse()

    def close(self) -> None:
        """Nothing to let go of."""

    def _refuse(self) -> NoReturn:
        raise AccountBlockedError(
            f"there is no token for {self.address}: {self._trouble}.",
            remedy="`announce login` gets one, see docs/accounts.md.",
        )
