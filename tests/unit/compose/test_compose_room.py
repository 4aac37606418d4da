"""What is shortened when a toot would be too long, and what never is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.compose import ComposeContext, Templates, compose, shortened_parts, status_length
from bot.compose.hashtags import find_hashtags
from bot.compose.links import find_links
from bot.compose.mentions import find_mentions
from bot.config import Account, Release, Site
from bot.config.text_files import read_templates
from bot.domain import Announcement, Limits, MastodonOptions, Post
from bot.domain.errors import ComposeError
from tests.support.digests import both

URL = "https://conf.example.org/news/x/"
POST = Post(
    path=Path("posts/x.md"),
    slug="x",
    url=URL,
    title="The schedule is out",
    excerpt="Three days of talks and one of sprints.",
    language="en",
    digests=both("d"),
)


def context(*, limit: int = 500, template: Path | None = None) -> ComposeContext:
    return ComposeContext(
        account=Account(server="http://127.0.0.1:3000"),
        site=Site(title="Conf", url="https://conf.example.org", timezone="UTC"),
        release=Release(),
        limits=Limits(characters=limit),
        templates=Templates.of(read_templates(template)) if template else Templates(),
    )


def composed(post: Post, *, limit: int = 500, template: Path | None = None) -> Announcement:
    return compose(post, context(limit=limit, template=template))


# title: 19 characters, excerpt: 39, link: 23, hashtag: 4, two line ends between them.
@pytest.mark.parametrize(
    ("limit", "shown", "parts"),
    [
        pytest.param(91, f"The schedule is out\n\n{POST.excerpt}\n\n{URL}\n\n#Tag", (), id="all"),
        pytest.param(
            90,
            f"The schedule is out\n\nThree days of talks and one of…\n\n{URL}\n\n#Tag",
            ("excerpt",),
            id="excerpt cut",
        ),
        pytest.param(70, f"The schedule is out\n\n{URL}\n\n#Tag", ("excerpt",), id="excerpt dropped"),
        pytest.param(49, f"The schedule is…\n\n{URL}\n\n#Tag", ("title", "excerpt"), id="title cut"),
    ],
)
def test_what_does_not_fit_is_shortened(limit: int, shown: str, parts: tuple[str, ...]) -> None:
    post = replace(POST, hashtags=("Tag",))
    assert composed(post, limit=limit).text == shown
    assert tuple(shortened_parts(post, context(limit=limit))) == parts


def test_a_persons_own_words_are_shortened_too() -> None:
    post = replace(POST, mastodon=MastodonOptions(text="word " * 200), hashtags=("Tag",))
    announcement = composed(post)
    assert announcement.text.endswith(f"word…\n\n{URL}\n\n#Tag")
    assert 490 < announcement.length <= 500
    assert tuple(shortened_parts(post, context())) == ("mastodon.text",)


def test_long_links_in_a_persons_own_words_take_little_room() -> None:
    words = " ".join(f"https://example.org/{'x' * 400}/{number}" for number in range(8))
    post = replace(POST, mastodon=MastodonOptions(text=words))
    assert composed(post).text == f"{words}\n\n{URL}"
    assert tuple(shortened_parts(post, context())) == ()


def test_a_summary_is_shortened_where_the_template_uses_it(tmp_path: Path) -> None:
    (tmp_path / "default.j2").write_text("{{ title }}: {{ summary }}", encoding="utf-8")
    post = replace(POST, summary="word " * 200)
    assert composed(post, template=tmp_path).text.endswith(f"word…\n\n{URL}")
    assert tuple(shortened_parts(post, context(template=tmp_path))) == ("summary",)


def test_an_excerpt_that_the_template_does_not_use_is_not_called_shortened(tmp_path: Path) -> None:
    (tmp_path / "default.j2").write_text("{{ title }}", encoding="utf-8")
    post = replace(POST, excerpt="word " * 20_000)
    assert tuple(shortened_parts(post, context(template=tmp_path))) == ()


def test_the_content_warning_takes_room_from_the_excerpt() -> None:
    post = replace(POST, excerpt="word " * 200, mastodon=MastodonOptions(content_warning="w" * 100))
    announcement = composed(post)
    assert announcement.content_warning == "w" * 100
    assert 490 < announcement.length <= 500


@pytest.mark.parametrize(
    ("fields", "limit"),
    [
        pytest.param({}, 27, id="no room for title and link"),
        pytest.param({"hashtags": ("x" * 480,)}, 500, id="hashtags"),
        pytest.param({"mastodon": MastodonOptions(content_warning="w" * 490)}, 500, id="content warning"),
        pytest.param({"mastodon": MastodonOptions(text="word " * 30)}, 27, id="own words"),
    ],
)
def test_no_room_is_an_error_that_says_what_to_do(fields: dict[str, Any], limit: int) -> None:
    with pytest.raises(ComposeError, match=rf"^posts/x\.md: the toot does not fit into {limit} characters") as caught:
        composed(replace(POST, **fields), limit=limit)
    assert caught.value.remedy


PIECES = st.sampled_from(
    ["word", "Sentence.", "https://example.org/a", "#Tag", "@ana", "@bo@example.org", "日本語", "🇩🇪", ",", "\n\n", "…"]
)
TEXTS = st.one_of(
    st.text(st.characters(exclude_characters="{", exclude_categories=["Cs"]), max_size=900),
    st.lists(PIECES, max_size=150).map(" ".join),
    st.lists(PIECES, max_size=150).map("".join),
)
TITLES = TEXTS.map(lambda text: f"News: {text}")


@settings(deadline=None)
@given(title=TITLES, excerpt=TEXTS, own=st.none() | TITLES, warning=st.text(max_size=40), room=st.integers(150, 600))
def test_a_toot_never_exceeds_the_limit_and_keeps_its_link(
    title: str, excerpt: str, own: str | None, warning: str, room: int
) -> None:
    warning = warning.replace("{", "")
    options = MastodonOptions(text=own, content_warning=warning)
    post = replace(POST, title=title, excerpt=excerpt, mastodon=options, hashtags=("Tag", "Other"))
    announcement = composed(post, limit=room)
    text = announcement.text
    assert announcement.length == status_length(text, announcement.content_warning or "", limits=Limits()) <= room
    assert URL in [text[span.start : span.end] for span in find_links(text)]
    assert {"#tag", "#other"} <= {tag.lower() for tag in find_hashtags(text)}
    assert "\n\n\n" not in text
    if own is None:
        assert find_mentions(text) == []
