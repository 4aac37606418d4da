"""Seasons of posts, in two zones, on a clock that is set: each is released and tooted once at its instant."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias
from zoneinfo import ZoneInfo

import pytest

from tests.support.corpus import Corpus
from tests.support.manual_clock_bot import PretendedSite

#: The posts' texts and their instants, by slug.
_Season: TypeAlias = tuple[dict[str, str], dict[str, datetime]]
MakeSeason: TypeAlias = Callable[[Corpus], _Season]
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
SYDNEY = ZoneInfo("Australia/Sydney")
_WHEN = re.compile(r"^(published_datetime:\s*)(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\S*$", re.MULTILINE)

#: What the second season moves onto the edges of Sydney's clock, which goes back from 3:00 to 2:00 on 5 April and on
#: from 2:00 to 3:00 on 4 October.
EDGES = [
    ("2026-04-05 01:59:59", "2026-04-04 14:59:59"),
    ("2026-04-05 02:30:00", "2026-04-04 15:30:00"),  # of two the first
    ("2026-04-05 02:30:00+10:00", "2026-04-04 16:30:00"),
    ("2026-04-05 03:00:00", "2026-04-04 17:00:00"),
    ("2026-10-04 01:59:59", "2026-10-03 15:59:59"),
    ("2026-10-04 03:00:00", "2026-10-03 16:00:00"),
]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def first_season(corpus: Corpus) -> _Season:
    """In New York. Two posts have an offset that is not the zone's, which counts all the same."""
    return {slug: corpus.text(slug) for slug in corpus.instants}, corpus.instants


def second_season(corpus: Corpus) -> _Season:
    """The same posts two years later in Sydney: as it says on the clock there, but for those on its edges."""
    texts, instants = {}, {}
    edges = dict(zip(corpus.edges, EDGES, strict=True))
    for slug, text in first_season(corpus)[0].items():
        found = _WHEN.search(text)
        assert found is not None
        local = datetime.fromisoformat(found[2].replace("2024", "2026", 1))
        written, instant = edges.get(slug, (str(local), ""))
        texts[slug] = _WHEN.sub(rf"\g<1>{written}", text)
        instants[slug] = utc(instant) if instant else local.replace(tzinfo=SYDNEY).astimezone(UTC)
    return texts, instants


@pytest.mark.parametrize(
    ("season", "zone"), [(first_season, "America/New_York"), (second_season, "Australia/Sydney")], ids=["2024", "2026"]
)
def test_each_post_comes_out_once_at_its_instant(tmp_path: Path, corpus: Corpus, season: MakeSeason, zone: str) -> None:
    texts, instants = season(corpus)
    expected = sorted(instants.items(), key=lambda pair: pair[1])
    assert len(expected) == len(texts) == 21
    stage = PretendedSite(tmp_path, texts, zone=zone, begin=expected[0][1] - 30 * DAY)
    result = stage.tick(stage.clock.now())
    for slug, instant in expected:
        assert result.plan.next_release == instant
        # A sweep on the way, and one at the last second: nothing comes early.
        for early in (stage.clock.now() + (instant - stage.clock.now()) / 2, instant - SECOND):
            assert stage.tick(early).plan.released == ()
        assert f"/news/{slug}/" not in stage.feed()
        result = stage.tick(instant)
        assert [post.slug for post in result.plan.released] == [slug]
        assert f"/news/{slug}/" in stage.feed()
    result = stage.tick(stage.clock.now() + 30 * DAY)
    assert result.plan.next_release is None
    assert stage.released() == expected
    assert stage.tooted() == expected
