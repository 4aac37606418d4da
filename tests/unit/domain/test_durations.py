"""Durations as people write and read them."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.durations import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", timedelta(seconds=90)),
        ("2m", timedelta(minutes=2)),
        ("72h", timedelta(hours=72)),
        ("3d", timedelta(days=3)),
        ("1w", timedelta(weeks=1)),
        ("1h 30m", timedelta(minutes=90)),
        ("1h30m", timedelta(minutes=90)),
        ("1.5h", timedelta(minutes=90)),
        (" 2 H ", timedelta(hours=2)),
        ("off", timedelta()),
        ("OFF", timedelta()),
        ("0", timedelta()),
        ("0s", timedelta()),
    ],
)
def test_a_duration_is_read(text: str, expected: timedelta) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize("text", ["", " ", "5", "h", "-2m", "2 months", "2m,", "1h and 5m", "never", "1,5h", "2m off"])
def test_what_is_no_duration_is_refused_by_its_name(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration") as caught:
        parse_duration(text)
    assert f'"{text}"' in str(caught.value)


def test_a_duration_beyond_all_time_is_refused_as_such() -> None:
    with pytest.raises(ValueError, match="too long"):
        parse_duration("99999999999999d")


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (12, "12 s"),
        (59.6, "1 min"),
        (60, "1 min"),
        (61, "1 min 1 s"),
        (3600, "1 h"),
        (3605, "1 h"),
        (5400, "1 h 30 min"),
        (86400, "1 day"),
        (86400 + 60, "1 day"),
        (3 * 86400 + 4 * 3600 + 59, "3 days 4 h"),
        (-12, "12 s"),
    ],
)
def test_the_two_largest_units_are_shown(seconds: float, expected: str) -> None:
    assert format_duration(timedelta(seconds=seconds)) == expected


@given(st.integers(0, 400), st.integers(0, 30), st.integers(0, 99), st.integers(0, 999), st.booleans())
def test_the_parts_of_a_duration_add_up(days: int, hours: int, minutes: int, seconds: int, spaced: bool) -> None:
    text = (" " if spaced else "").join((f"{days}d", f"{hours}h", f"{minutes}m", f"{seconds}s"))
    assert parse_duration(text) == timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


@given(st.text())
def test_any_other_text_is_a_duration_or_a_value_error(text: str) -> None:
    with suppress(ValueError):
        assert parse_duration(text) >= timedelta()
