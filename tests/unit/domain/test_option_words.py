"""What a toot is besides its words: an option that no display knows is shown by its name."""

from __future__ import annotations

import pytest

from bot.domain import Announcement, QuotePolicy, wording
from bot.domain.wording import option_words


def test_an_option_that_no_display_words_is_shown_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    toot = Announcement(text="a", link=None, length=1, limit=500, sensitive=True, quote_policy=QuotePolicy.NOBODY)
    assert option_words(toot) == []
    monkeypatch.setattr(wording, "_WORDED_BY_DISPLAYS", frozenset({"visibility", "sensitive"}))
    assert option_words(toot) == ["quote policy: nobody"]
