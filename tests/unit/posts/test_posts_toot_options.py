"""Thread, poll, and who may see and quote: what front matter says about the toot."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.domain import MastodonOptions, Poll, Post, QuotePolicy
from bot.domain.errors import PostError

Parse = Callable[..., Post]
POLL = "  poll:\n    options: [Tea, Coffee]\n    expires_in: 1d 12h\n"


@pytest.mark.parametrize(
    ("matter", "options"),
    [
        ("mastodon:", MastodonOptions()),
        ("mastodon:\n  thread: auto", MastodonOptions(thread_auto=True)),
        ("mastodon:\n  thread: Auto\n  numbered: yes", MastodonOptions(thread_auto=True, numbered=True)),
        ("mastodon:\n  thread: false", MastodonOptions()),
        ("mastodon:\n  thread: []", MastodonOptions()),
        (
            "mastodon:\n  thread:\n    - Two.\n    - |\n      Three.\n\n      Yes: three.\n",
            MastodonOptions(thread=("Two.", "Three.\n\nYes: three.")),
        ),
        (
            "mastodon:\n" + POLL,
            MastodonOptions(poll=Poll(options=("Tea", "Coffee"), expires_in=timedelta(hours=36))),
        ),
        (
            f"mastodon:\n{POLL}    multiple: true\n    hide_totals: yes",
            MastodonOptions(
                poll=Poll(options=("Tea", "Coffee"), expires_in=timedelta(hours=36), multiple=True, hide_totals=True)
            ),
        ),
        (
            "mastodon:\n  sensitive: true\n  link_card: false\n  quote_policy: Followers",
            MastodonOptions(sensitive=True, link_card=False, quote_policy=QuotePolicy.FOLLOWERS),
        ),
    ],
)
def test_what_stands_there_is_understood(parse: Parse, matter: str, options: MastodonOptions) -> None:
    post = parse(matter)
    assert post.mastodon == options
    assert post.findings == ()


@pytest.mark.parametrize(
    ("inner", "line", "field", "problem"),
    [
        ("thread: long", 3, "thread", "must be a list of texts, or auto"),
        ("thread:\n    a: b", 3, "thread", "must be a list of texts, or auto"),
        ("thread: [a, '']", 3, "thread", "text 2 of the list is empty"),
        ("thread:\n    - a\n    -", 3, "thread", "text 2 of the list is empty"),
        ("thread:\n    - a: b", 3, "thread", "text 1 of the list is no text"),
        (f"thread: [{', '.join('abcdefghijklmnopqrst')}]", 3, "thread", "has 20 texts"),
        ("thread: [a]\n  numbered: some", 4, "numbered", "must be true or false"),
        ("numbered: true", 3, "numbered", "there is no thread whose toots could be numbered"),
        ("poll: yes", 3, "poll", "must hold keys of its own"),
        ("poll:\n    expires_in: 1d", 3, "poll", "has no options"),
        ("poll:\n    options: Tea, Coffee\n    expires_in: 1d", 4, "poll.options", "must be a list of texts"),
        ("poll:\n    options: [a: b]\n    expires_in: 1d", 4, "poll.options", "must be a list of texts"),
        ("poll:\n    options: [Tea]\n    expires_in: 1d", 4, "poll.options", "needs two options at least"),
        ("poll:\n    options: [Tea, '']\n    expires_in: 1d", 4, "poll.options", "one of them is empty"),
        ("poll:\n    options: [Tea, ' Tea']\n    expires_in: 1d", 4, "poll.options", '"Tea" is there twice'),
        ("poll:\n    options: [a, b]", 3, "poll", "does not say how long it is open"),
        ("poll:\n    options: [a, b]\n    expires_in: 86400", 5, "poll.expires_in", '"86400" is not a duration'),
        ("poll:\n    options: [a, b]\n    expires_in: off", 5, "poll.expires_in", "must be open for some time"),
        (
            "poll:\n    options: [a, b]\n    expires_in: 1d\n    multiple: 2",
            6,
            "poll.multiple",
            "must be true or false",
        ),
        ("sensitive: very", 3, "sensitive", "must be true or false"),
        ("link_card: no thanks", 3, "link_card", "must be true or false"),
        ("quote_policy: friends", 3, "quote_policy", '"friends" is not known'),
    ],
)
def test_a_mistake_is_named_with_file_line_field_and_remedy(
    parse: Parse, inner: str, line: int, field: str, problem: str
) -> None:
    with pytest.raises(PostError) as caught:
        parse(f"mastodon:\n  {inner}")
    error = caught.value
    assert str(error).startswith(f"posts/news.md:{line + 1}: mastodon.{field}: ")
    assert problem in error.problem
    assert error.remedy


def test_an_unknown_key_of_a_poll_is_named(parse: Parse) -> None:
    (finding,) = parse(f"mastodon:\n{POLL}    multipel: true").findings
    assert (finding.rule, finding.field, finding.line) == ("unknown-key", "mastodon.poll.multipel", 7)
    assert finding.remedy == 'Did you mean "multiple"?'


def test_speakers_are_listed_by_name(parse: Parse) -> None:
    assert parse("speakers: [Ada Example, Bo]").speakers == ("Ada Example", "Bo")
    assert parse("speakers: Example, Ada").speakers == ("Example, Ada",)
    with pytest.raises(PostError, match="speakers: must be a list of texts"):
        parse("speakers:\n  - name: Ada")
    (finding,) = parse("speaker: Ada").findings
    assert finding.remedy == 'Did you mean "speakers"?'


def test_only_a_post_with_an_automatic_thread_keeps_its_plain_words(parse: Parse) -> None:
    body = "The first paragraph, which is long enough for it.\n\nThe second one."
    assert parse("", body).paragraphs == ()
    auto = parse("mastodon:\n  thread: auto", body)
    assert auto.unsaid == ("The second one.",)
    with_summary = parse("summary: Short.\nmastodon:\n  thread: auto", body)
    assert len(with_summary.unsaid) == 2
