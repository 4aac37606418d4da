"""The digest changes with the post's own words, and with nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest

from bot.config import Config
from bot.domain import Post
from bot.posts.digests import OwnWords, digest_of
from bot.posts.reader import parse_post

MATTER = """\
author: Ada
category: Program
tags: [a, b]
summary: Short.
cover:
  url: /a.png
  alt: A
language: en
hashtags: [one]
published_datetime: 2024-07-16 06:00
mastodon:
  text: A toot
  content_warning: Careful
  visibility: unlisted
  language: en
"""
MORE = """\
speakers: [Cy]
mastodon:
  sensitive: true
  thread: [Two, Three]
  numbered: true
  link_card: true
  quote_policy: nobody
  poll:
    options: [Tea, Coffee]
    expires_in: 1d
    multiple: true
"""
BODY = "One  \ntwo\n\nthree\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Good news", "Better news"),
        ("Ada", "Bea"),
        ("author: Ada", "author: [Ada, Bea]"),
        ("Program", "Venue"),
        ("[a, b]", "[a]"),
        ("[a, b]", "[b, a]"),
        ("summary: Short.", "summary: Longer."),
        ("summary: Short.\n", ""),
        ("/a.png", "/b.png"),
        ("alt: A", "alt: B"),
        ("\nlanguage: en", "\nlanguage: de"),
        ("[one]", "[two]"),
        ("category: Program", "category: Program\nlink: false"),
        ("A toot", "Another toot"),
        ("Careful", "Very careful"),
        ("unlisted", "private"),
        ("  language: en", "  language: de"),
        ("three", "four"),
        ("two\n\nthree", "two\nthree"),
        ("  text: A toot\n", ""),
    ],
)
def test_a_change_of_words_changes_it(read: Callable[[str], Post], old: str, new: str) -> None:
    whole = f"---\ntitle: Good news\n{MATTER}---\n{BODY}"
    assert old in whole
    assert read(whole.replace(old, new, 1)).digest != read(whole).digest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("speakers: [Cy]", "speakers: [Di]"),
        ("speakers: [Cy]\n", ""),
        ("sensitive: true", "sensitive: false"),
        ("  sensitive: true\n", ""),
        ("Three]", "Four]"),
        ("[Two, Three]", "[Three, Two]"),
        ("thread: [Two, Three]", "thread: auto"),
        ("  numbered: true\n", ""),
        ("  link_card: true\n", ""),
        ("link_card: true", "link_card: false"),
        ("quote_policy: nobody", "quote_policy: followers"),
        ("[Tea, Coffee]", "[Tea, Milk]"),
        ("expires_in: 1d", "expires_in: 2d"),
        ("    multiple: true\n", ""),
        ("multiple: true", "hide_totals: true"),
    ],
)
def test_a_change_of_the_toot_changes_it(read: Callable[[str], Post], old: str, new: str) -> None:
    whole = f"---\ntitle: Good news\n{MORE}---\n{BODY}"
    assert old in whole
    assert read(whole.replace(old, new, 1)).digest != read(whole).digest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2024-07-16 06:00", "2025-01-01 09:00"),
        ("published_datetime: 2024-07-16 06:00\n", "updated_datetime: 2024-08-01 09:00\n"),
        ("One  \n", "One\n"),
        ("three\n", "three\n\n\n"),
        ("---\nOne", "---\n\n\nOne"),
        ("\n", "\r\n"),
        ("author: Ada\ncategory: Program\n", "category: Program\n\nauthor: 'Ada'\n"),
        ("author: Ada", "author: [Ada]"),
        ("mastodon:\n", "mastodon:\n  numbered: false\n  thread: []\n"),
        ("tags: [a, b]", "tags: a, b"),
        ("category: Program", "category: Program\nlink: true"),
        ("category: Program", "category: Program\nhidden: true"),
        ("category: Program", "category: Program\nlayout: post"),
        ("category: Program", "category: Program\nupdated_datetime: null\nkind: null\ndraft: true"),
    ],
)
def test_anything_else_does_not(read: Callable[[str], Post], old: str, new: str) -> None:
    whole = f"---\ntitle: Good news\n{MATTER}---\n{BODY}"
    assert old in whole
    assert read(whole.replace(old, new)).digest == read(whole).digest


@pytest.fixture
def read(config: Config) -> Callable[[str], Post]:
    def read(whole: str) -> Post:
        post = parse_post(whole.encode(), path=Path("posts/news.md"), slug="news", config=config)
        assert post is not None
        return post

    return read


def test_neither_name_nor_settings_change_it(config: Config) -> None:
    data = b"---\ntitle: A\n---\nText [here](/x/)"
    other = config.model_copy(
        update={
            "site": config.site.model_copy(
                update={"url": "https://crane.example", "author": "Team", "language": "de", "naive_datetimes": "utc"}
            )
        }
    )
    first = parse_post(data, path=Path("posts/a.md"), slug="a", config=config)
    second = parse_post(data, path=Path("news/b.md"), slug="b", config=other)
    assert first is not None
    assert second is not None
    assert first.html != second.html
    assert first.digest == second.digest


def test_it_stays_what_it_was() -> None:
    """A frozen value: if this changes, every post of every site looks edited."""
    assert digest_of(OwnWords(title="Good news", body="Text")) == (
        "dca1d4492fcb9d1cd9bba9dc78e66c1d1e2ca1e9fc417306fb36485c430dad9e"
    )


def test_empty_fields_do_not_count() -> None:
    empty: dict[str, object] = {"title": "A"}
    for field in fields(OwnWords):
        if field.name != "title":
            empty[field.name] = {"body": "", "without_link": False, "mastodon_numbered": False}.get(field.name, ())
    assert digest_of(OwnWords(**empty)) == digest_of(OwnWords(title="A"))  # type: ignore[arg-type]
