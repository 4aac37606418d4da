"""What `check` says of the times that posts are released at: by night, at the weekend, on another's heels."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.check.times import check_times
from bot.config import Check
from bot.domain import MastodonOptions, Post, Severity

MakePost = Callable[..., Post]

NOW = datetime(2026, 3, 1, tzinfo=UTC)  # a Sunday, a week before New York's clocks go forward
NEW_YORK = "America/New_York"
HOUR = timedelta(hours=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def told(*posts: Post, zone: str = NEW_YORK, now: datetime = NOW, **wanted: Any) -> list[tuple[str, str]]:
    found = list(check_times(posts, wanted=Check.model_validate(wanted), zone=ZoneInfo(zone), now=now))
    assert all(finding.severity is Severity.WARNING for finding in found)
    return [(finding.rule, finding.path.stem) for finding in found]


@pytest.mark.parametrize(
    ("published", "zone", "hours", "outside"),
    [
        ("2026-03-06 12:59", NEW_YORK, "08:00-21:00", True),  # 07:59 EST
        ("2026-03-06 13:00", NEW_YORK, "08:00-21:00", False),
        ("2026-03-09 12:00", NEW_YORK, "08:00-21:00", False),  # 08:00 EDT
        ("2026-03-10 00:59", NEW_YORK, "08:00-21:00", False),
        ("2026-03-10 01:00", NEW_YORK, "08:00-21:00", True),
        ("2026-03-10 01:00", "Asia/Tokyo", "08:00-21:00", False),
        ("2026-03-10 05:00", NEW_YORK, "20:00-02:00", False),  # over midnight
        ("2026-03-10 06:00", NEW_YORK, "20:00-02:00", True),
    ],
)
def test_an_hour_outside_the_daytime_of_the_site_is_named(
    make_post: MakePost, published: str, zone: str, hours: str, outside: bool
) -> None:
    post = make_post(published=at(published))
    assert told(post, zone=zone, daytime=hours) == ([("quiet-hours", "tickets")] if outside else [])


@pytest.mark.parametrize(
    ("published", "weekend"),
    [("2026-03-07 04:59", False), ("2026-03-07 05:00", True), ("2026-03-09 03:59", True), ("2026-03-09 04:00", False)],
)
def test_the_weekend_is_that_of_the_site(make_post: MakePost, published: str, weekend: bool) -> None:
    post = make_post(published=at(published))
    assert told(post, weekdays_only=True) == ([("weekend", "tickets")] if weekend else [])


@pytest.mark.parametrize(("minutes", "clash"), [(0, True), (9, True), (10, False)])
def test_two_posts_within_the_gap_clash(make_post: MakePost, minutes: int, clash: bool) -> None:
    first = make_post("first", published=NOW + HOUR)
    second = make_post("second", published=NOW + HOUR + timedelta(minutes=minutes))
    assert told(second, first, min_gap="10m") == ([("clash", "second")] if clash else [])


def test_a_clash_names_both_posts_with_their_lines(make_post: MakePost) -> None:
    lines = {"published_datetime": 4}
    first = make_post("first", published=NOW + HOUR, lines={"published_datetime": 3})
    second = make_post("second", published=NOW + HOUR + timedelta(minutes=5), lines=lines)
    (finding,) = check_times([first, second], wanted=Check(min_gap=HOUR), zone=ZoneInfo("UTC"), now=NOW)
    assert (finding.path, finding.line, finding.field) == (Path("posts/second.md"), 4, "published_datetime")
    assert str(finding).startswith(
        "posts/second.md:4: published_datetime: second is released 5 min after first (posts/first.md:3). Leave 1 h"
    )


def test_what_is_out_already_is_only_named_as_the_other_of_a_clash(make_post: MakePost) -> None:
    out = make_post("out", published=NOW - timedelta(minutes=1))
    coming = make_post("coming", published=NOW + timedelta(minutes=1))
    night: dict[str, Any] = {"daytime": "08:00-21:00", "weekdays_only": True}
    assert told(out, **night) == []
    assert told(out, make_post("out-too", published=out.published), min_gap="10m") == []
    assert told(out, coming, min_gap="10m") == [("clash", "coming")]


@pytest.mark.parametrize("changes", [{"published": None}, {"hidden": True}, {"mastodon": MastodonOptions(skip=True)}])
def test_what_is_not_announced_disturbs_nobody(make_post: MakePost, changes: dict[str, Any]) -> None:
    quiet = make_post("quiet", **{"published": NOW + HOUR, **changes})
    loud = make_post("loud", published=NOW + HOUR)
    strict: dict[str, Any] = {"daytime": "08:00-21:00", "weekdays_only": True, "min_gap": "10m"}
    assert told(quiet, **strict) == []
    assert told(quiet, loud, min_gap="10m") == []


def test_without_settings_nothing_is_said(make_post: MakePost) -> None:
    close = timedelta(minutes=1)
    assert told(*(make_post(slug, published=NOW + place * close) for place, slug in enumerate("abc", 1))) == []


def test_two_posts_of_one_moment_clash_even_without_settings(make_post: MakePost) -> None:
    assert told(*(make_post(slug, published=NOW + HOUR) for slug in "ab")) == [("clash", "b")]


def test_who_says_in_which_order_they_go_has_seen_that_they_share_a_moment(make_post: MakePost) -> None:
    posts = make_post("a", published=NOW + HOUR), make_post("b", published=NOW + HOUR, lines={"order": 3})
    assert told(*posts) == []
    assert told(*posts, min_gap="1m") == [("clash", "b")], "the settings ask for more"
