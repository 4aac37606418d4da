"""A post that is not released yet is known in a redacted log by an opaque id, in whatever way it is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.domain import Event, EventKind, Post, Reason, ReasonCode
from bot.domain.errors import PostError
from bot.domain.wording import event_detail
from bot.planner.alerts import opaque
from bot.runtime.embargo import Embargo

NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
HIDDEN = opaque("keynote")


@pytest.fixture
def embargo(make_post: Callable[..., Post]) -> Embargo:
    coming = make_post(slug="keynote", title="Ada Lovelace speaks", path=Path("posts/a-file.md"))
    known = make_post(slug="tickets", title="Tickets are on sale", path=Path("posts/tickets.md"))
    broken = PostError(Path("posts/venue.md"), "has no end")
    embargo = Embargo()
    embargo.learn([coming, known], faults=[broken], released={known.post_id})
    return embargo


def event(kind: EventKind, *, slug: str = "", detail: str = "") -> Event:
    return Event(at=NOW, kind=kind, slug=slug, account="conf@example.social", detail=detail)


@pytest.mark.parametrize(
    "text",
    [
        "keynote: waits for its page",
        "problem  posts/a-file.md: has no alt text",
        "the toot for Ada Lovelace speaks is too long",
        "https://conf.example/news/keynote/ answered 404.",
    ],
)
def test_no_name_of_an_unreleased_post_is_told(embargo: Embargo, text: str) -> None:
    assert embargo.redacted(text) == f"about an upcoming post ({HIDDEN})"


def test_a_file_that_cannot_be_read_may_be_one_to_come(embargo: Embargo) -> None:
    assert "venue" not in embargo.redacted("posts/venue.md: has no end")


def test_a_fault_of_a_released_post_is_named(make_post: Callable[..., Post]) -> None:
    known, embargo = make_post(slug="tickets", path=Path("posts/tickets.md")), Embargo()
    embargo.learn([known], faults=[PostError(known.path, "has a broken reminder")], released={known.post_id})
    text = "problem  posts/tickets.md: has a broken reminder"
    assert embargo.redacted(text) == text


def test_released_posts_and_other_words_stay(embargo: Embargo) -> None:
    text = "sent  tickets → conf@example.social"
    assert embargo.redacted(text) == text


def test_of_an_unreleased_post_an_event_keeps_what_happened_and_where(embargo: Embargo) -> None:
    shown = embargo.redacted_event(event(EventKind.HELD, slug="keynote", detail="a word of the post itself"))
    assert (shown.kind, shown.slug, shown.account) == (EventKind.HELD, HIDDEN, "conf@example.social")
    assert shown.detail == ""


def test_a_release_is_told_and_all_that_follows(embargo: Embargo) -> None:
    released, sent = event(EventKind.RELEASED, slug="keynote"), event(EventKind.SENT, slug="keynote", detail="a link")
    assert [embargo.redacted_event(one) for one in (released, sent)] == [released, sent]
    assert embargo.redacted("keynote is out") == "keynote is out"


def test_nor_in_the_reason_of_an_event_about_something_else(embargo: Embargo) -> None:
    reason = Reason(code=ReasonCode.PUBLISH_ERROR, text="posts/a-file.md: has no alt text")
    shown = embargo.redacted_event(replace(event(EventKind.WILL_RETRY, slug="tickets"), reason=reason))
    assert event_detail(shown) == f"about an upcoming post ({HIDDEN})"
    open_reason = Reason(code=ReasonCode.PUBLISH_ERROR, text="no answer.")
    kept = replace(event(EventKind.WILL_RETRY, slug="tickets"), reason=open_reason)
    assert embargo.redacted_event(kept) == kept
