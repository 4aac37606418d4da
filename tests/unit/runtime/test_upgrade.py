"""An upgrade changes nothing that readers see: the author's own input has not changed.

`upgrade/` holds a small season as the bot before the two digests left it (commit 37b060a): its post files, its settings
and its ledger. There is a toot with an edit and a reminder, a poll, and a thread.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.domain import Limits, Snapshot
from bot.ledger.sqlite import SqliteLedger
from bot.posts.body.excerpt import Excerpt
from bot.posts.body.render import Body, render_body
from tests.support.released_site import SETTINGS, ReleasedSite

SEASON = Path(__file__).parent / "upgrade"
NOW = datetime(2026, 3, 11, 15, 0, tzinfo=UTC)  #: half an hour after the old bot's last cycle
LIMITS = Limits(characters=300, description=400, pictures=2, quote_policy=True, software="mastodon 4.6.0")
OTHER_PERMALINKS = SETTINGS.replace("/news/{slug}/", "/blog/{slug}.html")


def another_renderer(*args: Any, **how: Any) -> Body:
    body = render_body(*args, **how)
    said = body.excerpt
    louder = Excerpt(shown=said.shown.upper(), tidy=said.tidy.upper(), marked=said.marked)
    return replace(body, html=f"<section>{body.html}</section>", excerpt=louder)


def snapshot_of(site: ReleasedSite) -> Snapshot:
    with closing(SqliteLedger(site.ledger_path, site.clock)) as ledger:
        return ledger.snapshot()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ReleasedSite:
    site = ReleasedSite(tmp_path, settings=OTHER_PERMALINKS, limits=LIMITS)
    shutil.copytree(SEASON / "posts", tmp_path / "posts")
    site.ledger_path.parent.mkdir()
    with closing(sqlite3.connect(site.ledger_path)) as db:
        db.executescript((SEASON / "ledger.sql").read_text(encoding="utf-8"))
    site.clock.step_to(NOW)
    monkeypatch.setattr("bot.posts.body.render.render_body", another_renderer)
    return site


def test_another_renderer_other_permalinks_and_other_limits_move_nothing(site: ReleasedSite) -> None:
    before = snapshot_of(site)
    assert len(before.entries) == 4
    for _ in range(3):
        site.tick(timedelta(minutes=10))
    after = snapshot_of(site)
    assert site.publisher.edits == []
    assert site.publisher.statuses == []
    assert after.deliveries == before.deliveries, "also the links of the toots"
    assert after.entries.keys() == before.entries.keys()
    for post_id, was in before.entries.items():
        entry = after.entries[post_id]
        same = ("post_id", "feed_id", "published", "updated", "released_at", "revision", "edit_owed")
        assert [getattr(entry, name) for name in same] == [getattr(was, name) for name in same]
        assert entry.digests.entry
        assert entry.digests.announcement
        assert entry.html.startswith("<section>"), "the feeds show the post as this bot renders it"


def test_from_then_on_a_change_is_seen_again(site: ReleasedSite) -> None:
    site.tick()
    for slug, old, new in (("first", "has a date", "has two dates"), ("poll", "nobody", "followers")):
        text = (SEASON / f"posts/{slug}.md").read_text(encoding="utf-8")
        site.write(f"posts/{slug}.md", text.replace(old, new))
    before = {slug: site.entry(slug).updated for slug in ("first", "talks", "poll", "thread")}
    site.tick(timedelta(minutes=10))
    moved = {slug for slug, updated in before.items() if site.entry(slug).updated != updated}
    assert moved == {"first"}
    said = {edit.text.splitlines()[0] for edit in site.publisher.edits}
    assert said == {"The conference has two dates", "What shall we serve?"}
