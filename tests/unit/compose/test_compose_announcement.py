from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.compose import ComposeContext, Templates, compose, status_length
from bot.compose.hashtags import find_hashtags
from bot.compose.mentions import WORD_JOINER, find_mentions
from bot.config import Account, Release, Site
from bot.config.text_files import read_templates
from bot.domain import Announcement, Limits, MastodonOptions, Picture, Post, Visibility
from bot.domain.errors import ComposeError
from tests.support.digests import both

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
    digests=both("d"),
)
COVER = Picture(url="https://conf.example.org/a.png", path=Path("a.png"), alt="A hall full of people.")


def context(
    *,
    limits: Limits = Limits(),  # noqa: B008 - immutable
    templates: Templates | None = None,
    account_tags: tuple[str, ...] = (),
    release_tags: tuple[str, ...] = (),
) -> ComposeContext:
    return ComposeContext(
        account=Account(server="http://127.0.0.1:3000", visibility=Visibility.UNLISTED, hashtags=account_tags),
        site=SITE,
        release=Release(hashtags=release_tags),
        limits=limits,
        templates=templates or Templates(),
    )


def composed(post: Post, **some: Any) -> Announcement:
    return compose(post, context(**some))


def toot(options: MastodonOptions | None = None, *, template: Templates | None = None, **fields: Any) -> str:
    post = replace(POST, mastodon=options or MastodonOptions(), **fields)
    return composed(post, templates=template).text


def template(folder: Path, text: str) -> Templates:
    (folder / "default.j2").write_text(text, encoding="utf-8")
    return Templates.of(read_templates(folder))


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
        pytest.param({"excerpt": "a\n\n\nb", "title": "T"}, f"T\n\na\n\nb\n\n{URL}", id="two empty lines"),
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
    words: dict[str, Any] = {"title": "T @ana", "summary": "Sum", "authors": ("@cy", "Di"), "tags": ("t1", "t2")}
    assert toot(template=template(tmp_path, source), hashtags=("Tag", "Two"), **words) == text


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


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"title": "Meet {{ speaker.name }}"}, 'the toot shows a left-over template tag, "{{ speaker.name }}"'),
        ({"excerpt": "See {% url 'x' %} now"}, "the toot shows a left-over template tag, \"{% url 'x' %}\""),
        ({"title": "{{ tag\n" + "x" * 70 + " }}"}, f'the toot shows a left-over template tag, "{{{{ tag {"x" * 53}…"'),
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


def test_a_tag_is_never_cut_so_that_it_would_go_unnoticed() -> None:
    text = toot(excerpt="word " * 88 + "{{ a.tag.of.some.length }}")
    assert "{{" not in text
    assert "word…" in text


def test_a_left_over_tag_that_nobody_sees_does_no_harm(tmp_path: Path) -> None:
    assert toot(template=template(tmp_path, "{{ title }}"), excerpt="{{ x }}") == f"The schedule is out\n\n{URL}"


@pytest.mark.parametrize("fields", [{"title": "", "excerpt": " "}, {"title": "", "excerpt": "", "link": False}])
def test_a_toot_without_words_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ComposeError, match=r"posts/x\.md: the toot would have no words"):
        toot(**fields, hashtags=("Tag",))


def test_a_broken_template_is_named(tmp_path: Path) -> None:
    with pytest.raises(ComposeError, match=r"default\.j2:2: "):
        toot(template=template(tmp_path, "\n{{ titel }}"))
