"""A season's posts in, feeds and one toot out, through the command line."""

from __future__ import annotations

import calendar
from datetime import timedelta
from io import BytesIO
from typing import Any

import feedparser
import httpx
import pytest
from PIL import Image, ImageOps

from tests.fakes.mastodon_server import FakeMastodon
from tests.support.corpus import Corpus
from tests.support.project import Project, Timeline

SECOND = timedelta(seconds=1)


def instant_of(corpus: Corpus, *, plus: timedelta) -> str:
    """The machine's time so long after the schedule's release."""
    return f"{corpus.instants[corpus.schedule] + plus:%Y-%m-%d %H:%M:%S}"


def due_by_the_schedule(corpus: Corpus) -> set[str]:
    instants = corpus.instants
    return {slug for slug, instant in instants.items() if instant <= instants[corpus.schedule]}


def link_of(corpus: Corpus) -> str:
    return f"https://2024.djangocon.us/news/{corpus.schedule}/"


def slugs(project: Project, name: str) -> set[str]:
    feed = feedparser.parse((project.root / "public/news" / name).read_bytes())
    assert not feed.bozo
    return {entry.link.rstrip("/").rpartition("/")[2] for entry in feed.entries}


@pytest.mark.needs("faketime")
def test_the_schedule_is_released_once_with_picture_alt_text_and_link(
    corpus_project: Project, corpus: Corpus, timeline: Timeline
) -> None:
    done = corpus_project.announce("tick", at=instant_of(corpus, plus=30 * SECOND))
    assert done.returncode == 0, done.stdout + done.stderr

    (toot,) = timeline()
    assert f'href="{link_of(corpus)}"' in toot["content"]
    assert toot["visibility"] == "public"
    assert toot["language"] == "en"
    (picture,) = toot["media_attachments"]
    assert picture["description"] == corpus.schedule_alt
    sent = (corpus.root / corpus.schedule_cover).read_bytes()
    shown = httpx.get(picture["url"], timeout=5).content
    with Image.open(BytesIO(sent)) as original, Image.open(BytesIO(shown)) as uploaded:
        # The photographer's notes stay behind; the picture is the same.
        assert (bool(original.getexif()), bool(uploaded.getexif())) == (True, False)
        assert uploaded.size == ImageOps.exif_transpose(original).size

    for name in ("rss.xml", "atom.xml"):
        assert slugs(corpus_project, name) == due_by_the_schedule(corpus)

    before = {path: path.stat().st_mtime_ns for path in (corpus_project.root / "public").rglob("*")}
    again = corpus_project.announce("tick", at=instant_of(corpus, plus=45 * SECOND))
    assert again.returncode == 0, again.stdout + again.stderr
    assert "nothing new" in again.stdout
    assert len(timeline()) == 1
    assert before == {path: path.stat().st_mtime_ns for path in (corpus_project.root / "public").rglob("*")}


@pytest.mark.needs("faketime")
def test_a_dry_run_tells_and_does_nothing(corpus_project: Project, corpus: Corpus, timeline: Timeline) -> None:
    done = corpus_project.announce("tick", "--dry-run", at=instant_of(corpus, plus=30 * SECOND))
    assert done.returncode == 0
    assert f"would toot: {corpus.schedule}" in done.stdout
    assert timeline() == []
    assert not (corpus_project.root / "public").exists()
    assert not (corpus_project.root / "var").exists()


@pytest.mark.needs("faketime")
def test_shortly_before_its_time_nothing_of_the_schedule_is_public(
    corpus_project: Project, corpus: Corpus, timeline: Timeline, server: FakeMastodon
) -> None:
    done = corpus_project.announce("tick", at=instant_of(corpus, plus=-30 * SECOND))
    assert done.returncode == 0, done.stdout + done.stderr
    assert timeline() == []
    assert slugs(corpus_project, "atom.xml") == due_by_the_schedule(corpus) - {corpus.schedule}
    public = b"".join(path.read_bytes() for path in (corpus_project.root / "public").rglob("*") if path.is_file())
    assert corpus.schedule.encode() not in public
    posts = [seen for seen in httpx.get(f"{server.url}/sandbox/requests", timeout=5).json() if seen["method"] == "POST"]
    assert posts == []


def test_the_feeds_of_2025_hold_all_posts(corpus_project: Project, corpus: Corpus) -> None:
    done = corpus_project.announce("build", "--now", "2025-01-01", "--out", "out")
    assert done.returncode == 0, done.stdout + done.stderr
    expected = set(corpus.instants)
    assert len(expected) == 21
    for name in ("rss.xml", "atom.xml"):
        feed = feedparser.parse((corpus_project.root / "out/news" / name).read_bytes())
        assert not feed.bozo
        assert {entry.link.rstrip("/").rpartition("/")[2] for entry in feed.entries} == expected
        entry = next(entry for entry in feed.entries if entry.link == link_of(corpus))
        check_schedule(entry, corpus)


def check_schedule(entry: Any, corpus: Corpus) -> None:
    assert entry.id == link_of(corpus)
    assert calendar.timegm(entry.published_parsed) == corpus.instants[corpus.schedule].timestamp()
    _, front, body = corpus.text(corpus.schedule).split("---\n", 2)
    assert f"author: {entry.author}\n" in front
    assert entry.summary[:15] == body.strip()[:15]
    assert "<" not in entry.summary
    (enclosure,) = entry.enclosures
    assert enclosure.href == f"https://2024.djangocon.us/{corpus.schedule_cover}"
    assert enclosure.type == "image/jpeg"
    assert int(enclosure.length) == (corpus.root / corpus.schedule_cover).stat().st_size


def test_check_finds_the_two_offsets_that_are_wrong(corpus_project: Project, corpus: Corpus) -> None:
    done = corpus_project.announce("check")
    wrong = [line for line in done.stdout.splitlines() if "datetime-offset" in line]
    assert len(wrong) == 2
    (spring, _), (winter, written) = corpus.wrong_offsets.items()
    assert any(spring in line and "-07:00" in line for line in wrong)
    assert any(winter in line and f"-05:00 on {written[:10]}" in line for line in wrong)
