"""The publisher of an account without a token: it says so, and nothing goes out."""

from __future__ import annotations

from typing import NoReturn

from bot.errors import AccountBlockedError
from bot.model import AccountFacts, Announcement, Picture, Receipt, SeenStatus


class AbsentPublisher:
    """Keeps the contract of `bot.publisher.Publisher` by refusing everything."""

    def __init__(self, *, address: str, variable: str) -> None:
        self.address = address
        self._variable = variable

    def introduce(self) -> AccountFacts:
        self._refuse()

    def newest_status_id(self) -> str:
        self._refuse()

    def look(self, announcement: Announcement, *, after_id: str) -> tuple[SeenStatus, ...]:  # noqa: ARG002 — contract
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
    ) -> Receipt:
        self._refuse()

    def close(self) -> None:
        """Nothing to let go of."""

    def _refuse(self) -> NoReturn:
        raise AccountBlockedError(
            f"there is no token for {self.address}.",
            remedy=f"Set the environment variable {self._variable}, or `token_file` in the account's settings.",
        )
