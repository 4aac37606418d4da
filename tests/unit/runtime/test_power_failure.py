"""A power failure at the instant of a release: what was not flushed is gone, and no reader or follower has seen it.

What lies on the disk is copied at each commit that is flushed: with it goes all that was written before.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.config import Config
from bot.domain import Announcement, DeliveryState, Receipt, Snapshot
from bot.domain.clock import ManualClock
from bot.files.public_folder import PublicFolder, Written
from bot.ledger.file import SqliteFile
from bot.ledger.sqlite import SqliteLedger
from bot.runtime.app import Bot, make_bot
from bot.runtime.precise_release import carry_out, prepare_release
from tests.support.changed_bot import with_parts
from tests.support.recording_publisher import RecordingPublisher

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
ACCOUNT = "main@127.0.0.1:9"


class Disk:
    """What would be left of the ledger if the power failed now."""

    def __init__(self, ledger: Path, copies: Path) -> None:
        self._ledger = ledger
        self._copies = copies
        self.flushes = 0

    def flushed(self) -> None:
        """All that was written until now is on the disk."""
        self.flushes += 1
        folder = self._copies / str(self.flushes)
        folder.mkdir(parents=True)
        for path in (self._ledger, self._ledger.with_name(f"{self._ledger.name}-wal")):
            if path.exists():
                shutil.copy(path, folder / path.name)

    def read(self) -> Snapshot:
        """A ledger that is opened again after the failure."""
        again = self._copies / "again"
        shutil.rmtree(again, ignore_errors=True)
        shutil.copytree(self._copies / str(self.flushes), again)
        ledger = SqliteLedger(again / self._ledger.name, ManualClock(NOON))
        try:
            return ledger.snapshot()
        finally:
            ledger.close()


@dataclass
class Supervised(RecordingPublisher):
    """Looks at the disk at each request."""

    disk: Disk | None = None
    seen: list[DeliveryState] = field(default_factory=list)

    def publish(self, announcement: Announcement, **how: Any) -> Receipt:
        assert self.disk is not None
        self.seen += [delivery.state for delivery in self.disk.read().deliveries.values()]
        return super().publish(announcement, **how)


@dataclass
class World:
    bot: Bot
    clock: ManualClock
    disk: Disk
    publisher: Supervised


@pytest.fixture
def world(site_config: Callable[..., Config], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    config = site_config(accounts='[accounts.main]\nserver = "http://127.0.0.1:9"')
    config.posts_folder.mkdir(exist_ok=True)
    (config.posts_folder / "keynote.md").write_text(
        "---\ntitle: The keynote\npublished_datetime: 2026-03-10 12:00:00+00:00\n---\n\nWho will give it, and when.\n"
    )
    clock = ManualClock(NOON - timedelta(seconds=5))
    path = tmp_path / "ledger" / "ledger.db"
    disk = Disk(path, tmp_path / "disk")
    writing, flush = SqliteFile.writing, SqliteFile.flush

    log = path.with_name(f"{path.name}-wal")

    @contextmanager
    def noted(self: SqliteFile, *, durable: bool = True, urgent: bool = False) -> Iterator[Any]:
        before = log.read_bytes()
        with writing(self, durable=durable, urgent=urgent) as db:
            yield db
        # A transaction that wrote nothing flushes nothing.
        if durable and log.read_bytes() != before:
            disk.flushed()

    def flushing(self: SqliteFile) -> None:
        flush(self)
        disk.flushed()

    ledger = SqliteLedger(path, clock)
    publisher = Supervised(address=ACCOUNT, clock=clock, disk=disk)
    bot = make_bot(config, environ={}, clock=clock, ledger=ledger, publishers={ACCOUNT: publisher})
    with monkeypatch.context() as patched:
        patched.setattr(SqliteFile, "writing", noted)
        patched.setattr(SqliteFile, "flush", flushing)
        disk.flushed()
        bot.tick()
        yield World(bot, clock, disk, publisher)
    bot.close()


def release(world: World) -> None:
    prepared = prepare_release(world.bot.context, NOON)
    assert prepared is not None
    world.bot.deliverer.warm_up(ACCOUNT, prepared.expected()[ACCOUNT])
    world.clock.step_to(NOON)
    assert carry_out(world.bot.context, prepared)


def test_the_release_alone_may_be_gone_and_is_made_again(world: World) -> None:
    release(world)
    assert len(world.bot.context.ledger.snapshot().entries) == 1
    assert not world.disk.read().entries, "it was flushed, which costs time at the instant"


def test_when_the_request_leaves_its_intent_is_on_the_disk(world: World) -> None:
    release(world)
    world.bot.deliverer.deliver_pending(ACCOUNT)
    assert world.publisher.seen == [DeliveryState.SENDING]
    assert [d.state for d in world.disk.read().deliveries.values()] == [DeliveryState.SENT]


def nothing_special(world: World) -> None:
    """What happens meanwhile in most cases."""


def the_toot_is_sent(world: World) -> None:
    world.bot.deliverer.deliver_pending(ACCOUNT)


def the_clock_is_set_back(world: World) -> None:
    world.clock.step_to(NOON - timedelta(minutes=1))


def the_folder_is_empty(world: World) -> None:
    (world.bot.context.config.posts_folder / "keynote.md").unlink()


@pytest.mark.parametrize("happens", [nothing_special, the_toot_is_sent, the_clock_is_set_back, the_folder_is_empty])
def test_when_the_feeds_are_written_the_release_is_on_the_disk(world: World, happens: Callable[[World], None]) -> None:
    """Also where the pass is in doubt, and writes nothing into the ledger itself."""
    shown: list[int] = []

    class Looking(PublicFolder):
        def write(self, files: Mapping[str, Any], **how: Any) -> Written:
            shown.append(len(world.disk.read().entries))
            return super().write(files, **how)

    bot = with_parts(world.bot, public=Looking(world.bot.context.config.public_folder))
    release(world)
    happens(world)
    bot.cycle_once()
    assert shown == [1]
