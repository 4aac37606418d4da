"""The contract of the ledger, which records releases and deliveries.

An implementation passes the suite in `tests/contract` (test_ledger*.py). The contract needs only what a relational
database provides: transactions, unique keys, conditional updates, and a commit that may or may not wait for the disk
(PostgreSQL: `synchronous_commit`; SQLite: `PRAGMA synchronous`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import TracebackType
from typing import Protocol, Self

from bot.domain import (
    AccountFacts,
    AccountView,
    Delivery,
    Event,
    Instance,
    Lease,
    NoteKind,
    Reason,
    Snapshot,
    WriteBatch,
    WriteResult,
)


class PendingWrite(Protocol):
    """A batch that is written but not committed, so no other reader sees it. A context manager, used once.

    Leaving the context without a commit rolls the batch back. Until then no other process or thread can write into the
    ledger, so the checks of the batch stay valid. Meanwhile the caller's thread must not use the ledger otherwise, and
    must leave the context within a second.
    """

    @property
    def result(self) -> WriteResult:
        """The result once committed; if it is `outdated`, nothing was written and there is nothing to commit."""

    def commit(self, *, durable: bool = True) -> None:
        """Make the batch visible to all readers. Raises LedgerError.

        A commit that is not `durable` saves the wait for the disk. It survives the end of the process, but a power
        failure only after the next durable write or `flush` by any process; before that the caller must neither
        publish nor send anything that depends on it.
        """

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Ledger(Protocol):
    """Safe across threads and processes. Every method is one transaction: all of it is kept, or nothing.

    When a method that writes returns, what it wrote is durable, and with it all that was committed before; leases
    alone are not, as a power failure that takes one back has ended its owner as well. Methods that take a lease check
    its fence and raise LeaseLostError if the lease has passed to another owner. Any method raises LedgerError if the
    ledger cannot be read or written, and DamagedLedgerError if what it holds cannot be understood.
    """

    # -- Reading

    def snapshot(self) -> Snapshot:
        """Return everything that planning needs, as of one moment."""

    def account_view(self, account: str) -> AccountView:
        """Return everything that delivering for one account needs, as of one moment.

        The view of an account that was never recorded is empty.
        """

    def notes(self, kind: NoteKind) -> Mapping[str, str]:
        """Return all notes of one kind, by key."""

    def events(self, *, limit: int) -> tuple[Event, ...]:
        """Return the latest events, the oldest first."""

    # -- Writing

    def record(self, batch: WriteBatch, *, now: datetime) -> WriteResult:
        """Write the decisions of a plan or an operator; returns the refused changes and the written events.

        An existing entry is replaced, unless it belongs to another release: the first release counts, and only its
        events are written. An existing account stays unchanged. A change is refused, without its events, unless the
        delivery equals the change's `known` and is not `sending`; the caller then plans again. A batch is `outdated`,
        and nothing of it is written, if it was made without the latest overrides (`overrides_seen`) or from outdated
        notes.
        """

    def prepare(self, batch: WriteBatch, *, now: datetime) -> PendingWrite:
        """Like `record`, but the caller chooses when to commit, or not to. Entering the context begins the write.

        `with ledger.prepare(batch, now=now) as pending: ...; pending.commit()`
        """

    def flush(self) -> None:
        """Make everything durable that any process has committed so far."""

    # -- Delivering

    def acquire_lease(self, account: str, *, owner: str, duration: timedelta) -> Lease:
        """Take the right to deliver for an account. Raises LeaseHeldError while it is held, even by the same owner.

        Raises LedgerError for an account that was never recorded.
        """

    def renew_lease(self, lease: Lease) -> None:
        """Restart the lease's duration."""

    def release_lease(self, lease: Lease) -> None:
        """End the lease; nothing happens if it has passed to another owner."""

    def note_account(
        self,
        lease: Lease,
        *,
        facts: AccountFacts | None = None,
        blocked: Reason | None = None,
        not_before: datetime | None = None,
        last_status_id: str | None = None,
        now: datetime,
    ) -> tuple[Event, ...]:
        """Record what the server reported about the account; returns the events that this wrote.

        `facts` end a block, with an event if there was one. `blocked` is the reason why nothing can be sent, until
        `not_before` if the server asked for a pause; a new reason writes an event. `last_status_id`, the newest status,
        only grows.
        """

    def write_intent(self, lease: Lease, delivery: Delivery, *, after_id: str, now: datetime) -> bool:
        """Durably change a delivery from due to sending, right before its request. Renews the lease.

        `after_id` is kept from the first attempt. Returns False and writes nothing if the delivery is no longer due
        with this announcement (a plan has changed or removed it meanwhile), or if an operator has paused everything.
        """

    def settle(self, lease: Lease, delivery: Delivery, *, event: Event | None, now: datetime) -> None:
        """Write the result of an attempt: the delivery in its new state, and an event."""

    # -- The process

    def acquire_instance_lock(self, instance: Instance) -> Instance | None:
        """Register this process as the running one; returns the present holder of the lock, None if there is none.

        The system releases the lock at `close`, or when the process ends in any way. The lock protects nothing (leases
        do). A caller that did not get it should ask again from time to time, because the holder may have ended.
        """

    def close(self) -> None:
        """Release files and connections. A second call does nothing."""
