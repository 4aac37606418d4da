"""Ids in four spellings."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.ids import IdStyle

NOON = int(datetime(2026, 11, 4, 12, tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("style", "length", "written"),
    [
        (IdStyle.SNOWFLAKE, 18, str(NOON << 16)),
        (IdStyle.PIXELFED, 19, str((NOON - 1_549_756_800_000) << 22)),
        (IdStyle.ULID, 26, None),
        (IdStyle.FLAKE, 18, None),
    ],
)
def test_an_id_looks_as_on_its_server(style: IdStyle, length: int, written: str | None) -> None:
    found = style.encode(style.number_at(NOON))
    assert len(found) == length
    assert written in (None, found)


def test_a_ulid_tells_its_time_in_its_first_ten_signs() -> None:
    """The example of github.com/ulid/spec: 01ARZ3NDEK is 1469922850259 ms."""
    assert IdStyle.ULID.encode(IdStyle.ULID.number_at(1469922850259)).startswith("01ARZ3NDEK")


@pytest.mark.parametrize("style", IdStyle)
@given(first=st.integers(NOON, NOON * 2), second=st.integers(NOON, NOON * 2), step=st.integers(0, 99))
def test_later_is_greater_as_a_text_too(style: IdStyle, first: int, second: int, step: int) -> None:
    numbers = sorted((style.number_at(first), style.number_at(second) + step))
    earlier, later = map(style.encode, numbers)
    assert [style.decode(earlier), style.decode(later)] == numbers
    assert len(earlier) < len(later) or earlier <= later


@pytest.mark.parametrize(
    ("style", "text", "number"),
    [
        (IdStyle.SNOWFLAKE, " 12x", 12),
        (IdStyle.SNOWFLAKE, "x", 0),
        (IdStyle.ULID, "0", 0),
        (IdStyle.ULID, "not an id!", 0),
        (IdStyle.FLAKE, "10", 62),
        (IdStyle.FLAKE, "-", 0),
    ],
)
def test_what_is_no_id_counts_as_nothing(style: IdStyle, text: str, number: int) -> None:
    assert style.decode(text) == number
