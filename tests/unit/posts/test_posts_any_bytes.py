"""Any bytes are a post, no post, or a PostError; nothing else, and not for long."""

from __future__ import annotations

from datetime import UTC
from html.parser import HTMLParser
from pathlib import Path
from tempfile import gettempdir

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import Config
from bot.domain import Post
from bot.domain.errors import PostError
from bot.posts.reader import parse_post

ROOT = Path(gettempdir()) / "no-such-site"
CONFIG = Config.model_validate(
    {
        "site": {"title": "Heron Conf", "url": "https://heron.example", "timezone": "Europe/Berlin"},
        "root": ROOT,
        "path": ROOT / "config" / "bot.toml",
    }
)
KEYS = [
    "title",
    "author",
    "category",
    "tags",
    "kind",
    "published_datetime",
    "updated_datetime",
    "cover",
    "image",
    "summary",
    "id",
    "hashtags",
    "link",
    "hidden",
    "language",
    "mastodon",
    "draft",
    "withdrawn",
    "expires",
    "date",
    "other",
]
WORDS = st.sampled_from(
    [
        "a",
        "Heron: news",
        "2024-07-16 06:00",
        "2024-03-31",
        "true",
        "no",
        "null",
        "{",
        "[a, b]",
        "&x",
        "*x",
        "!t",
        "'",
        '"',
    ]
) | st.text(max_size=12)
SOUP = st.lists(
    st.sampled_from(
        [
            "# ",
            "> ",
            "- ",
            "* ",
            "` ",
            "``` ",
            "\n",
            "\n\n",
            "<p>",
            "</p>",
            "<div>",
            "</div>",
            "<a href='x'>",
            "</a>",
            "<img src=/a.png>",
            "<iframe src=x>",
            "<!--",
            "-->",
            "<!-- excerpt -->",
            "{{",
            "}}",
            "{% x %}",
            "[a](b)",
            "![a]({{ x }})",
            "<table>",
            "<tr>",
            "<td>",
            "<pre>",
            "<code>",
            "<source srcset='a 2x'>",
            "<li>",
            "&amp;",
            "&#0;",
            "word ",
            "<svg>",
            "<h1>",
            "\\",
            "",
            " \t",
            "é",
        ]
    )
    | st.text(max_size=5),
    max_size=25,
).map("".join)


def read(data: bytes) -> Post | None:
    try:
        return parse_post(data, path=Path("posts/news.md"), slug="news", config=CONFIG)
    except PostError as error:
        str(error).encode()
        return None


class Strict(HTMLParser):
    """Fails on what must never reach readers."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "style", "iframe", "embed", "object", "svg", "form")
        for name, value in attrs:
            assert name not in ("style", "class", "id")
            assert not name.startswith("on")
            if name in ("href", "src", "poster", "srcset", "cite"):
                assert value
                assert value.startswith(("https://", "http://", "mailto:"))

    def handle_comment(self, data: str) -> None:
        pytest.fail(f"a comment: {data}")


def check(post: Post) -> None:
    assert post.title == post.title.strip() != ""
    assert "\n" not in post.title + post.excerpt + post.summary
    assert len(post.summary) <= 300
    assert post.published is None or post.published.tzinfo is UTC
    for text in (post.title, post.excerpt, post.summary, post.html, *post.authors, *post.tags):
        assert not set(text) & {chr(number) for number in (*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF)}
    Strict().feed(post.html)


@given(st.binary(max_size=300))
def test_bytes(data: bytes) -> None:
    read(data)


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_bytes_in_the_shape_of_a_post(matter: bytes, body: bytes) -> None:
    post = read(b"---\n" + matter + b"\n---\n" + body)
    if post is not None:
        check(post)


@given(st.lists(st.tuples(st.sampled_from(KEYS), WORDS), max_size=6, unique_by=lambda pair: pair[0]))
def test_front_matter(pairs: list[tuple[str, str]]) -> None:
    matter = "".join(f"{key}: {value}\n" for key, value in pairs)
    post = read(f"---\n{matter}---\nText\n".encode())
    if post is not None:
        check(post)


@given(SOUP)
def test_bodies(body: str) -> None:
    post = read(f"---\ntitle: A\n---\n{body}".encode())
    assert post is not None
    check(post)


@given(SOUP)
def test_the_same_bytes_give_the_same_post(body: str) -> None:
    data = f"---\ntitle: A\n---\n{body}".encode()
    assert read(data) == read(data)
