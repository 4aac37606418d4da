"""A tick is one cycle: it reads the posts once and writes its plan once, and shows what the deliveries came to."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.config import Config
from bot.domain import WriteBatch, WriteResult
from bot.ledger import Ledger
from bot.posts.folder import PostFolder, Scan
from tests.support.before_release import ACCOUNTS, NOON, Stage
from tests.support.changed_bot import with_parts


class CountingFolder(PostFolder):
    """Counts how often the posts are read."""

    scans = 0

    def scan(self) -> Scan:
        self.scans += 1
        return super().scan()


@dataclass
class CountingLedger:
    """Counts what is recorded; all else is done by the ledger itself."""

    inner: Ledger
    recorded: list[WriteBatch] = field(default_factory=list)

    def record(self, batch: WriteBatch, *, now: datetime, **how: Any) -> WriteResult:
        self.recorded.append(batch)
        return self.inner.record(batch, now=now, **how)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def test_a_toot_takes_one_cycle(site_config: Callable[..., Config]) -> None:
    stage = Stage(site_config(accounts=ACCOUNTS))
    posts, ledger = CountingFolder(stage.config), CountingLedger(stage.ledger)
    bot = with_parts(stage.bot, posts=posts, ledger=ledger)
    stage.clock.step_to(NOON)
    result, delivered = bot.tick()
    assert [len(one.events) for one in delivered] == [1]
    assert (posts.scans, len(ledger.recorded)) == (1, 1)
    shown = json.loads((stage.config.public_folder / "news" / "syndication.json").read_text())
    assert "keynote" in json.dumps(shown), "where the toot lives was published by the same tick"
    assert not result.attention


def test_a_tick_with_nothing_to_do_records_nothing(site_config: Callable[..., Config]) -> None:
    stage = Stage(site_config(accounts=ACCOUNTS))
    stage.bot.tick()
    ledger = CountingLedger(stage.ledger)
    result, delivered = with_parts(stage.bot, ledger=ledger).tick()
    assert (result.events, result.changed_files, ledger.recorded) == ((), (), [])
    assert not any(one.events for one in delivered)
