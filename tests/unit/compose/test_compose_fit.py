from __future__ import annotations

from collections.abc import Mapping

import pytest

from bot.compose.wording import Step, fit

STEPS = (Step(name="body", least=6, may_go=True), Step(name="head", least=4, may_go=False))


def joined(words: Mapping[str, str]) -> str:
    return "\n".join(filter(None, (words["head"], words["body"])))


def fitted(room: int, *, head: str = "A heading", body: str = "many words of a body") -> Mapping[str, str] | None:
    return fit({"head": head, "body": body}, STEPS, joined, lambda text: len(text) <= room)


@pytest.mark.parametrize(
    ("room", "head", "body"),
    [
        pytest.param(30, "A heading", "many words of a body", id="all fits"),
        pytest.param(24, "A heading", "many words of…", id="the first step is shortened"),
        pytest.param(14, "A heading", "", id="too little would be left of it"),
        pytest.param(9, "A heading", "", id="dropped"),
    ],
)
def test_what_matters_least_is_shortened_first(room: int, head: str, body: str) -> None:
    assert fitted(room) == {"head": head, "body": body}


def test_the_next_step_is_shortened_when_dropping_was_not_enough() -> None:
    assert fitted(9, head="A longer heading") == {"head": "A longer…", "body": ""}


def test_nothing_fits() -> None:
    assert fitted(3) is None


def test_words_that_the_text_does_not_use_are_left_alone() -> None:
    words = {"head": "A longer heading", "body": "unused words"}
    result = fit(words, STEPS, lambda some: some["head"], lambda text: len(text) <= 9)
    assert result == {"head": "A longer…", "body": "unused words"}
