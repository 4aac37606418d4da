"""The W3C's own feed validator (github.com/w3c/feedvalidator), where somebody has put it: no error and no warning.

It is on no package index, so nothing installs it by itself. `FEEDVALIDATOR` names the folder of a clone; without it, it
is looked for among the installed modules. It wants lxml, html5lib and rdflib.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from runpy import run_path

import pytest

from bot.config import Feeds
from bot.feeds.build import render_feeds
from tests.support.corpus import BY_NAME, Corpus

HERE = Path(__file__).parent
CLONE = os.environ.get("FEEDVALIDATOR", "")
TYPES = {"rss.xml": "application/rss+xml", "atom.xml": "application/atom+xml"}
#: Two posts that are released at one instant have one `updated`; the validator thinks that odd.
MAY_BE = {"DuplicateUpdated"}

pytestmark = pytest.mark.skipif(
    not CLONE and find_spec("feedvalidator") is None,
    reason="the W3C's feedvalidator is not here (set FEEDVALIDATOR to the folder of a clone of it)",
)

# In a process of its own: it changes the modules around it.
ASK = """
import json, sys
import feedvalidator
from feedvalidator import compatibility
for line in sys.stdin:
    path, url, kind = json.loads(line)
    with open(path, "rb") as file:
        events = feedvalidator.validateStream(file, firstOccurrenceOnly=1, contentType=kind, base=url)["loggedEvents"]
    print(json.dumps([[type(event).__name__, str(event.params)] for event in compatibility.AA(events)]))
"""


def findings(files: dict[str, bytes], folder: Path, site: str) -> dict[str, list[list[str]]]:
    """File → what the validator finds."""
    asked = {}
    for number, (name, content) in enumerate(files.items()):
        path = folder / f"{number}.xml"
        path.write_bytes(content)
        kind = f"{TYPES[name.rpartition('/')[2]]}; charset=utf-8"
        asked[name] = json.dumps([str(path), f"{site}/{name}", kind])
    modules = os.pathsep.join(filter(None, (str(Path(CLONE, "src")) if CLONE else "", *sys.path)))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ASK],
        input="\n".join(asked.values()),
        env={**os.environ, "PYTHONPATH": modules},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(zip(asked, map(json.loads, done.stdout.splitlines()), strict=True))


def only_xml(files: dict[str, bytes]) -> dict[str, bytes]:
    return {name: content for name, content in files.items() if name.endswith(".xml")}


def under_news(files: dict[str, bytes]) -> dict[str, bytes]:
    return {f"news/{name}": content for name, content in files.items()}


def unexpected(files: dict[str, bytes], folder: Path, site: str) -> dict[str, list[list[str]]]:
    found = findings(only_xml(files), folder, site)
    assert found
    return {name: bad for name, events in found.items() if (bad := [one for one in events if one[0] not in MAY_BE])}


def test_it_finds_nothing_in_the_golden_feeds(tmp_path: Path) -> None:
    golden = run_path(str(HERE / "test_feed_golden.py"))
    for files in (golden["season_feeds"](), golden["empty_feeds"](), under_news(golden["divided_feeds"]())):
        assert unexpected(files, tmp_path, golden["SITE"].url) == {}


def test_it_finds_nothing_in_feeds_of_hostile_posts(tmp_path: Path) -> None:
    hostile = run_path(str(HERE / "test_feed_hostile_posts.py"))
    entries = [hostile["entry"](front, "words", slug=f"f{n}") for n, front in enumerate(hostile["FRONT"].values())]
    entries += [hostile["entry"]("title: T", body, slug=f"b{n}") for n, body in enumerate(hostile["BODIES"].values())]
    made = render_feeds(entries, site=hostile["SITE"], feeds=Feeds(entries=99, hubs=("https://hub.example/",)))
    files = {name: bytes(content) for name, content in made.files.items()}
    assert unexpected(files, tmp_path, hostile["SITE"].url) == {}


@pytest.mark.parametrize("corpus", BY_NAME)
def test_it_finds_nothing_in_feeds_of_a_season(tmp_path: Path, corpus: Corpus) -> None:
    season = run_path(str(HERE / "test_feed_corpus.py"))["Season"](corpus)
    files = {name: bytes(content) for name, content in season.rendered.files.items()}
    assert unexpected(files, tmp_path, season.config.site.url) == {}
