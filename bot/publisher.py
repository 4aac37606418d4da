"""The contract of a publisher: carries out deliveries for one account, and can ask its server what it already has.

Every keeper (`publishers/`) passes the same suite, `tests/contract/test_publisher.py`.
"""

from __future__ import annotations

from typing import Protocol

from bot.model import AccountFacts, Announcement, Picture, Receipt, SeenStatus


class Publisher(Protocol):
    """One account on one server. Used by one thread at a time; never retries and never sleeps longer than its timeout.

    Reading methods raise TransientError or AccountBlockedError. Sending methods may also raise RejectedError and
    OutcomeUnknownError; after the latter the request may have been carried out.
    """

    address: str  #: the account's identity in the ledger

    def introduce(self) -> AccountFacts:
        """Ask the server who we are. Raises AccountBlockedError if that is not the account in the settings."""

    def newest_status_id(self) -> str:
        """The id of the account's newest status, "0" if it has none."""

    def look(self, announcement: Announcement, *, after_id: str) -> tuple[SeenStatus, ...]:
        """The account's own statuses newer than `after_id`, oldest first.

        Those that could be this announcement carry their `text`.
        """

    def upload(self, picture: Picture) -> str:
        """Upload a picture with its alt text and wait until it can be attached; returns the server's media id."""

    def publish(self, announcement: Announcement, *, media_ids: tuple[str, ...], key: str, repeat: bool) -> Receipt:
        """Post the announcement, once. `key` is the Idempotency-Key; `repeat`: an earlier try's outcome was open."""

    def close(self) -> None:
        """Let go of connections."""
