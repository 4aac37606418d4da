"""A bot in this process with real post files, feeds and ledger, on a clock that is set; and what it sends."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from PIL import Image

from bot.config import load_config
from bot.domain import Announcement, Entry, Limits, Receipt
from bot.domain.clock import ManualClock
from bot.ledger.sqlite import SqliteLedger
from bot.runtime.app import make_bot
from bot.runtime.context import CycleResult
from tests.support.recording_publisher import RecordingPublisher

ACCOUNT: Final = "main@127.0.0.1:9"
RELEASE: Final = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
SETTINGS: Final = """
[site]
title = "Heron Conf"
url = "https://heron.example"
timezone = "America/New_York"
permalink = "/news/{slug}/"
assets = "."

[release]
wait_for_page = "off"
spacing = "0m"

[accounts.main]
server = "http://127.0.0.1:9"
acct = "@main@127.0.0.1:9"
"""


@dataclass
class WatchedPublisher(RecordingPublisher):
    """Records each edit that the bot sends."""

    edits: list[Announcement] = field(default_factory=list)

    def edit(self, status_id: str, announcement: Announcement, *, shown: Announcement | None) -> Receipt:
        self.edits.append(announcement)
        return super().edit(status_id, announcement, shown=shown)


class ReleasedSite:
    """A site whose posts are released at `RELEASE`; each call of `tick` is a new process with the same ledger."""

    def __init__(self, root: Path, *, settings: str = SETTINGS, limits: Limits | None = None) -> None:
        self.root = root
        self.clock = ManualClock(RELEASE)
        self.ledger_path = root / "var/ledger.db"
        self.publisher = WatchedPublisher(
            address=ACCOUNT, clock=self.clock, limits=limits or Limits(quote_policy=True, software="mastodon 4.5.0")
        )
        self.write("config/bot.toml", settings)
        for name, colour in (("boat", "red"), ("ship", "blue")):
            (root / "assets").mkdir(exist_ok=True)
            Image.new("RGB", (8, 8), colour).save(root / f"assets/{name}.png")

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def tick(self, after: timedelta = timedelta()) -> CycleResult:
        self.clock.advance(after)
        self.ledger_path.parent.mkdir(exist_ok=True)
        ledger = SqliteLedger(self.ledger_path, self.clock)
        config = load_config(self.root / "config/bot.toml")
        bot = make_bot(
            config, environ={}, clock=self.clock, ledger=ledger, publishers={ACCOUNT: self.publisher}, reaches_out=False
        )
        try:
            return bot.tick()[0]
        finally:
            bot.close()
            ledger.close()

    def entry(self, slug: str) -> Entry:
        ledger = SqliteLedger(self.ledger_path, self.clock)
        try:
            return next(entry for entry in ledger.snapshot().entries.values() if entry.slug == slug)
        finally:
            ledger.close()
