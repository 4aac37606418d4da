"""The contract of the ledger: what has been promised and kept.

An implementation passes the suite in `tests/contract` (test_ledger*.py). What the contract asks for is what a
relational database does anyway: transactions, unique keys, conditional updates, and a commit that may or may not wait
for the disk (PostgreSQL: `synchronous_commit`; SQLite: `PRAGMA synchronous`).
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
    """A batch that is written, but not committed: nobody else sees it. A context manager, used once.

    Leaving the context without a commit takes the batch back. Until then no other process or thread writes into the
    ledger, so that what the batch was checked against stays true; the caller's thread asks it for nothing else, and
    leaves within a second.
    """

    @property
    def result(self) -> WriteResult:
        """What the commit makes true; `outdated`: nothing was written, and there is nothing to commit."""

    def commit(self, *, durable: bool = True) -> None:
        """Make the batch visible to everybody. Raises LedgerError.

        One that is not `durable` survives the end of the process, but not a power failure, until the next durable
        write or `flush`, by any process: before that, nothing that follows from it may be shown or sent. It saves the
        wait for the disk.
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
        """Everything that planning needs, as of one moment."""

    def account_view(self, account: str) -> AccountView:
        """Everything that delivering for one account needs, as of one moment.

        An account that was never recorded is owed nothing, and nothing is known of it.
        """

    def notes(self, kind: NoteKind) -> Mapping[str, str]:
        """All notes of one kind, by key."""

    def events(self, *, limit: int) -> tuple[Event, ...]:
        """The latest lines of history, oldest first."""

    # -- Writing

    def record(self, batch: WriteBatch, *, now: datetime) -> WriteResult:
        """Write what a plan, or an operator, decided; returns what was refused, and the events written.

        An entry that is there is replaced, unless it is of another release: the first one counts, and only its events
        are written. An account that is there stays as it is. A change is written only if the delivery is exactly as
        the change knows it, and never while it is sending: then the caller plans again. Events of a refused change
        are not written. A batch that was made without the latest override (`heard`), or on other notes than those
        that it knows, is `outdated`, and nothing of it is written.
        """

    def prepare(self, batch: WriteBatch, *, now: datetime) -> PendingWrite:
        """As `record`, but the caller commits at the moment of its choice, or never. Writing begins with the context.

        `with ledger.prepare(batch, now=now) as pending: ...; pending.commit()`
        """

    def flush(self) -> None:
        """Make everything durable that was committed until now, by any process."""

    # -- Delivering

    def acquire_lease(self, account: str, *, owner: str, duration: timedelta) -> Lease:
        """Take the right to deliver for an account; raises LeaseHeldError while it is taken, also by the same owner.

        Raises LedgerError for an account that was never recorded.
        """

    def renew_lease(self, lease: Lease) -> None:
        """Start the lease's duration again."""

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
        """Remember what the server said of the account; returns the lines of history that this wrote.

        `facts` end a block, with an event if there was one. `blocked` says why nothing can be sent, until `not_before`
        if the server wants a pause; it is an event if the reason is another one than before. `last_status_id`, the
        newest status, only grows.
        """

    def write_intent(self, lease: Lease, delivery: Delivery, *, after_id: str, now: datetime) -> bool:
        """The last thing before a request: due → sending, durable. Renews the lease.

        `after_id` is kept from the first attempt. False, and nothing is written, if the delivery is no longer due
        with this announcement (a plan has changed or retracted it meanwhile), or if an operator has paused everything.
        """

    def settle(self, lease: Lease, delivery: Delivery, *, event: Event | None, now: datetime) -> None:
        """Write how an attempt ended: the delivery with its new state, and a line of history."""

    # -- The process

    def acquire_instance_lock(self, instance: Instance) -> Instance | None:
        """Name this process as the one that stays at work; returns the one that already does, None if there is none.

        The lock lasts until `close`, and not a moment longer than the process, however that ends. It protects nothing
        (leases do), and is worth asking for again now and then: once its holder ends, the next caller takes it.
        """

    def close(self) -> None:
        """Release files and connections; may be called twice."""
