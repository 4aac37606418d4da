"""Left-over template tags are found, shown and dropped."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.template_tags import StandIns, find_tags, without_tags


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("none", []),
        ("a {{ b }} c", ["{{ b }}"]),
        ("{{b}}{% c %}", ["{{b}}", "{% c %}"]),
        ("{{{ raw }}} x", ["{{{ raw }}}"]),
        ("{{ {'a': 1}['a'] }}", ["{{ {'a': 1}['a'] }}"]),
        ("{{ a\nb }}", ["{{ a\nb }}"]),
        ("{{ a\n\nb }}", []),
        ("{{ open", []),
        ("{{ open {% if %}", ["{% if %}"]),
        ("closed }} {{ a }}", ["{{ a }}"]),
        ("{{" + "x" * 501 + "}}", []),
        ("{% a }} b %}", ["{% a }} b %}"]),
    ],
)
def test_tags_are_found(text: str, tags: list[str]) -> None:
    assert [tag.text for tag in find_tags(text)] == tags
    assert [text[tag.start : tag.end] for tag in find_tags(text)] == tags


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("see {{ x }} now", "see now"),
        ("see {{ x }}, then", "see, then"),
        ("see {{ x }}", "see "),
        ("{{ x }} now", " now"),
        ("a{{ x }}b", "ab"),
        ("see {{ x }} {% y %} now", "see now"),
        ("no tag  here", "no tag  here"),
    ],
)
def test_a_tag_goes_with_the_space_that_it_leaves(text: str, left: str) -> None:
    assert without_tags(text) == left
    stand_ins = StandIns(text)
    assert stand_ins.dropped(stand_ins.text) == left


@given(st.text(alphabet="{}% ax\n"))
def test_stand_ins_hold_no_tag_and_give_the_text_back(text: str) -> None:
    stand_ins = StandIns(text)
    assert stand_ins.shown(stand_ins.text) == text
    assert stand_ins.numbers(stand_ins.text) == set(range(len(stand_ins.tags)))
    assert find_tags(stand_ins.dropped(text)) == find_tags(text)


def test_many_braces_take_no_ages() -> None:
    assert find_tags("{" * 200_000) == ()
