from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.compose import Templates, compose, shortened_parts, status_length
from bot.compose.hashtags import find_hashtags
from bot.compose.links import find_links
from bot.compose.mentions import WORD_JOINER, find_mentions
from bot.config import Account, Release, Site
from bot.errors import ComposeError
from bot.model import Announcement, Limits, MastodonOptions, Picture, Post, Visibility

URL = "https://conf.example.org/news/x/"
SITE = Site(title="Conf", url="https://conf.example.org", timezone="America/New_York")
POST = Post(
    path=Path("posts/x.md"),
    slug="x",
    url=URL,
    title="The schedule is out",
    excerpt="Three days of talks and one of sprints.",
    language="en",
    published=datetime(2030, 5, 7, 2, tzinfo=UTC),
    digest="d",
)
COVER = Picture(url="https://conf.example.org/a.png", path=Path("a.png"), alt="A hall full of people.")


def settings(
    *,
    limits: Limits = Limits(),  # noqa: B008 - immutable
    templates: Templates | None = None,
    account_tags: tuple[str, ...] = (),
    release_tags: tuple[str, ...] = (),
) -> dict[str, Any]:
    return {
        "account": Account(server="http://127.0.0.1:3000", visibility=Visibility.UNLISTED, hashtags=account_tags),
        "site": SITE,
        "release": Release(hashtags=release_tags),
        "limits": limits,
        "templates": templates or Templates(),
    }


def composed(post: Post, **some: Any) -> Announcement:
    return compose(post, **settings(**some))


def toot(options: MastodonOptions | None = None, *, template: Templates | None = None, **fields: Any) -> str:
    post = replace(POST, mastodon=options or MastodonOptions(), **fields)
    return composed(post, templates=template).text


def template(folder: Path, text: str) -> Templates:
    (folder / "default.j2").write_text(text, encoding="utf-8")
    return Templates.load(folder)


def test_the_built_in_wording() -> None:
    post = replace(POST, hashtags=("Django Con",))
    text = f"The schedule is out\n\nThree days of talks and one of sprints.\n\n{URL}\n\n#DjangoCon"
    assert composed(post) == Announcement(
        text=text,
        link=URL,
        visibility=Visibility.UNLISTED,
        language="en",
        length=status_length(text, limits=Limits()),
        limit=500,
    )


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        pytest.param({"link": False}, "The schedule is out\n\nThree days of talks and one of sprints.", id="no link"),
        pytest.param({"excerpt": ""}, f"The schedule is out\n\n{URL}", id="no excerpt"),
        pytest.param({"excerpt": "a \r\n\n\n\t\nb\x00", "title": "T"}, f"T\n\na\n\nb\n\n{URL}", id="tidied"),
        pytest.param({"title": "T\n T", "excerpt": ""}, f"T T\n\n{URL}", id="title on one line"),
        pytest.param({"title": "T", "excerpt": f"See {URL} now"}, f"T\n\nSee {URL} now\n\n{URL}", id="template places"),
    ],
)
def test_paragraphs_collapse_where_something_is_missing(fields: dict[str, Any], text: str) -> None:
    assert toot(**fields) == text


@pytest.mark.parametrize(
    ("words", "text"),
    [
        pytest.param("Come!", f"Come!\n\n{URL}\n\n#Tag", id="link and hashtags follow"),
        pytest.param(f"Come! {URL} Now.", f"Come! {URL} Now.\n\n#Tag", id="link is there"),
        pytest.param("Come, #TAG!", f"Come, #TAG!\n\n{URL}", id="hashtag is there"),
        pytest.param("Thanks @ana@example.org", f"Thanks @ana@example.org\n\n{URL}\n\n#Tag", id="mention stands"),
        pytest.param(" \n", f"The schedule is out\n\n{POST.excerpt}\n\n{URL}\n\n#Tag", id="blank is none"),
    ],
)
def test_a_persons_own_words_stand(words: str, text: str) -> None:
    assert toot(MastodonOptions(text=words), hashtags=("Tag",)) == text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        pytest.param("{{ title }}", f"T @{WORD_JOINER}ana\n\n{URL}\n\n#Tag #Two", id="the rest is appended"),
        pytest.param("{{ hashtags }}\n{{ link }}\nNow", f"#Tag #Two\n{URL}\nNow", id="placed by the template"),
        pytest.param("#two {{ hashtags }}", f"#two #Tag\n\n{URL}", id="hashtag of the template"),
        pytest.param("{{ link }}… Now", f"{URL}… Now\n\n{URL}\n\n#Tag #Two", id="a link that is not whole"),
        pytest.param("Thanks @bo, {{ author }}", f"Thanks @bo, @{WORD_JOINER}cy, Di\n\n{URL}\n\n#Tag #Two", id="names"),
        pytest.param(
            '{{ date | date("%A, %-d %B, %H:%M") }}', f"Monday, 6 May, 22:00\n\n{URL}\n\n#Tag #Two", id="site's zone"
        ),
        pytest.param(
            "{{ category }}/{{ kind }}/{{ tags | join }}/{{ slug }}/{{ authors[1] }}/{{ summary }} {{ site.url }}",
            f"//t1t2/x/Di/Sum https://conf.example.org\n\n{URL}\n\n#Tag #Two",
            id="all others",
        ),
    ],
)
def test_a_template_decides_the_wording(tmp_path: Path, source: str, text: str) -> None:
    fields: dict[str, Any] = {
        "title": "T @ana",
        "authors": ("@cy", "Di"),
        "hashtags": ("Tag", "Two"),
        "tags": ("t1", "t2"),
    }
    assert toot(template=template(tmp_path, source), summary="Sum", **fields) == text


def test_nobody_named_in_a_post_is_notified() -> None:
    text = toot(title="By @ana", excerpt="With @bo@example.org and @cy.")
    assert find_mentions(text) == []
    assert text.replace(WORD_JOINER, "") == f"By @ana\n\nWith @bo@example.org and @cy.\n\n{URL}"


def test_hashtags_come_from_release_account_and_post_in_this_order() -> None:
    post = replace(POST, hashtags=("#c", "A"))
    text = composed(post, release_tags=("a",), account_tags=("b", "123")).text
    assert find_hashtags(text) == ("#a", "#b", "#c")


def test_a_hashtag_in_the_excerpt_is_not_repeated() -> None:
    assert find_hashtags(toot(excerpt="All about #python here.", hashtags=("Python", "b"))) == ("#python", "#b")


def test_a_loopback_site_shows_its_link_once() -> None:
    url = "http://127.0.0.1:8000/news/x/"
    announcement = composed(replace(POST, url=url))
    assert announcement.text.count(url) == 1
    assert announcement.link == url


@pytest.mark.parametrize(
    ("options", "field", "value"),
    [
        (MastodonOptions(), "language", "en"),
        (MastodonOptions(language="de"), "language", "de"),
        (MastodonOptions(), "visibility", Visibility.UNLISTED),
        (MastodonOptions(visibility=Visibility.DIRECT), "visibility", Visibility.DIRECT),
        (MastodonOptions(), "content_warning", None),
        (MastodonOptions(content_warning=" "), "content_warning", None),
        (MastodonOptions(content_warning=" food "), "content_warning", "food"),
    ],
)
def test_the_post_overrides_the_settings(options: MastodonOptions, field: str, value: object) -> None:
    assert getattr(composed(replace(POST, mastodon=options)), field) == value


@pytest.mark.parametrize(
    ("cover", "pictures", "shown"),
    [
        pytest.param(COVER, 4, (COVER,), id="shown"),
        pytest.param(None, 4, (), id="none"),
        pytest.param(COVER, 0, (), id="server takes none"),
        pytest.param(replace(COVER, path=None, problem="there is no file"), 4, (), id="missing file"),
        pytest.param(replace(COVER, problem="too large"), 4, (), id="with a problem"),
        pytest.param(replace(COVER, alt="word " * 8), 4, (replace(COVER, alt="word word word word word…"),), id="long"),
    ],
)
def test_the_cover_is_shown(cover: Picture | None, pictures: int, shown: tuple[Picture, ...]) -> None:
    limits = Limits(pictures=pictures, description=26)
    assert composed(replace(POST, cover=cover), limits=limits).pictures == shown


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
    limits = Limits(characters=limit)
    assert composed(post, limits=limits).text == shown
    assert shortened_parts(post, **settings(limits=limits)) == parts


def test_a_persons_own_words_are_shortened_too() -> None:
    post = replace(POST, mastodon=MastodonOptions(text="word " * 200), hashtags=("Tag",))
    announcement = composed(post)
    assert announcement.text.endswith(f"word…\n\n{URL}\n\n#Tag")
    assert 490 < announcement.length <= 500
    assert shortened_parts(post, **settings()) == ("mastodon.text",)


def test_a_summary_is_shortened_where_the_template_uses_it(tmp_path: Path) -> None:
    post = replace(POST, summary="word " * 200)
    some: dict[str, Any] = {"templates": template(tmp_path, "{{ title }}: {{ summary }}")}
    assert composed(post, **some).text.endswith(f"word…\n\n{URL}")
    assert shortened_parts(post, **settings(**some)) == ("summary",)


def test_an_excerpt_that_the_template_does_not_use_is_not_called_shortened(tmp_path: Path) -> None:
    post = replace(POST, excerpt="word " * 20_000)
    assert shortened_parts(post, **settings(templates=template(tmp_path, "{{ title }}"))) == ()


def test_the_content_warning_takes_room_from_the_excerpt() -> None:
    post = replace(POST, excerpt="word " * 200, mastodon=MastodonOptions(content_warning="w" * 100))
    announcement = composed(post)
    assert announcement.content_warning == "w" * 100
    assert 490 < announcement.length <= 500


@pytest.mark.parametrize(
    ("fields", "limit"),
    [
        pytest.param({}, 30, id="no room for title and link"),
        pytest.param({"hashtags": ("x" * 480,)}, 500, id="hashtags"),
        pytest.param({"mastodon": MastodonOptions(content_warning="w" * 490)}, 500, id="content warning"),
        pytest.param({"mastodon": MastodonOptions(text="word " * 30)}, 40, id="own words"),
    ],
)
def test_no_room_is_an_error_that_says_what_to_do(fields: dict[str, Any], limit: int) -> None:
    with pytest.raises(ComposeError, match=rf"^posts/x\.md: the toot does not fit into {limit} characters") as caught:
        composed(replace(POST, **fields), limits=Limits(characters=limit))
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"title": "Meet {{ speaker.name }}"}, 'the toot shows a left-over template tag, "{{ speaker.name }}"'),
        ({"excerpt": "See {% url 'x' %} now"}, "the toot shows a left-over template tag, \"{% url 'x' %}\""),
        ({"excerpt": "See {{ url"}, 'the toot shows a left-over template tag, "{{ url'),
        ({"mastodon": MastodonOptions(text="See {{ link }}")}, "the toot shows"),
        ({"mastodon": MastodonOptions(content_warning="{{ x }}")}, "the content warning shows"),
        ({"cover": replace(COVER, alt="{{ x }}")}, "the picture's alt text shows"),
    ],
)
def test_a_left_over_tag_holds_the_toot(fields: dict[str, Any], where: str) -> None:
    with pytest.raises(ComposeError) as caught:
        composed(replace(POST, **fields))
    assert caught.value.message.startswith(f"posts/x.md: {where}")
    assert "held until the tag is resolved" in caught.value.message
    assert caught.value.remedy


def test_a_left_over_tag_that_nobody_sees_does_no_harm(tmp_path: Path) -> None:
    assert toot(template=template(tmp_path, "{{ title }}"), excerpt="{{ x }}") == f"The schedule is out\n\n{URL}"


@pytest.mark.parametrize("fields", [{"title": "", "excerpt": " "}, {"title": "", "excerpt": "", "link": False}])
def test_a_toot_without_words_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ComposeError, match=r"posts/x\.md: the toot would have no words"):
        toot(**fields, hashtags=("Tag",))


def test_a_broken_template_is_named(tmp_path: Path) -> None:
    with pytest.raises(ComposeError, match=r"default\.j2:2: "):
        toot(template=template(tmp_path, "\n{{ titel }}"))


PIECES = st.sampled_from(
    ["word", "Sentence.", "https://example.org/a", "#Tag", "@ana", "@bo@example.org", "日本語", "🇩🇪", ",", "\n\n", "…"]
)
TEXTS = st.one_of(
    st.text(st.characters(exclude_characters="{", exclude_categories=["Cs"]), max_size=900),
    st.lists(PIECES, max_size=150).map(" ".join),
    st.lists(PIECES, max_size=150).map("".join),
)
TITLES = TEXTS.map(lambda text: f"News: {text}")


@given(title=TITLES, excerpt=TEXTS, own=st.none() | TITLES, warning=st.text(max_size=40), room=st.integers(150, 600))
def test_a_toot_never_exceeds_the_limit_and_keeps_its_link(
    title: str, excerpt: str, own: str | None, warning: str, room: int
) -> None:
    warning = warning.replace("{", "")
    options = MastodonOptions(text=own, content_warning=warning)
    post = replace(POST, title=title, excerpt=excerpt, mastodon=options, hashtags=("Tag", "Other"))
    announcement = composed(post, limits=Limits(characters=room))
    text = announcement.text
    assert announcement.length == status_length(text, announcement.content_warning or "", limits=Limits()) <= room
    assert URL in [text[span.start : span.end] for span in find_links(text)]
    assert {"#tag", "#other"} <= {tag.lower() for tag in find_hashtags(text)}
    assert "\n\n\n" not in text
    if own is None:
        assert find_mentions(text) == []
