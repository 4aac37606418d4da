"""The contract of a publisher: it carries out deliveries for one account, and reads what the account already shows.

Every implementation passes the same suite, `tests/contract/test_publisher.py`.
"""

from __future__ import annotations

from datetime import datetime
from typing import NoReturn, Protocol

from bot.domain import AccountFacts, Announcement, Picture, Receipt, SeenStatus
from bot.domain.errors import AccountBlockedError, BlockCause


class Publisher(Protocol):
    """One account on one server. Used by one thread at a time; never retries and never sleeps longer than its timeout.

    Reading methods raise TransientError or AccountBlockedError. Sending methods may also raise RejectedError and
    OutcomeUnknownError; after the latter the request may have been carried out.
    """

    address: str  #: the account's identity in the ledger

    def verify_account(self) -> AccountFacts:
        """Ask the server whose token it is, and what it accepts.

        Raises WrongAccountError if it is not that of the account in the settings.
        """

    def newest_status_id(self) -> str:
        """The id of the account's newest status, "0" if it has none."""

    def read_back(self, announcement: Announcement, *, after_id: str) -> tuple[SeenStatus, ...]:
        """The account's own statuses newer than `after_id`, oldest first.

        Those that could be this announcement carry their `text`.
        """

    def prepare_pictures(self, announcement: Announcement) -> None:
        """Make its local pictures fit ahead of their upload. Makes no request; `upload` reports the faults."""

    def upload(self, picture: Picture) -> str:
        """Upload a picture with its alt text and focus, wait until it can be attached, and return its id there.

        Fetches a remote picture, and makes it fit the server's limits. Raises RejectedError if it is unusable.
        """

    def list_recent(self, *, since: datetime) -> tuple[SeenStatus, ...]:
        """The account's own statuses since a time, oldest first, without their `text`.

        Raises TransientError if there are more than can be read.
        """

    def fetch_text(self, status: SeenStatus) -> SeenStatus:
        """The status with its `text` and content warning as they were sent."""

    def normalise(self, text: str) -> str:
        """Normalise a text, so that it equals the server's stored form of the same text."""

    def publish(
        self,
        announcement: Announcement,
        *,
        media_ids: tuple[str, ...],
        key: str,
        repeat: bool,
        in_reply_to: str | None = None,
    ) -> Receipt:
        """Post the announcement, once. `key` is the Idempotency-Key; `repeat`: an earlier try may have succeeded.

        `in_reply_to` is the id of the status that it answers; RejectedError if the server has no such status.
        """

    def edit(self, status_id: str, announcement: Announcement, *, shown: Announcement | None) -> Receipt:
        """Make a status say `announcement` instead of `shown` (None: unknown). Harmless to repeat.

        Pictures that it shows already stay attached; their alt texts follow the announcement.
        """

    def delete(self, status_id: str) -> None:
        """Remove a status. Harmless to repeat: a status that does not exist counts as removed."""

    def close(self) -> None:
        """Close the connections."""


class AbsentPublisher:
    """The publisher of an account without a token: every request raises AccountBlockedError."""

    def __init__(self, *, address: str, trouble: str) -> None:
        self.address = address
        self._trouble = trouble

    def verify_account(self) -> AccountFacts:
        self._refuse()

    def newest_status_id(self) -> str:
        self._refuse()

    def read_back(self, announcement: Announcement, *, after_id: str) -> tuple[SeenStatus, ...]:  # noqa: ARG002 — contract
        self._refuse()

    def prepare_pictures(self, announcement: Announcement) -> None:  # noqa: ARG002
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

    def list_recent(self, *, since: datetime) -> tuple[SeenStatus, ...]:  # noqa: ARG002
        self._refuse()

    def fetch_text(self, status: SeenStatus) -> SeenStatus:  # noqa: ARG002
        self._refuse()

    def normalise(self, text: str) -> str:
        return text

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
        """Nothing to close."""

    def _refuse(self) -> NoReturn:
        raise AccountBlockedError(
            f"there is no token for {self.address}: {self._trouble}.",
            remedy="`announce login` gets one, see docs/accounts.md.",
            cause=BlockCause.NOT_SIGNED_IN,
        )
