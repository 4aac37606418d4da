from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.compose.hashtags import (
    find_hashtags,
    find_invalid_hashtags,
    find_missing_hashtags,
    fold_hashtag,
    make_hashtags,
)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("python", "#python"),
        ("#python", "#python"),
        ("＃python", "#python"),
        ("  # python ", "#python"),
        ("Django Con", "#DjangoCon"),
        ("call for proposals", "#CallForProposals"),
        ("PyCon US 2024", "#PyConUS2024"),
        ("django-con", "#DjangoCon"),
        ("Women's Day", "#WomensDay"),
        ("2024_01", "#2024_01"),
        ("1a", "#1a"),
        ("日本語", "#日本語"),
        ("col·lecció", "#col·lecció"),
        ("हिन्दी", "#हिन्दी"),
    ],
)
def test_a_tag_becomes_a_readable_hashtag(written: str, shown: str) -> None:
    assert make_hashtags([written]) == (shown,)
    assert find_hashtags(shown) == (shown,)
    assert find_invalid_hashtags([written]) == ()


@pytest.mark.parametrize(
    "written", ["", "#", "  ", "123", "2 024", "C++", "C#", "a.b", "Rock & Roll", "🎉", "·a", "a·", "1_"]
)
def test_an_impossible_tag_is_left_out_and_named(written: str) -> None:
    assert make_hashtags([written, "fine"]) == ("#fine",)
    assert find_invalid_hashtags([written, "fine"]) == (written,)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (["Python", "#python", "PYTHON"], ("#Python",)),
        (["b", "a", "B"], ("#b", "#a")),
        (["café", "cafe"], ("#café",)),
        (["cafe\u0301", "café"], ("#cafe\u0301",)),
        (["ｐｙ", "py"], ("#ｐｙ",)),
        (["Django Con", "djangocon"], ("#DjangoCon",)),
        (["कि", "की"], ("#कि", "#की")),
        (["क्ष", "कष"], ("#क्ष", "#कष")),
        (["が", "か"], ("#が", "#か")),
    ],
)
def test_no_hashtag_comes_twice(written: list[str], shown: tuple[str, ...]) -> None:
    assert make_hashtags(written) == shown


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("#one and #two", ("#one", "#two")),
        ("#one\n＃two", ("#one", "#two")),
        ("(#one) a#two /#three", ()),
        ("#123 #C++ #a-b", ("#C", "#a")),
        ("https://example.org/#one", ()),
        ("no tag", ()),
    ],
)
def test_hashtags_are_those_of_the_server(text: str, found: tuple[str, ...]) -> None:
    assert find_hashtags(text) == found


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("", ("#DjangoCon", "#Python")),
        ("About #python today", ("#DjangoCon",)),
        ("About #pythons today", ("#DjangoCon", "#Python")),
        ("#DJANGOCON #Python", ()),
    ],
)
def test_a_hashtag_in_the_text_is_not_missing(text: str, missing: tuple[str, ...]) -> None:
    assert find_missing_hashtags(("#DjangoCon", "#Python"), text) == missing


@settings(deadline=None)
@given(st.lists(st.text(max_size=12), max_size=6))
def test_every_hashtag_made_is_found_by_the_server_once(written: list[str]) -> None:
    made = make_hashtags(written)
    assert find_hashtags(" ".join(made)) == made
    assert len({fold_hashtag(hashtag) for hashtag in made}) == len(made)
