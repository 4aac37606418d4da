"""Two seasons of real posts on a pretended clock: each is released and tooted once, at its very instant, in order."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias
from zoneinfo import ZoneInfo

import pytest

from tests.support.manual_clock_bot import PretendedSite
from tests.support.project import CORPUS

#: The posts' texts and their instants, by slug.
_Season: TypeAlias = tuple[dict[str, str], dict[str, datetime]]
MakeSeason: TypeAlias = Callable[[], _Season]
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
SYDNEY = ZoneInfo("Australia/Sydney")
_WHEN = re.compile(r"^(published_datetime:\s*)(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\S*$", re.MULTILINE)

#: The first season, in New York: UTC-5 until 10 March and from 3 November, UTC-4 between. Two posts have an offset that
#: is not the zone's, which counts all the same.
NEW_YORK_2024 = """
2024-01-17 10:00  announcing-djangocon-us-2024
2024-03-09 11:00  announcing-call-for-proposals
2024-04-04 16:00  benefits-of-speaking-djangocon
2024-04-05 19:00  call-for-2024-volunteers
2024-04-08 10:00  call-for-community-reviewers
2024-04-18 10:00  cfp-last-call
2024-05-16 10:00  our-new-djangocon-website
2024-07-09 10:00  announcing-lineup
2024-07-16 10:00  announcing-schedule-dcus
2024-07-24 10:00  introducing-keynote-sheena-oconnell
2024-07-30 16:00  getting-to-know-folks
2024-08-01 10:00  introducing-keynote-mario-munoz
2024-08-06 10:00  volunteer-opportunities
2024-08-13 10:00  participate-in-djangocon-us-hackathon
2024-08-19 16:00  get-active-at-djangocon-us
2024-09-06 10:00  introducing-discussion-panel
2024-09-10 16:00  contribution-sprints
2024-09-13 10:00  black-python-devs
2024-09-15 16:00  first-time-things-to-bring
2024-10-07 10:00  conference-wrap-up
2024-12-06 10:00  hackathon-recap
"""
#: What the second season moves onto the edges of Sydney's clock, which goes back from 3:00 to 2:00 on 5 April and on
#: from 2:00 to 3:00 on 4 October.
EDGES = {
    "cfp-last-call": ("2026-04-05 01:59:59", "2026-04-04 14:59:59"),
    "call-for-community-reviewers": ("2026-04-05 02:30:00", "2026-04-04 15:30:00"),  # of two the first
    "call-for-2024-volunteers": ("2026-04-05 02:30:00+10:00", "2026-04-04 16:30:00"),
    "announcing-lineup": ("2026-04-05 03:00:00", "2026-04-04 17:00:00"),
    "black-python-devs": ("2026-10-04 01:59:59", "2026-10-03 15:59:59"),
    "conference-wrap-up": ("2026-10-04 03:00:00", "2026-10-03 16:00:00"),
}


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def first_season() -> _Season:
    texts = {path.stem: path.read_text(encoding="utf-8") for path in sorted((CORPUS / "posts").glob("*.md"))}
    rows = [line.split("  ") for line in NEW_YORK_2024.strip().splitlines()]
    return texts, {slug: utc(when) for when, slug in rows}


def second_season() -> _Season:
    """The same posts two years later in Sydney: as it says on the clock there, but for those on its edges."""
    texts, instants = {}, {}
    for slug, text in first_season()[0].items():
        found = _WHEN.search(text)
        assert found is not None
        local = datetime.fromisoformat(found[2].replace("2024", "2026", 1))
        written, instant = EDGES.get(slug, (str(local), ""))
        texts[slug] = _WHEN.sub(rf"\g<1>{written}", text)
        instants[slug] = utc(instant) if instant else local.replace(tzinfo=SYDNEY).astimezone(UTC)
    return texts, instants


@pytest.mark.parametrize(
    ("season", "zone"), [(first_season, "America/New_York"), (second_season, "Australia/Sydney")], ids=["2024", "2026"]
)
def test_each_post_comes_out_once_at_its_instant(tmp_path: Path, season: MakeSeason, zone: str) -> None:
    if not CORPUS.is_dir():
        pytest.skip("the corpus of real posts is not beside this project")
    texts, instants = season()
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
