"""Occasions: one text for each, in the ledger and in JSON output, and back."""

from __future__ import annotations

import pytest

from bot.domain import Occasion

TEXTS = {
    "publish": Occasion.PUBLISH,
    "publish/2": Occasion.PUBLISH.of_part(2),
    "edit:3": Occasion.edit(3),
    "edit:1/2": Occasion.edit(1).of_part(2),
    "withdraw": Occasion.WITHDRAW,
    "withdraw/12": Occasion.WITHDRAW.of_part(12),
    "reminder:last-call": Occasion.reminder("last-call"),
    "reminder:last-call/edit:1": Occasion.edit(1).of_reminder("last-call"),
    "reminder:last-call/withdraw": Occasion.WITHDRAW.of_reminder("last-call"),
    "reminder:2": Occasion.reminder("2"),
    "reminder:publish": Occasion.reminder("publish"),
}


@pytest.mark.parametrize(("text", "occasion"), TEXTS.items())
def test_text_and_record_are_one_another(text: str, occasion: Occasion) -> None:
    assert (str(occasion), Occasion.parse(text)) == (text, occasion)


@pytest.mark.parametrize(
    "text", ["", "reminder:", "reminder", "edit", "edit:", "edit:x", "publish/1", "publish/x", "boost", "edit:01"]
)
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"occasion|not a valid|invalid literal"):
        Occasion.parse(text)


@pytest.mark.parametrize(
    ("occasion", "about"),
    [
        (Occasion.PUBLISH, Occasion.PUBLISH),
        (Occasion.edit(4), Occasion.PUBLISH),
        (Occasion.edit(4).of_part(3), Occasion.PUBLISH.of_part(3)),
        (Occasion.WITHDRAW.of_reminder("call"), Occasion.reminder("call")),
    ],
)
def test_each_is_about_the_toot_that_was_posted(occasion: Occasion, about: Occasion) -> None:
    assert occasion.about == about
