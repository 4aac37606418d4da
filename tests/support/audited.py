"""Plans, composes, renders and decides under an audit hook; run by `tests/unit/test_purity.py` in a process of its own.

`python -m tests.support.audited FOLDER` takes the project in the folder, with its ledger, and prints how much it made.
An audit hook cannot be taken away again, so no other test should share its process.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any, Final

from bot.config import load_config
from bot.delivery.protocol import Done, ProtocolState, Timing, Wait, next_step
from bot.domain import DeliveryState, Entry, Post
from bot.domain.clock import ManualClock
from bot.feeds.build import render_feeds
from bot.feeds.syndication import render_syndication
from bot.ledger.sqlite import SqliteLedger
from bot.planner.plan import make_plan
from bot.posts.folder import PostFolder
from bot.runtime.planning import make_composer, plan_input, read_templates_of

NOW: Final = datetime(2026, 3, 11, 15, 0, tzinfo=UTC)
MINUTE: Final = timedelta(minutes=1)
#: What no decision may do (docs.python.org, "Audit events table"); a dot at the end: all events below that.
FORBIDDEN: Final = ("open", "sqlite3.", "socket.", "subprocess.", "os.", "shutil.", "tempfile.", "time.", "_thread.")


class Watch:
    """Records the audit events while it is on, except those of module loading."""

    def __init__(self) -> None:
        self.is_on = False
        self.seen: list[str] = []

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.is_on or not event.startswith(FORBIDDEN):
            return
        if not _is_import():
            self.seen.append(f"{event} {arguments!r}"[:200])

    @contextmanager
    def on(self) -> Iterator[None]:
        self.is_on = True
        try:
            yield
        finally:
            self.is_on = False


def _is_import() -> bool:
    """Whether the import system itself is at work: libraries are loaded when they are first needed."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        if "/bot/" in frame.f_code.co_filename:
            return False
        frame = frame.f_back
    return False


def main(folder: str) -> int:
    watch = Watch()
    sys.addaudithook(watch)
    config = load_config(Path(folder) / "config/bot.toml")
    scan, templates = PostFolder(config).scan(), read_templates_of(config)
    with closing(SqliteLedger(Path(folder) / "var/ledger.db", ManualClock(NOW))) as ledger:
        snapshot = ledger.snapshot()
    accounts = tuple(config.account_addresses().values())

    with watch.on():
        compose = make_composer(config, snapshot, templates=templates)
        season = replace(scan, posts=(*scan.posts, *_fresh(scan.posts)))
        plan = make_plan(plan_input(config, season, snapshot, now=NOW, templates=templates))
        entries: dict[str, Entry] = {**snapshot.entries, **{one.post_id: one for one in plan.batch.entries}}
        feeds = render_feeds(entries.values(), site=config.site, feeds=config.feeds)
        files = [bytes(made) for made in feeds.files.values()]
        files.append(render_syndication(entries.values(), snapshot))
        toots = [compose(post, account).text for post in scan.posts for account in accounts]
        steps = sum(_steps(plan.batch.changes, snapshot.accounts[account], account) for account in accounts)
    for one in watch.seen:
        print("forbidden:", one)
    print(f"{len(plan.released)} released, {len(files)} files, {len(toots)} toots, {steps} steps")
    return 1 if watch.seen else 0


def _fresh(posts: tuple[Post, ...]) -> list[Post]:
    """New posts with the words of old ones, so that there is something to release."""
    return [
        replace(
            post, slug=f"new-{post.slug}", url=f"{post.url}new/", explicit_id=None, published=NOW, path=Path(post.slug)
        )
        for post in posts
    ]


def _steps(changes: Any, account: Any, address: str) -> int:
    """Let the protocol decide on everything that is owed, in each state that it may be in."""
    due = [one.wanted for one in changes if one.wanted is not None and one.key.account == address]
    timing, count = Timing(spacing=timedelta(), lease=MINUTE, settle=MINUTE, send_within=MINUTE), 0
    for delivery in due:
        for state in (DeliveryState.DUE, DeliveryState.SENDING):
            owed = replace(delivery, state=state, hold=None, intended_at=NOW, after_id="1")
            for verified in (False, True):
                for looked in ({}, {owed.key: None}):
                    known = ProtocolState(
                        now=NOW,
                        account=account,
                        deliveries=(owed,),
                        verified=verified,
                        read_backs=looked,
                        preflights=looked,
                        uploaded={owed.key: ()},
                    )
                    step = next_step(known, timing)
                    count += not isinstance(step, Wait | Done)
    return count


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
