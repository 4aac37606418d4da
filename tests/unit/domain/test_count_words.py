"""Numbers with their nouns."""

from __future__ import annotations

import pytest

from bot.domain.wording import count_words


@pytest.mark.parametrize(("number", "words"), [(0, "0 posts"), (1, "1 post"), (2, "2 posts")])
def test_only_one_is_singular(number: int, words: str) -> None:
    assert count_words(number, "post") == words
