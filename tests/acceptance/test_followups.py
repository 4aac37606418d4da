"""What follows a toot, through `announce tick`: edits, withdrawals, renames, hidden and vanished posts, one by one."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tests.fakes.mastodon_server import FakeMastodon
from tests.support.project import Project, Timeline

PERMALINK = "https://2024.djangocon.us/news/{}/"
FEEDS = ("rss.xml", "atom.xml", "feed.json")


@pytest.fixture(autouse=True)
def without_spacing(project: Project) -> None:
    settings = project.root / "config/bot.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace('spacing = "2m"', 'spacing = "off"'), encoding="utf-8")


@pytest.fixture
def due() -> str:
    """The same datetime for a post that is written twice."""
    return f"{datetime.now(UTC) - timedelta(minutes=1):%Y-%m-%d %H:%M:%S}+00:00"


def tick(project: Project, *, code: int = 0) -> str:
    done = project.announce("tick")
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def in_feeds(project: Project, slug: str) -> bool:
    found = {
        PERMALINK.format(slug) in (project.root / "public/news" / name).read_text(encoding="utf-8") for name in FEEDS
    }
    assert len(found) == 1, "the feeds agree"
    return found.pop()


def syndication(project: Project) -> dict[str, dict[str, str]]:
    document = json.loads((project.root / "public/news/syndication.json").read_text(encoding="utf-8"))
    posts: dict[str, dict[str, str]] = document["posts"]
    return posts


def requests(server: FakeMastodon, method: str) -> int:
    """How many requests of this method about statuses arrived."""
    seen = httpx.get(f"{server.url}/sandbox/requests", timeout=5).json()
    return sum(one["method"] == method and one["path"].startswith("/api/v1/statuses") for one in seen)


def everything_public(project: Project) -> dict[Path, tuple[int, bytes]]:
    files = [path for path in (project.root / "public").rglob("*") if path.is_file()]
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def test_syndication_tells_where_the_toot_lives(project: Project, timeline: Timeline, due: str) -> None:
    project.write_post("one", due)
    project.write_post("coming", "2199-01-01 09:00:00")
    assert "wrote public/news/syndication.json" in tick(project)
    (toot,) = timeline()
    (account,) = syndication(project)[PERMALINK.format("one")]
    assert syndication(project) == {PERMALINK.format("one"): {account: toot["url"]}}
    before = everything_public(project)
    assert "nothing new" in tick(project)
    assert everything_public(project) == before


def test_new_words_edit_the_toot_once(project: Project, timeline: Timeline, server: FakeMastodon, due: str) -> None:
    project.write_post("one", due, title="Doors open at nine")
    tick(project)
    (before,) = timeline()
    project.write_post("one", due, title="Doors open at ten")
    assert "edited" in tick(project)
    (after,) = timeline()
    assert after["id"] == before["id"]
    assert "ten" in after["content"]
    assert after["edited_at"] is not None
    feed = (project.root / "public/news/atom.xml").read_text(encoding="utf-8")
    assert "Doors open at ten" in feed
    assert "Doors open at nine" not in feed
    tick(project)
    assert (requests(server, "POST"), requests(server, "PUT")) == (1, 1)
    assert list(syndication(project)) == [PERMALINK.format("one")]


def test_edits_can_be_turned_off(project: Project, timeline: Timeline, server: FakeMastodon, due: str) -> None:
    settings = project.root / "config/bot.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("[release]", "[release]\nedits = false"), encoding="utf-8")
    project.write_post("one", due, title="Doors open at nine")
    tick(project)
    project.write_post("one", due, title="Doors open at ten")
    tick(project)
    assert "nine" in timeline()[0]["content"]
    assert requests(server, "PUT") == 0
    assert "Doors open at ten" in (project.root / "public/news/atom.xml").read_text(encoding="utf-8")


def test_a_withdrawn_post_leaves_the_feeds_and_its_toot_is_deleted(
    project: Project, timeline: Timeline, server: FakeMastodon, due: str
) -> None:
    project.write_post("one", due)
    project.write_post("two", due, title="Another")
    tick(project)
    assert len(timeline()) == 2
    project.write_post("one", due, withdrawn="true")
    assert "deleted" in tick(project)
    (left,) = timeline()
    assert "/news/two/" in left["content"]
    assert (in_feeds(project, "one"), in_feeds(project, "two")) == (False, True)
    assert list(syndication(project)) == [PERMALINK.format("two")]

    project.write_post("one", due)
    tick(project)
    tick(project)
    assert len(timeline()) == 1, "taking the mark away never toots again"
    assert requests(server, "DELETE") == 1


def test_a_withdrawal_with_a_reason_answers_the_toot(
    project: Project, timeline: Timeline, server: FakeMastodon, due: str
) -> None:
    project.write_post("one", due)
    tick(project)
    (toot,) = timeline()
    project.write_post("one", due, withdrawn='"The room has changed."')
    assert "answered" in tick(project)
    tick(project)
    statuses = httpx.get(f"{server.url}/api/v1/accounts/{toot['account']['id']}/statuses", timeout=5).json()
    (answer,) = [status for status in statuses if status["in_reply_to_id"] == toot["id"]]
    assert "The room has changed." in answer["content"]
    assert (requests(server, "DELETE"), requests(server, "POST")) == (0, 2)
    assert not in_feeds(project, "one")
    assert syndication(project) == {}


def test_a_post_withdrawn_before_its_time_never_shows(project: Project, timeline: Timeline, due: str) -> None:
    project.write_post("one", due, withdrawn="true")
    tick(project)
    assert not in_feeds(project, "one")
    project.write_post("one", due)
    tick(project)
    assert timeline() == []


def test_a_renamed_file_keeps_its_toot(project: Project, timeline: Timeline, server: FakeMastodon, due: str) -> None:
    project.write_post("one", due, title="A title of its own")
    tick(project)
    (project.root / "posts/one.md").rename(project.root / "posts/uno.md")
    tick(project)
    tick(project)
    (toot,) = timeline()
    assert requests(server, "POST") == 1
    assert syndication(project) == {PERMALINK.format("uno"): next(iter(syndication(project).values()))}
    assert next(iter(syndication(project).values())).popitem()[1] == toot["url"]
    feed = (project.root / "public/news/atom.xml").read_text(encoding="utf-8")
    assert feed.count("<entry>") == 1
    assert f"<id>{PERMALINK.format('one')}</id>" in feed


def test_a_renamed_and_rewritten_file_is_held_for_a_person(project: Project, timeline: Timeline, due: str) -> None:
    project.write_post("one", due, title="A title of its own")
    tick(project)
    (project.root / "posts/one.md").unlink()
    project.write("posts/uno.md", f'---\ntitle: "Another"\npublished_datetime: {due}\n---\nOther words.\n')
    assert "it may be the same post, renamed and rewritten" in tick(project, code=1)
    assert len(timeline()) == 1
    assert not in_feeds(project, "uno")


def test_hidden_takes_it_out_of_the_feeds_and_leaves_the_toot(
    project: Project, timeline: Timeline, server: FakeMastodon, due: str
) -> None:
    project.write_post("one", due)
    tick(project)
    project.write_post("one", due, hidden="true")
    tick(project)
    assert not in_feeds(project, "one")
    assert len(timeline()) == 1
    assert requests(server, "DELETE") == 0
    project.write_post("one", due)
    tick(project)
    assert in_feeds(project, "one")
    assert requests(server, "POST") == 1


def test_a_hidden_post_is_not_tooted(project: Project, timeline: Timeline, due: str) -> None:
    project.write_post("one", due, hidden="true")
    tick(project)
    assert timeline() == []
    assert not in_feeds(project, "one")


@pytest.mark.needs("faketime")
def test_a_vanished_file_leaves_the_feeds_after_a_day_and_never_its_toot(
    project: Project, timeline: Timeline, server: FakeMastodon
) -> None:
    for slug in ("one", "two"):
        project.write_post(slug, "2026-03-10 06:00:00", title=slug)
    assert project.announce("tick", at="2026-03-10 10:00:30").returncode == 0
    (project.root / "posts/one.md").unlink()
    told = project.announce("tick", at="2026-03-10 11:00:00")
    assert told.returncode == 1
    assert "the file of one is gone: its toot stays, its entry leaves the feeds on 2026-03-11 11:00 UTC" in told.stdout
    assert in_feeds(project, "one")
    assert project.announce("tick", at="2026-03-11 10:59:50").returncode == 0, "told once"
    assert in_feeds(project, "one")
    assert project.announce("tick", at="2026-03-11 11:00:20").returncode == 0
    assert not in_feeds(project, "one")
    assert list(syndication(project)) == [PERMALINK.format("two")]
    assert len(timeline()) == 2
    assert requests(server, "DELETE") == 0

    project.write_post("one", "2026-03-10 06:00:00", title="one")
    assert project.announce("tick", at="2026-03-11 12:00:00").returncode == 0
    assert in_feeds(project, "one")
    assert requests(server, "POST") == 2, "it comes back without another toot"


def test_most_upcoming_posts_gone_at_once_is_asked_about(project: Project, timeline: Timeline) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=4)
    for number in range(3):
        project.write_post(f"coming-{number}", "2199-01-01 09:00:00")
    project.write_post("soon", f"{soon:%Y-%m-%d %H:%M:%S}+00:00")
    tick(project)
    for number in range(3):
        (project.root / f"posts/coming-{number}.md").unlink()
    while datetime.now(UTC) < soon + timedelta(milliseconds=100):
        time.sleep(0.1)
    assert "3 of 4 upcoming posts are gone" in tick(project, code=1)
    assert timeline() == []
    assert project.announce("resume", "--yes").returncode == 0
    tick(project)
    assert len(timeline()) == 1
