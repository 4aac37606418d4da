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
from bot.feeds.build import render_feeds
from bot.model import Entry

PROJECT = Path(__file__).resolve().parents[3]
GOLDEN = PROJECT / "tests" / "golden" / "feeds"
FILES = ("rss.xml", "atom.xml", "feed.json")
SITE = Site(
    title="Heronbridge Conf",
    url="https://heronbridge.example",
    description="News from the conference on the river.",
    timezone="Europe/Helsinki",
)

PROGRAM = """
import sys
from runpy import run_path
for content in run_path(sys.argv[1])["season_feeds"]().values():
    sys.stdout.buffer.write(content)
"""


def season_feeds() -> dict[str, bytes]:
    season = TypeAdapter(list[Entry]).validate_json((GOLDEN / "season.json").read_bytes())
    return dict(render_feeds(season, site=SITE, feeds=Feeds()).files)


def empty_feeds() -> dict[str, bytes]:
    return dict(render_feeds([], site=SITE, feeds=Feeds()).files)


def write_golden() -> None:
    for folder, files in ((GOLDEN, season_feeds()), (GOLDEN / "empty", empty_feeds())):
        folder.mkdir(exist_ok=True)
        for name, content in files.items():
            (folder / Path(name).name).write_bytes(content)


@pytest.mark.parametrize("name", FILES)
def test_the_season_is_the_golden_file(name: str) -> None:
    assert season_feeds()[f"news/{name}"].decode() == (GOLDEN / name).read_bytes().decode()


@pytest.mark.parametrize("name", FILES)
def test_a_feed_without_entries_is_the_golden_file(name: str) -> None:
    assert empty_feeds()[f"news/{name}"].decode() == (GOLDEN / "empty" / name).read_bytes().decode()


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
    assert run.stdout == b"".join((GOLDEN / name).read_bytes() for name in FILES)
