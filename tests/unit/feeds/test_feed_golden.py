"""The feeds of an invented season, byte for byte, and on every kind of machine.

After a change that is meant, write them anew in the project's folder with
`python -c "from runpy import run_path; run_path('tests/unit/feeds/test_feed_golden.py')['write_golden']()"`
and read the difference.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from bot.config import Feeds, Site
from bot.domain import Entry
from bot.feeds.build import FeedFiles, render_feeds

PROJECT = Path(__file__).resolve().parents[3]
GOLDEN = PROJECT / "tests" / "golden" / "feeds"
FILES = ("rss.xml", "atom.xml", "feed.json", "feeds.html")
DIVIDED = Feeds(
    entries=2,
    archive=2,
    categories=True,
    tags=True,
    hubs=("https://hub.example/push/", "https://other.example"),
    rights="© 2025 Heronbridge Conf, CC BY 4.0",
)
DIVIDED_FILES = (
    *FILES,
    *(f"archive/{number}/{name}" for number in (1, 2) for name in FILES[:3]),
    *(f"category/keynotes/{name}" for name in FILES[:3]),
    "tag/about-us/atom.xml",
)
SITE = Site(
    title="Heronbridge Conf",
    url="https://heronbridge.example",
    description="News from the conference on the river.",
    timezone="Europe/Helsinki",
)

PROGRAM = """
import sys
from runpy import run_path
module = run_path(sys.argv[1])
for feeds in (module["season_feeds"](), module["divided_feeds"]()):
    sys.stdout.buffer.write(b"".join(feeds.values()))
"""


def season_feeds() -> dict[str, bytes]:
    season = TypeAdapter(list[Entry]).validate_json((GOLDEN / "season.json").read_bytes())
    return content_of(render_feeds(season, site=SITE, feeds=Feeds()))


def divided_feeds() -> dict[str, bytes]:
    """With an archive, topics, hubs and rights: one file of each kind."""
    season = TypeAdapter(list[Entry]).validate_json((GOLDEN / "season.json").read_bytes())
    made = content_of(render_feeds(season, site=SITE, feeds=DIVIDED))
    return {name: made[f"news/{name}"] for name in DIVIDED_FILES}


def empty_feeds() -> dict[str, bytes]:
    return content_of(render_feeds([], site=SITE, feeds=Feeds()))


def content_of(feeds: FeedFiles) -> dict[str, bytes]:
    return {name: bytes(content) for name, content in feeds.files.items()}


def write_golden() -> None:
    for folder, files in (
        (GOLDEN, season_feeds()),
        (GOLDEN / "empty", empty_feeds()),
        (GOLDEN / "divided", divided_feeds()),
    ):
        for name, content in files.items():
            path = folder / name.removeprefix("news/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


@pytest.mark.parametrize("name", FILES)
def test_the_season_is_the_golden_file(name: str) -> None:
    assert season_feeds()[f"news/{name}"].decode() == (GOLDEN / name).read_bytes().decode()


@pytest.mark.parametrize("name", FILES)
def test_a_feed_without_entries_is_the_golden_file(name: str) -> None:
    assert empty_feeds()[f"news/{name}"].decode() == (GOLDEN / "empty" / name).read_bytes().decode()


@pytest.mark.parametrize("name", DIVIDED_FILES)
def test_the_divided_season_is_the_golden_file(name: str) -> None:
    assert divided_feeds()[name].decode() == (GOLDEN / "divided" / name).read_bytes().decode()


@pytest.mark.parametrize(
    ("zone", "seed", "locale"),
    [("UTC", "0", "C"), ("America/New_York", "1", "C.UTF-8"), ("Pacific/Chatham", "4242", "tr_TR.UTF-8")],
)
def test_another_process_on_another_machine_writes_the_same_bytes(zone: str, seed: str, locale: str) -> None:
    surroundings = {**os.environ, "TZ": zone, "PYTHONHASHSEED": seed, "LC_ALL": locale, "PYTHONPATH": str(PROJECT)}
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, __file__],
        env=surroundings,
        stdout=subprocess.PIPE,
        check=True,
        timeout=60,
        cwd=GOLDEN,
    )
    paths = [GOLDEN / name for name in FILES] + [GOLDEN / "divided" / name for name in DIVIDED_FILES]
    assert run.stdout == b"".join(path.read_bytes() for path in paths)
