"""Real posts in, feeds and one toot out, through the command line."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import feedparser
import httpx
import pytest
from PIL import Image, ImageOps

from tests.fakes.mastodon_server import FakeMastodon
from tests.support.project import CORPUS, Project, Timeline

DUE_BY_THE_SCHEDULE = {
    "announcing-djangocon-us-2024",
    "announcing-call-for-proposals",
    "benefits-of-speaking-djangocon",
    "call-for-2024-volunteers",
    "call-for-community-reviewers",
    "cfp-last-call",
    "our-new-djangocon-website",
    "announcing-lineup",
    "announcing-schedule-dcus",
}
SCHEDULE = "https://2024.djangocon.us/news/announcing-schedule-dcus/"


def slugs(project: Project, name: str) -> set[str]:
    feed = feedparser.parse((project.root / "public/news" / name).read_bytes())
    assert not feed.bozo
    return {entry.link.rstrip("/").rpartition("/")[2] for entry in feed.entries}


@pytest.mark.needs("faketime")
def test_the_schedule_is_released_once_with_picture_alt_text_and_link(
    corpus_project: Project, timeline: Timeline
) -> None:
    done = corpus_project.announce("tick", at="2024-07-16 10:00:30")
    assert done.returncode == 0, done.stdout + done.stderr

    (toot,) = timeline()
    assert f'href="{SCHEDULE}"' in toot["content"]
    assert toot["visibility"] == "public"
    assert toot["language"] == "en"
    (picture,) = toot["media_attachments"]
    assert picture["description"] == "BPawlik at DjangoCon US 2023"
    sent = (CORPUS / "assets/img/blog/DjangoConUS_2023_BPawlik.jpg").read_bytes()
    shown = httpx.get(picture["url"], timeout=5).content
    with Image.open(BytesIO(sent)) as original, Image.open(BytesIO(shown)) as uploaded:
        # The photographer's notes stay behind; the picture is the same.
        assert (bool(original.getexif()), bool(uploaded.getexif())) == (True, False)
        assert uploaded.size == ImageOps.exif_transpose(original).size

    for name in ("rss.xml", "atom.xml"):
        assert slugs(corpus_project, name) == DUE_BY_THE_SCHEDULE

    before = {path: path.stat().st_mtime_ns for path in (corpus_project.root / "public").rglob("*")}
    again = corpus_project.announce("tick", at="2024-07-16 10:00:45")
    assert again.returncode == 0, again.stdout + again.stderr
    assert "nothing new" in again.stdout
    assert len(timeline()) == 1
    assert before == {path: path.stat().st_mtime_ns for path in (corpus_project.root / "public").rglob("*")}


@pytest.mark.needs("faketime")
def test_a_dry_run_tells_and_does_nothing(corpus_project: Project, timeline: Timeline) -> None:
    done = corpus_project.announce("tick", "--dry-run", at="2024-07-16 10:00:30")
    assert done.returncode == 0
    assert "would toot: announcing-schedule-dcus" in done.stdout
    assert timeline() == []
    assert not (corpus_project.root / "public").exists()
    assert not (corpus_project.root / "var").exists()


@pytest.mark.needs("faketime")
def test_one_second_before_its_time_nothing_of_the_schedule_is_public(
    corpus_project: Project, timeline: Timeline, server: FakeMastodon
) -> None:
    done = corpus_project.announce("tick", at="2024-07-16 09:59:55")
    assert done.returncode == 0, done.stdout + done.stderr
    assert timeline() == []
    assert slugs(corpus_project, "atom.xml") == DUE_BY_THE_SCHEDULE - {"announcing-schedule-dcus"}
    public = b"".join(path.read_bytes() for path in (corpus_project.root / "public").rglob("*") if path.is_file())
    assert b"announcing-schedule-dcus" not in public
    posts = [seen for seen in httpx.get(f"{server.url}/sandbox/requests", timeout=5).json() if seen["method"] == "POST"]
    assert posts == []


def test_the_feeds_of_2025_hold_all_posts(corpus_project: Project) -> None:
    done = corpus_project.announce("build", "--now", "2025-01-01", "--out", "out")
    assert done.returncode == 0, done.stdout + done.stderr
    expected = {path.stem for path in (CORPUS / "posts").glob("*.md")}
    assert len(expected) == 21
    for name in ("rss.xml", "atom.xml"):
        feed = feedparser.parse((corpus_project.root / "out/news" / name).read_bytes())
        assert not feed.bozo
        assert {entry.link.rstrip("/").rpartition("/")[2] for entry in feed.entries} == expected
        entry = next(entry for entry in feed.entries if entry.link == SCHEDULE)
        check_schedule(entry)


def check_schedule(entry: Any) -> None:
    assert entry.id == SCHEDULE
    assert calendar.timegm(entry.published_parsed) == datetime(2024, 7, 16, 10, tzinfo=UTC).timestamp()
    assert entry.author == "DjangoCon US Communications Team"
    assert entry.summary.startswith("We are beyond thrilled")
    assert "<" not in entry.summary
    (enclosure,) = entry.enclosures
    assert enclosure.href == "https://2024.djangocon.us/assets/img/blog/DjangoConUS_2023_BPawlik.jpg"
    assert enclosure.type == "image/jpeg"
    assert int(enclosure.length) == (CORPUS / "assets/img/blog/DjangoConUS_2023_BPawlik.jpg").stat().st_size


def test_check_finds_the_two_offsets_that_are_wrong(corpus_project: Project) -> None:
    done = corpus_project.announce("check")
    wrong = [line for line in done.stdout.splitlines() if "datetime-offset" in line]
    assert len(wrong) == 2
    assert any("call-for-2024-volunteers" in line and "-07:00" in line for line in wrong)
    assert any("hackathon-recap" in line and "-05:00 on 2024-12-06" in line for line in wrong)
