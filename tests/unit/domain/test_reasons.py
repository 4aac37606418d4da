"""Reasons: written as one line of JSON and read back; a ledger of before has sentences."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain import Reason, ReasonCode
from bot.domain.wording import reason_words
from bot.ledger.codec import reason_from_text, reason_to_text

AT = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
WHOLE = Reason(
    code=ReasonCode.GAVE_UP,
    who="ada",
    text='"ü" {braces}',
    slug="tickets",
    names=("a", "b"),
    at=AT,
    lasted=timedelta(days=1, hours=2),
    limit=timedelta(seconds=90),
    count=3,
    total=4,
    cause=Reason(code=ReasonCode.PUBLISH_ERROR, text="no answer."),
)


@pytest.mark.parametrize("reason", [WHOLE, *(Reason(code=code) for code in ReasonCode), None])
def test_what_is_written_is_read_back(reason: Reason | None) -> None:
    text = reason_to_text(reason)
    assert reason_from_text(text) == reason
    assert "\n" not in text


@pytest.mark.parametrize(
    ("sentence", "code"),
    [
        ("a picture could not be uploaded: too large.", ReasonCode.PICTURE_FAILED),
        ("not served: the server cannot be reached.", ReasonCode.ACCOUNT_UNREACHABLE),
        ("held by ada", ReasonCode.TEXT),
        ("the server answered 422: too long.", ReasonCode.TEXT),
    ],
)
def test_a_sentence_of_an_older_ledger_is_recognised_where_it_matters(sentence: str, code: ReasonCode) -> None:
    reason = reason_from_text(sentence)
    assert reason is not None
    assert (reason.code, reason_words(reason)) == (code, sentence)


SAMPLES = (
    (Reason(code=ReasonCode.HELD_BY, who="ada"), "held by ada"),
    (
        Reason(code=ReasonCode.TOO_LATE, lasted=timedelta(hours=80), limit=timedelta(days=3)),
        "3 days 8 h late; `catch_up` is 3 days",
    ),
    (Reason(code=ReasonCode.EXPIRED, at=AT), "expired on 2026-03-10 14:00 UTC (`expires:`)"),
    (Reason(code=ReasonCode.GAVE_UP, lasted=timedelta(hours=25)), "tried for 1 day 1 h: it never arrived"),
    (
        Reason(code=ReasonCode.TOOT_NOT_SENT, cause=Reason(code=ReasonCode.SKIPPED_BY, who="ben")),
        "its toot was not sent: skipped by ben",
    ),
    (Reason(code=ReasonCode.WAITS_FOR_PAGE, at=AT, text="404."), "waits for its page, until 14:00 UTC: 404."),
    (Reason(code=ReasonCode.WAITS_FOR_PAGE), "waits for its page, asked for once more"),
    (
        Reason(code=ReasonCode.RELEASED_AFTER, lasted=timedelta(seconds=70), limit=timedelta(seconds=60)),
        "1 min 10 s after its time, 1 min of it for its page",
    ),
)


@pytest.mark.parametrize(("reason", "words"), SAMPLES)
def test_words_are_made_of_the_parameters(reason: Reason, words: str) -> None:
    assert reason_words(reason) == words
