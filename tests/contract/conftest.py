"""A fresh instance of every implementation of the ledger's contract for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.clock import ManualClock
from bot.ledger import Ledger
from bot.ledger.sqlite import SqliteLedger


class RestartableClock(ManualClock):
    """A manual clock on a machine that a test can restart."""

    boot = 1

    def mark(self) -> str:
        return f"{self.boot} {super().mark()}"

    def since(self, mark: str) -> timedelta | None:
        boot, _, rest = mark.partition(" ")
        return super().since(rest) if boot == str(self.boot) else None


@pytest.fixture
def clock() -> ManualClock:
    return RestartableClock(datetime(2026, 3, 10, 14, 0, tzinfo=UTC))


@pytest.fixture
def restart(clock: ManualClock) -> Callable[[], None]:
    """Restarts the clock's machine: all earlier marks become invalid."""

    def again() -> None:
        assert isinstance(clock, RestartableClock)
        clock.boot += 1

    return again


@pytest.fixture
def ledger(tmp_path: Path, clock: ManualClock) -> Iterator[Ledger]:
    keeper = SqliteLedger(tmp_path / "ledger.db", clock)
    yield keeper
    keeper.close()
