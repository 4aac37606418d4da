"""A whole bot in this process, on a manual clock: real files and feeds, a ledger and a server in memory."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from bot.config import load_config
from bot.domain.clock import ManualClock
from bot.runtime.app import Bot, make_bot
from bot.runtime.context import CycleResult
from tests.support.project import SETTINGS
from tests.support.recording_publisher import RecordingPublisher
from tests.support.scratch_ledger import ScratchLedger

ACCOUNT = "main@127.0.0.1:9"


class PretendedSite:
    """A bot on a clock that jumps, and everything that it has published."""

    def __init__(self, root: Path, texts: Mapping[str, str], *, zone: str, begin: datetime) -> None:
        settings = SETTINGS.format(server="http://127.0.0.1:9").replace("America/New_York", zone)
        for name, text in {"config/bot.toml": settings, **{f"posts/{slug}.md": texts[slug] for slug in texts}}.items():
            (root / name).parent.mkdir(exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        self.public = root / "public"
        self.clock = ManualClock(begin)
        self.ledger = ScratchLedger(self.clock)
        self.publisher = RecordingPublisher(address=ACCOUNT, clock=self.clock)
        config = load_config(root / "config/bot.toml")
        publishers = {ACCOUNT: self.publisher}
        self.bot: Bot = make_bot(config, environ={}, clock=self.clock, ledger=self.ledger, publishers=publishers)

    def tick(self, at: datetime) -> CycleResult:
        self.clock.advance(at - self.clock.now())
        return self.bot.tick()[0]

    def released(self) -> list[tuple[str, datetime]]:
        entries = sorted(self.ledger.snapshot().entries.values(), key=lambda entry: entry.released_at)
        return [(entry.slug, entry.released_at) for entry in entries]

    def tooted(self) -> list[tuple[str, datetime]]:
        return [
            (next(iter(one.links)).rstrip("/").rpartition("/")[2], one.created_at) for one in self.publisher.statuses
        ]

    def feed(self) -> str:
        return (self.public / "news/atom.xml").read_text(encoding="utf-8")
