"""A poll, and the other words beside a toot's text."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.compose import ComposeContext, Templates, compose
from bot.config import Account, Release, Site
from bot.domain import Announcement, Limits, MastodonOptions, Picture, Poll, Post, QuotePolicy
from bot.domain.errors import ComposeError
from tests.support.digests import both

COVER = Picture(url="https://conf.example.org/a.png", path=Path("a.png"), alt="A.")
POST = Post(
    path=Path("posts/x.md"),
    slug="x",
    url="https://conf.example.org/news/x/",
    title="Title",
    language="en",
    cover=COVER,
    digests=both("d"),
)
DAY = timedelta(days=1)
POLL = Poll(options=("Tea", "Coffee"), expires_in=DAY)


def composed(
    options: MastodonOptions, *, limits: Limits | None = None, account: dict[str, Any] | None = None, **fields: Any
) -> Announcement:
    return compose(
        replace(POST, mastodon=options, **fields),
        ComposeContext(
            account=Account(server="http://127.0.0.1:3000", **(account or {})),
            site=Site(title="Conf", url="https://conf.example.org", timezone="UTC"),
            release=Release(),
            limits=limits or Limits(),
            templates=Templates(),
        ),
    )


def test_a_poll_stands_beside_the_text() -> None:
    assert composed(MastodonOptions(poll=POLL)).poll == POLL
    assert composed(MastodonOptions()).poll is None


@pytest.mark.parametrize(("together", "pictures"), [(False, 0), (True, 1)])
def test_pictures_make_way_for_a_poll_where_the_server_takes_no_both(together: bool, pictures: int) -> None:
    toot = composed(MastodonOptions(poll=POLL), limits=Limits(poll_with_pictures=together))
    assert len(toot.pictures) == pictures
    assert len(composed(MastodonOptions()).pictures) == 1


@pytest.mark.parametrize(
    ("changes", "problem", "field"),
    [
        ({"options": tuple("abcde")}, "the poll has 5 options; the server takes 4 at most", "options"),
        ({"options": ("a", "b" * 51)}, f'the option "{"b" * 51}" has 51 characters; the server takes 50', "options"),
        (
            {"expires_in": timedelta(seconds=299)},
            "the poll is open for 4 min 59 s; the server takes 5 min",
            "expires_in",
        ),
        ({"expires_in": timedelta(days=31)}, "the poll is open for 31 days", "expires_in"),
        ({"options": ("a", "{{ b }}")}, "an option of the poll shows a left-over template tag", "options"),
    ],
)
def test_a_poll_that_the_server_would_refuse_is_named(changes: dict[str, Any], problem: str, field: str) -> None:
    with pytest.raises(ComposeError) as caught:
        composed(MastodonOptions(poll=replace(POLL, **changes)))
    assert caught.value.message.startswith(f"posts/x.md: {problem}")
    assert caught.value.remedy
    assert caught.value.field == f"mastodon.poll.{field}"


@pytest.mark.parametrize(
    ("changes", "limits"),
    [
        ({"options": tuple("abcde")}, Limits(poll_options=6)),
        ({"options": ("a", "\N{FAMILY}" * 50)}, Limits()),
        ({"options": ("a", "e\u0301" * 50)}, Limits()),
        ({"expires_in": timedelta(minutes=5)}, Limits()),
        ({"expires_in": timedelta(days=30)}, Limits()),
    ],
)
def test_the_limits_are_the_servers_and_inclusive(changes: dict[str, Any], limits: Limits) -> None:
    poll = replace(POLL, **changes)
    assert composed(MastodonOptions(poll=poll), limits=limits).poll == poll


@pytest.mark.parametrize(
    ("options", "account", "understood", "policy"),
    [
        (MastodonOptions(), {}, True, None),
        (MastodonOptions(), {"quote_policy": "followers"}, True, QuotePolicy.FOLLOWERS),
        (MastodonOptions(quote_policy=QuotePolicy.NOBODY), {"quote_policy": "followers"}, True, QuotePolicy.NOBODY),
        (MastodonOptions(quote_policy=QuotePolicy.NOBODY), {"quote_policy": "followers"}, False, None),
    ],
)
def test_who_may_quote_is_said_where_it_is_understood(
    options: MastodonOptions, account: dict[str, Any], understood: bool, policy: QuotePolicy | None
) -> None:
    assert composed(options, account=account, limits=Limits(quote_policy=understood)).quote_policy is policy


@pytest.mark.parametrize(
    ("own", "account", "sensitive"),
    [(None, False, False), (None, True, True), (False, True, False), (True, False, True)],
)
def test_the_post_says_before_the_account_whether_pictures_are_sensitive(
    own: bool | None, account: bool, sensitive: bool
) -> None:
    assert composed(MastodonOptions(sensitive=own), account={"sensitive": account}).sensitive is sensitive


@pytest.mark.parametrize(
    ("toot", "post", "account", "language"),
    [
        ("fr", "de", "es", "fr"),
        (None, "de", "es", "de"),
        (None, None, "es", "es"),
        (None, None, None, "en"),
    ],
)
def test_the_language_is_the_toots_the_posts_the_accounts_the_sites(
    toot: str | None, post: str | None, account: str | None, language: str
) -> None:
    found = composed(
        MastodonOptions(language=toot),
        account={"language": account},
        language=post or "en",
        lines={"language": 3} if post else {},
    )
    assert found.language == language
