"""A ledger for tests that need one beside them: the real one, in a folder of its own, without waiting for the disk."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from functools import cache
from itertools import count
from pathlib import Path
from typing import Final

from bot.domain import CompareAndSet, OldFeed, Snapshot, WriteBatch
from bot.domain.clock import Clock, SystemClock
from bot.ledger import codec
from bot.ledger.sqlite import SqliteLedger

_NUMBERS: Final = count(1)
#: A file system in memory, where the system has one: a test opens thousands of ledgers.
_MEMORY: Final = Path("/dev/shm")


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="ledgers-", dir=_MEMORY if _MEMORY.is_dir() else None)


@cache
def _empty() -> Path:
    """A ledger that was just made: copying it is faster than making each one anew."""
    path = Path(_folder().name) / "empty.db"
    SqliteLedger(path, SystemClock(), durable=False).close()
    return path


class ScratchLedger(SqliteLedger):
    """A ledger that exists as long as the object; it can start with the contents of another ledger's snapshot."""

    def __init__(self, clock: Clock, snapshot: Snapshot | None = None) -> None:
        path = Path(_folder().name) / f"{next(_NUMBERS)}.db"
        shutil.copyfile(_empty(), path)
        super().__init__(path, clock, durable=False)
        weakref.finalize(self, _removed, self._file.close, path)
        if snapshot is not None:
            self._restore(snapshot)

    def _restore(self, known: Snapshot) -> None:
        deliveries = sorted(known.deliveries.values(), key=lambda delivery: delivery.sequence)
        at = known.newest or self._clock.now()
        # As any process would write it ...
        self.record(
            WriteBatch(
                entries=tuple(known.entries.values()),
                changes=tuple(CompareAndSet(known=None, wanted=delivery) for delivery in deliveries),
                new_accounts=tuple(known.accounts.values()),
                overrides=tuple(known.overrides.values()),
                upcoming=known.upcoming,
                paused=known.paused,
                pictures=tuple(known.pictures.values()),
                waiting=known.waiting,
            ),
            now=at,
        )
        for source in known.old_feeds:
            self.record(WriteBatch(old_feed=OldFeed(source=source, entries=tuple(known.old_entries.values()))), now=at)
        # ... and then what no process may choose.
        with self._file.writing() as db:
            db.execute("DELETE FROM event")
            db.execute("UPDATE meta SET newest = ?", (codec.time_to_text(known.newest),))
            for delivery in reversed(deliveries):
                identity = (delivery.key.post_id, delivery.key.account, str(delivery.key.occasion))
                db.execute(
                    "UPDATE delivery SET sequence = ? WHERE post_id = ? AND account = ? AND occasion = ?",
                    (delivery.sequence, *identity),
                )
            for state in known.accounts.values():
                facts = None if state.facts is None else codec.facts_to_json(state.facts)
                pause, sent = codec.time_to_text(state.not_before), codec.time_to_text(state.last_sent_at)
                db.execute(
                    "UPDATE account SET facts = ?, last_status_id = ?, blocked = ?, not_before = ?, last_sent_at = ? "
                    "WHERE address = ?",
                    (facts, state.last_status_id, codec.reason_to_text(state.blocked), pause, sent, state.address),
                )
        assert self.snapshot() == known


def _removed(close: object, path: Path) -> None:
    assert callable(close)
    close()
    path.unlink(missing_ok=True)
