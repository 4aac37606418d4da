"""The contract of the ledger: what has been promised and kept.

Every keeper (`ledgers/`) passes the same suite, `tests/contract/test_ledger.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from bot.domain import (
    AccountFacts,
    AccountState,
    Delivery,
    DeliveryKey,
    Event,
    Lease,
    Reason,
    Snapshot,
    WriteBatch,
    WriteResult,
)


class Ledger(Protocol):
    """Safe across threads and processes. Every method is one transaction: all of it is kept, or nothing.

    Methods that take a lease check its fence and raise LeaseLostError if the lease has passed to another.
    Any method raises LedgerError if the ledger cannot be read or written.
    """

    def snapshot(self) -> Snapshot:
        """Everything that planning needs, as of one moment."""

    def record(
        self,
        recording: WriteBatch,
        *,
        now: datetime,
        sure: Callable[[], bool] | None = None,
        flush: bool = True,
    ) -> WriteResult:
        """Write the result of a plan, or of a person's command; returns what was refused, and the events written.

        An entry that is there is replaced, unless it is of another release: the first one counts, and only its events
        are written. An account that is there stays as it is. A change is written only if the delivery is exactly as
        the change knows it, and never while it is sending: whoever planned it on an older state plans again. Events
        of a change that is refused are not written. A plan that has not heard a person's latest word (`heard`) is not
        written at all, nor is one that the caller is not `sure` of: asked at the end of the transaction, while nobody
        else writes, so it may wait for a moment but not for long. Without `flush` a power failure, though not the end
        of the process, may take it back, until an intent is written or `flush` is called: nothing may be shown to the
        public or said by a toot on it before. A picture that was uploaded and a line in the log do no harm.
        """

    def flush(self) -> None:
        """Nothing that was written until now, by whomever, is lost to a power failure from here on."""

    def make_ready(self) -> None:
        """Do now what would else be done by a later write, and make that one slow: something is due in a moment.

        Where that cannot be done nothing is raised: a later write does it, or says what is wrong.
        """

    def note_problems(self, problems: frozenset[str], *, now: datetime) -> tuple[frozenset[str], frozenset[str]]:
        """Remember everything that is wrong now; returns what is new and what is solved since the last call.

        Each is written into the history once.
        """

    def record_alerts(
        self, causes: Mapping[str, str], *, quiet: timedelta, now: datetime
    ) -> tuple[frozenset[str], tuple[str, ...]]:
        """Remember the causes (key → words) that are there now; returns the keys to tell of, and what has recovered.

        A cause that stays is told once; one that goes and comes back is told again, but not within `quiet`.
        """

    def lease(self, account: str, *, owner: str, duration: timedelta) -> Lease:
        """Take the right to deliver for an account; raises LeaseHeldError while it is taken, also by the same owner."""

    def renew(self, lease: Lease) -> None:
        """Start the lease's duration again."""

    def give_back(self, lease: Lease) -> None:
        """End the lease; nothing happens if it has passed to another."""

    def account(self, address: str) -> AccountState:
        """What is known of an account; raises LedgerError for one that was never recorded."""

    def paused(self) -> str:
        """Who paused everything and when; empty if nobody did."""

    def delivery(self, key: DeliveryKey) -> Delivery | None:
        """One delivery; None if there is none."""

    def open_deliveries(self, account: str) -> tuple[Delivery, ...]:
        """The account's deliveries that are due or sending, in the order of (due, sequence)."""

    def address_of(self, post_id: str) -> str | None:
        """Where the released post is shown now: it may have been renamed since its toot was composed. None: nowhere."""

    def known_status_ids(self, account: str) -> frozenset[str]:
        """The status ids that deliveries of this account already live at."""

    def note_account(
        self,
        lease: Lease,
        *,
        facts: AccountFacts | None = None,
        last_status_id: str | None = None,
        now: datetime,
    ) -> None:
        """Remember what the server said of the account: its facts clear a block, the newest status id only grows.

        A block that is cleared is written into the history.
        """

    def block_account(self, lease: Lease, *, why: Reason, not_before: datetime | None, now: datetime) -> bool:
        """Remember why nothing can be sent (or until when the server wants a pause); returns whether this is news."""

    def write_intent(self, lease: Lease, delivery: Delivery, *, after_id: str, now: datetime) -> bool:
        """The last thing before a request: due → sending, committed. Renews the lease.

        `after_id` is kept from the first attempt. False, and nothing is written, if the delivery is no longer due
        with this announcement (a plan has changed or retracted it meanwhile), or if a person has paused everything.
        """

    def settle(self, lease: Lease, delivery: Delivery, *, event: Event | None, now: datetime) -> None:
        """Write how an attempt ended: the delivery with its new state, and a line of history."""

    def pinged(self) -> Mapping[tuple[str, str], str]:
        """Hub and feed's address → digest of the bytes that the hub was last told of."""

    def note_pinged(self, hub: str, digests: Mapping[str, str], *, event: Event, now: datetime) -> None:
        """Remember that a hub was told of feeds (address → digest), with one line of history."""

    def deployed(self) -> Mapping[str, str]:
        """Post id → the words that the site was last asked to be built with."""

    def note_deployed(self, words: Mapping[str, str], *, event: Event, now: datetime) -> None:
        """Remember that the site was asked to be built with these words of posts, with one line of history."""

    def acquire_instance_lock(self, who: str) -> str:
        """Say that `who` stays at work on this ledger; returns who else said so and still is, empty if nobody.

        It lasts until `close`, and not a moment longer than the process, however that ends. Of several the first one
        is named; when it has ended, whoever asks next takes its place, so it is worth asking again now and then.
        """

    def events(self, *, limit: int) -> tuple[Event, ...]:
        """The latest lines of history, oldest first."""

    def close(self) -> None:
        """Let go of files and connections; may be called twice."""
