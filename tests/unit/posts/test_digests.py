"""Each digest changes with what the author wrote for its output, and with nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest

from bot.config import Config
from bot.domain import Digests, Post
from bot.domain.front_matter import FOR_ADDRESSES, Key, Says
from bot.posts.digests import digests_of
from bot.posts.reader import parse_post
from tests.support.front_matter import CHANGES, MATTER, all_keys, before_and_after

BODY = "One  \ntwo\n\nthree\n"
Read = Callable[[str], Post]


@pytest.fixture
def read(config: Config) -> Read:
    def read(matter: str, body: str = BODY) -> Post:
        whole = f"---\n{matter}---\n{body}"
        post = parse_post(whole.encode(), path=Path("posts/news.md"), slug="news", config=config)
        assert post is not None
        return post

    return read


def changed(before: Post, after: Post) -> set[str]:
    names = [field.name for field in fields(Digests)]
    return {name for name in names if getattr(before.digests, name) != getattr(after.digests, name)}


def test_every_key_is_classified_once_and_has_a_row() -> None:
    keys = dict(all_keys())
    assert keys.keys() == CHANGES.keys()
    assert [name for name, key in {**keys, **FOR_ADDRESSES}.items() if key.says is None] == []


@pytest.mark.parametrize(("name", "key"), [pytest.param(*row, id=row[0]) for row in all_keys()])
def test_a_change_of_a_key_changes_the_digests_of_its_classification(read: Read, name: str, key: Key) -> None:
    before, after = map(read, before_and_after(name))
    expected = {
        Says.ENTRY: {"entry"},
        Says.ANNOUNCEMENT: {"announcement"},
        Says.BOTH: {"entry", "announcement"},
        Says.NEITHER: set[str](),
    }
    assert key.says is not None
    assert changed(before, after) == expected[key.says]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("author: Ada\n", ""),
        ("summary: A short summary of the boats.\n", ""),
        ("tags: [water]", "tags: [boats, water]"),
        ("cover:\n  url: /assets/boat.png\n  alt: A boat\n", ""),
    ],
)
def test_what_is_taken_away_or_moved_counts(read: Read, old: str, new: str) -> None:
    assert old in MATTER
    assert changed(read(MATTER), read(MATTER.replace(old, new))) == {"entry", "announcement"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("  thread: [Two, Three]\n", "  thread: [Three, Two]\n"),
        ("  thread: [Two, Three]\n", "  thread: auto\n"),
        ("  sensitive: true\n", "  sensitive: false\n"),
        ("  sensitive: false\n", ""),
        ("  link_card: true\n", "  link_card: false\n"),
        ("  link_card: false\n", ""),
        ("  media: []\n", ""),
        ("  text: One\n", "  text: |\n    One\n\n    Two\n"),
        ("  text: A toot\n", ""),
    ],
)
def test_a_change_of_the_toot_alone_leaves_the_entry(read: Read, before: str, after: str) -> None:
    assert changed(read(MATTER + before), read(MATTER + after)) == {"announcement"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("author: Ada\nspeakers: [Cy]\n", "speakers: [Cy]\n\nauthor: 'Ada'\n"),
        ("author: Ada", "author: [Ada]"),
        ("tags: [water]", "tags: water, "),
        ("hashtags: [boats]", "hashtags: boats"),
        ("  quote_policy: public\n", "  quote_policy: Public\n  numbered: false\n  thread: []\n  poll: null\n"),
        ("  quote_policy: public\n", "  quote_policy: public\n  media: null\n  text: ''\n"),
        ("author:", "link: true\ndraft: no\nauthor:"),
        ("author:", "layout: post\nkind: null\nauthor:"),
        ("author:", "image: /assets/other.png\nauthor:"),
        ("\n", "\r\n"),
    ],
)
def test_another_way_to_write_the_same_does_not_count(read: Read, old: str, new: str) -> None:
    assert old in MATTER
    assert changed(read(MATTER), read(MATTER.replace(old, new))) == set()


def test_an_address_alone_is_a_cover_by_whatever_name(read: Read) -> None:
    said = [read(f"title: A\n{cover}\n") for cover in ("cover:\n  url: /a.png", "cover: /a.png", "image: /a.png")]
    assert len({post.digests for post in said}) == 1
    assert changed(said[0], read("title: A\nimage: /b.png\n")) == {"entry", "announcement"}


@pytest.mark.parametrize("body", ["One\ntwo\n\nthree", "\n\nOne\ntwo\n\nthree\n\n\n", "One\r\ntwo\r\n\r\nthree\r\n"])
def test_margins_of_the_body_do_not_count(read: Callable[[str, str], Post], body: str) -> None:
    assert changed(read(MATTER, BODY), read(MATTER, body)) == set()


@pytest.mark.parametrize("body", ["One\ntwo\n\nfour", "One\ntwo\nthree", ""])
def test_the_words_of_the_body_count_for_both(read: Callable[[str, str], Post], body: str) -> None:
    assert changed(read(MATTER, BODY), read(MATTER, body)) == {"entry", "announcement"}


def test_neither_name_nor_settings_change_them(config: Config) -> None:
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
    assert first.digests == second.digests


def test_they_stay_what_they_were(read: Read) -> None:
    """Frozen values: if these change, `VERSION` must be raised, or every post of every site looks edited."""
    assert read(MATTER + "  sensitive: false\n").digests == Digests(
        entry="2:e5b1a8214c57536b6716f96748b83bbf2ed7d6a5666c1bb19c21d9d2d3652e47",
        announcement="2:d1e0f894cd346a9e035c14fa7f14a55cae65d959973a9ade7eb7d59439a85ebe",
    )


def test_an_unknown_key_says_nothing() -> None:
    assert digests_of({"title": "A", "layout": "post"}, "") == digests_of({"title": "A"}, "")
