"""Servers that are not Mastodon count in their own ways."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.compose import ComposeContext, Templates, compose, status_length
from bot.config import Account, Release, Site
from bot.domain import Limits, Post
from bot.publishers.mastodon.servers import capabilities_of
from tests.support.digests import both

LINK = "https://example.org/" + "x" * 30  # 50 characters
MENTION = "@ana@social.example"  # 19 characters
FLAG = "\N{REGIONAL INDICATOR SYMBOL LETTER D}\N{REGIONAL INDICATOR SYMBOL LETTER E}"


@pytest.mark.parametrize(
    ("software", "link", "mention", "flag"),
    [
        ("", 23, 4, 1),
        ("mastodon 4.5.3", 23, 4, 1),
        ("hometown 1.1", 23, 4, 1),
        ("gotosocial 0.20.1", 50, 19, 2),
        ("GoToSocial", 50, 19, 2),
        ("pleroma 2.7.0", 50, 19, 1),
        ("akkoma 3.13", 50, 19, 1),
        ("pixelfed 0.12", 50, 19, 2),
    ],
)
def test_links_mentions_and_flags_count_as_there(software: str, link: int, mention: int, flag: int) -> None:
    limits, dialect = Limits(), capabilities_of(software).dialect
    counted = tuple(status_length(text, limits=limits, dialect=dialect) for text in (LINK, MENTION, FLAG))
    assert counted == (link, mention, flag)
    assert status_length(f" {LINK} ", " cw ", limits=limits, dialect=dialect) == link + 2, "stripped everywhere"


def test_a_toot_for_such_a_server_fits_with_its_link_counted_in_full() -> None:
    url = "https://conf.example.org/news/" + "long-" * 40
    post = Post(
        path=Path("posts/x.md"), slug="x", url=url, title="T", excerpt="word " * 200, language="en", digests=both("d")
    )
    toot = compose(
        post,
        ComposeContext(
            account=Account(server="http://127.0.0.1:3000"),
            site=Site(title="Conf", url="https://conf.example.org", timezone="UTC"),
            release=Release(),
            limits=Limits(characters=500),
            capabilities=capabilities_of("gotosocial 0.20.1"),
            templates=Templates(),
        ),
    )
    assert toot.length == len(toot.text) <= 500
    assert toot.text.endswith(url)
