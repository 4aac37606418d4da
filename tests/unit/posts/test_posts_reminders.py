"""`reminders:` and `deadline:`: when, with which words, and what is wrong."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.domain import Post, Reminder, Severity
from bot.domain.errors import PostError
from tests.unit.posts.conftest import Parse

WHEN = "published_datetime: 2026-01-12 09:00\n"  # New York, so 14:00 UTC


def listed(parse: Parse, *items: str, matter: str = "deadline: 2026-03-10 23:59") -> Post:
    lines = "".join(f"  - {{{item}}}\n" for item in items)
    return parse(f"{WHEN}{matter}\nreminders:\n{lines}")


def only(post: Post) -> Reminder:
    (reminder,) = post.reminders
    return reminder


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ("at: 2026-02-01 09:00", "2026-02-01 14:00"),
        ("at: 2026-02-01T09:00:00-05:00", "2026-02-01 14:00"),
        # The clocks change on 8 March: the hour on the clock stays.
        ("before: 3d", "2026-03-08 04:59"),
        ("before: 1d", "2026-03-10 03:59"),
        ("before: 3d before deadline", "2026-03-08 04:59"),
        ("before: 3 days before the deadline", "2026-03-08 04:59"),
        ("at: 1 week before deadline", "2026-03-04 04:59"),
        ("before: 1d 2h", "2026-03-10 01:59"),
        ("before: 90m", "2026-03-11 02:29"),
        ("after: 2d", "2026-01-14 14:00"),
        ("after: 2d after publish", "2026-01-14 14:00"),
        ("at: 1 hour after the publish datetime", "2026-01-12 15:00"),
        ("after: 1d after deadline", "2026-03-12 03:59"),
        ("after: 8w", "2026-03-09 13:00"),
    ],
)
def test_when_a_reminder_goes_out(parse: Parse, said: str, moment: str) -> None:
    post = listed(parse, f"id: last-call, {said}, text: Soon")
    assert (only(post).at, only(post).reminder_id, only(post).text) == (utc(moment), "last-call", "Soon")
    assert post.findings == ()


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-03-10 23:59 AoE", "2026-03-11 11:59"),
        ("2026-03-10 23:59 (AoE)", "2026-03-11 11:59"),
        ("2026-03-10 12:00 anywhere on earth", "2026-03-11 00:00"),
        ("2026-03-10 aoe", "2026-03-11 11:59"),
        ("2026-03-10 23:59", "2026-03-11 03:59"),
        ("2026-03-10 23:59:00Z", "2026-03-10 23:59"),
        ("2026-03-10", "2026-03-11 03:59"),
    ],
)
def test_a_deadline_has_its_zone(parse: Parse, written: str, moment: str) -> None:
    assert parse(f"deadline: {written}").deadline == utc(moment)


def test_days_before_a_deadline_anywhere_on_earth_are_counted_there(parse: Parse) -> None:
    post = listed(parse, "id: a, before: 3d, text: Soon", matter="deadline: 2026-03-10 23:59 AoE")
    assert only(post).at == utc("2026-03-08 11:59"), "no daylight saving there"


def test_the_last_minute_of_a_bare_day_is_meant_with_a_warning(parse: Parse) -> None:
    (finding,) = parse("deadline: 2026-03-10").findings
    assert (finding.rule, finding.field) == ("bare-date", "deadline")
    assert "23:59" in finding.problem


def test_reminders_stand_in_the_order_of_their_moments(parse: Parse) -> None:
    post = listed(parse, "id: b, before: 1d, text: B, reply: true", "id: a, before: 3d, template: last-call")
    assert [(one.reminder_id, one.text, one.template, one.reply) for one in post.reminders] == [
        ("a", None, "last-call", False),
        ("b", "B", None, True),
    ]


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        ("before: 3d, text: A", "has no id"),
        ("id: two words, before: 3d, text: A", "is not one word"),
        ("id: a/b, before: 3d, text: A", "is not one word"),
        ("id: [a], before: 3d, text: A", "its id must be text"),
        ("id: a, text: A", "does not say when"),
        ("id: a, before: 3d, at: 2026-02-01 09:00, text: A", "has at and before"),
        ("id: a, before: soon, text: A", '"before: soon" is not a time'),
        ("id: a, before: 3d after deadline, text: A", "is not a time"),
        ("id: a, at: 3d, text: A", "is not a time"),
        ("id: a, at: tomorrow, text: A", '"tomorrow" is not a datetime'),
        ("id: a, before: 99999999999999d, text: A", "is too far away"),
        ("id: a, before: 3d", "says nothing"),
        ("id: a, before: 3d, text: A, template: b", "has a text and a template"),
        ("id: a, before: 3d, text: A, reply: maybe", "its reply must be true or false"),
    ],
)
def test_what_cannot_be_understood_names_line_and_remedy(parse: Parse, item: str, problem: str) -> None:
    with pytest.raises(PostError) as raised:
        listed(parse, "id: fine, before: 5d, text: Soon", item)
    assert problem in raised.value.problem
    assert "reminder 2 " in raised.value.problem
    assert raised.value.line == 7
    assert raised.value.remedy


@pytest.mark.parametrize("matter", ["reminders: tomorrow", "reminders: {id: a}", "reminders: [tomorrow]"])
def test_the_list_must_be_one_of_reminders(parse: Parse, matter: str) -> None:
    with pytest.raises(PostError) as raised:
        parse(matter)
    assert (raised.value.field, raised.value.line) == ("reminders", 3)
    assert raised.value.remedy.startswith("Write - id: ")


def test_two_with_the_same_id_are_refused(parse: Parse) -> None:
    with pytest.raises(PostError) as raised:
        listed(parse, "id: a, before: 3d, text: A", "id: b, before: 2d, text: B", "id: a, before: 1d, text: C")
    assert raised.value.line == 8
    assert 'two reminders have the id "a"; the first is in line 6' in raised.value.problem


def test_a_deadline_that_is_no_datetime_says_how_to_write_one(parse: Parse) -> None:
    with pytest.raises(PostError) as raised:
        parse("deadline: 31 May AoE")
    assert raised.value.field == "deadline"
    assert raised.value.remedy.endswith(", or 2024-08-01 AoE.")


def test_counting_from_a_deadline_needs_one(parse: Parse) -> None:
    with pytest.raises(PostError) as raised:
        listed(parse, "id: a, before: 3d, text: A", matter="summary: S")
    assert "the post has none" in raised.value.problem
    assert "Write deadline:" in raised.value.remedy


@pytest.mark.parametrize(
    ("item", "matter", "words"),
    [
        ("id: a, at: 2026-01-12 09:00, text: A", "summary: S", "before the post itself"),
        ("id: a, before: 3d, text: A", "deadline: 2026-01-12 12:00 AoE", "before the post itself"),
        ("id: a, after: 2d, text: A", "expires: 2026-01-14 09:00", "when the post has expired"),
    ],
)
def test_what_can_never_go_out_is_found(parse: Parse, item: str, matter: str, words: str) -> None:
    (finding,) = listed(parse, item, matter=matter).findings
    assert (finding.rule, finding.severity, finding.line) == ("reminder-never", Severity.ERROR, 6)
    assert words in finding.problem


@pytest.mark.parametrize(("key", "remedy"), [("befor", 'Did you mean "before"?'), ("colour", "Known here: id, at, ")])
def test_unknown_keys_are_told_with_the_nearest(parse: Parse, key: str, remedy: str) -> None:
    (finding,) = listed(parse, f"id: a, {key}: 1d, before: 3d, text: A").findings
    assert (finding.rule, finding.line) == ("unknown-key", 6)
    assert finding.remedy.startswith(remedy)


def test_without_a_publish_datetime_nothing_counts_from_it(parse: Parse) -> None:
    assert parse("reminders:\n  - {id: a, after: 3d, text: A}").reminders == ()
    assert parse("reminders: null").reminders == ()


def test_a_reminder_is_no_part_of_the_post_s_own_words(parse: Parse) -> None:
    plain, reminding = parse(WHEN), parse(f"{WHEN}reminders:\n  - {{id: a, after: 3d, text: A}}")
    assert plain.digests == reminding.digests, "the feeds must not move because of it"
    assert parse(f"{WHEN}deadline: 2026-03-10 23:59").digests != plain.digests
