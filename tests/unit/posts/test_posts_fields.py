"""Front matter keys → the Post's fields, errors and findings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.config import Config
from bot.domain import MastodonOptions, Missed, Post, Severity, Visibility
from bot.domain.errors import PostError
from bot.posts.frontmatter.keys import guess_key
from bot.posts.reader import parse_post, read_post

Parse = Callable[..., Post]


def rules(post: Post) -> list[str]:
    return [finding.rule for finding in post.findings]


def test_every_key_finds_its_field(parse: Parse) -> None:
    post = parse(
        """
title: "Schedule: it is out"
author: [Ada, Bea]
category: Program
tags: [schedule, talks, schedule]
kind: schedule
published_datetime: 2024-07-16 06:00:00
updated_datetime: 2024-07-17 06:00:00
summary: All the talks.
id: tag:heron.example,2024:schedule
hashtags: "#Heron, Talks"
link: no
hidden: yes
language: pt-BR
mastodon:
    text: |
        Line one

        Line two
    visibility: Unlisted
    content_warning: Flashing
    language: de
    skip: true
""",
        "Text.",
    )
    assert post.title == "Schedule: it is out"
    assert post.authors == ("Ada", "Bea")
    assert (post.category, post.kind, post.language) == ("Program", "schedule", "pt-BR")
    assert post.tags == ("schedule", "talks")
    assert post.published == datetime(2024, 7, 16, 10, tzinfo=UTC)
    assert post.updated == datetime(2024, 7, 17, 10, tzinfo=UTC)
    assert (post.excerpt, post.summary) == ("All the talks.", "All the talks.")
    assert post.post_id == "tag:heron.example,2024:schedule"
    assert post.hashtags == ("#Heron", "Talks")
    assert (post.link, post.hidden) == (False, True)
    assert post.mastodon == MastodonOptions(
        text="Line one\n\nLine two",
        visibility=Visibility.UNLISTED,
        content_warning="Flashing",
        language="de",
        skip=True,
    )
    assert post.findings == ()
    assert (post.lines["title"], post.lines["mastodon.text"]) == (3, 17)


def test_a_title_is_all_that_a_post_needs(parse: Parse, config: Config) -> None:
    post = parse(slug="good news")
    assert (post.path, post.slug) == (Path("posts/good news.md"), "good news")
    assert post.url == post.post_id == "https://heron.example/news/good%20news/"
    assert (post.published, post.updated, post.cover, post.category, post.kind) == (None,) * 5
    assert (post.authors, post.tags, post.hashtags, post.html, post.excerpt) == ((), (), (), "", "")
    assert (post.link, post.hidden, post.language, post.mastodon) == (True, False, "en", MastodonOptions())
    assert post.findings == ()


def test_the_site_names_the_author_of_posts_that_name_none(config: Config) -> None:
    config = config.model_copy(update={"site": config.site.model_copy(update={"author": "Heron team"})})
    for matter, authors in (("title: A", ("Heron team",)), ("title: A\nauthor: Ada", ("Ada",))):
        post = parse_post(f"---\n{matter}\n---\n".encode(), path=Path("a.md"), slug="a", config=config)
        assert post is not None
        assert post.authors == authors


@pytest.mark.parametrize(
    ("matter", "field", "value"),
    [
        ("title: 2024", "title", "2024"),
        ("title: Yes", "title", "Yes"),
        ("title: >\n  One\n  two\n\n  three\n", "title", "One two three"),
        ("title: '  A  '", "title", "A"),
        ("author: Ada, PhD", "authors", ("Ada, PhD",)),
        ("author: [Ada, null, '']", "authors", ("Ada",)),
        ("tags: a, b,,c ", "tags", ("a", "b", "c")),
        ("tags: [2024, a]", "tags", ("2024", "a")),
        ("tags: null", "tags", ()),
        ("hashtags: one two,three", "hashtags", ("one", "two", "three")),
        ("hashtags: ['#one', two]", "hashtags", ("#one", "two")),
        ("link: 'false'", "link", False),
        ("link: null", "link", True),
        ("hidden: On", "hidden", True),
        ("mastodon: null", "mastodon", MastodonOptions()),
        ("language: no", "language", "no"),
        ("title: [a]", "title", PostError),
        ("title: {a: b}", "title", PostError),
        ("title: null", "title", PostError),
        ("title: ' '", "title", PostError),
        ("author: {name: Ada}", "author", PostError),
        ("author: [[Ada]]", "author", PostError),
        ("category: [a, b]", "category", PostError),
        ("tags: {a: b}", "tags", PostError),
        ("tags: [{a: b}]", "tags", PostError),
        ("kind: []", "kind", PostError),
        ("published_datetime: [2024-07-16]", "published_datetime", PostError),
        ("published_datetime: soon", "published_datetime", PostError),
        ("published_datetime: 2024-03-10 02:30", "published_datetime", PostError),
        ("updated_datetime: soon", "updated_datetime", PostError),
        ("cover: [a]", "cover", PostError),
        ("cover:\n  url: [a]", "cover.url", PostError),
        ("cover:\n  url: /a.png\n  alt: [a]", "cover.alt", PostError),
        ("cover: 'javascript:alert(1)'", "cover", PostError),
        ("cover: 'http://['", "cover", PostError),
        ("cover:\n  url: data:image/png;base64,x", "cover.url", PostError),
        ("summary: [a]", "summary", PostError),
        ("id: [a]", "id", PostError),
        ("id: two words", "id", PostError),
        ("hashtags: {a: b}", "hashtags", PostError),
        ("link: maybe", "link", PostError),
        ("link: 1", "link", PostError),
        ("hidden: [true]", "hidden", PostError),
        ("draft: soon", "draft", PostError),
        ("language: English, please", "language", PostError),
        ("withdrawn: [a]", "withdrawn", PostError),
        ("mastodon: false", "mastodon", PostError),
        ("mastodon: [a]", "mastodon", PostError),
        ("mastodon:\n  text: [a]", "mastodon.text", PostError),
        ("mastodon:\n  visibility: loud", "mastodon.visibility", PostError),
        ("mastodon:\n  skip: perhaps", "mastodon.skip", PostError),
        ("mastodon:\n  language: '?'", "mastodon.language", PostError),
    ],
)
def test_types(parse: Parse, config: Config, matter: str, field: str, value: object) -> None:
    if value is not PostError:
        assert getattr(parse(matter), field) == value
        return
    with pytest.raises(PostError) as caught:
        parse(matter)
    error = caught.value
    title = "title" not in matter
    assert error.field == field
    assert error.line == 2 + title + matter.count("\n", 0, matter.index(field.rpartition(".")[2]))
    assert error.remedy
    assert error.path == Path("posts/news.md")


def test_a_visibility_error_names_the_known_ones(parse: Parse) -> None:
    with pytest.raises(PostError, match="public, unlisted, private, direct"):
        parse("mastodon:\n  visibility: loud")


@pytest.mark.parametrize(
    ("key", "said"), [("titel", 'Did you mean it with "titel"? Write "title".'), ("name", "Write title:")]
)
def test_a_missing_title_is_an_error_that_knows_slips(config: Config, key: str, said: str) -> None:
    with pytest.raises(PostError) as caught:
        parse_post(f"---\n{key}: A\n---\n".encode(), path=Path("a.md"), slug="a", config=config)
    assert caught.value.field == "title"
    assert said in caught.value.remedy


@pytest.mark.parametrize(
    ("matter", "field", "meant"),
    [
        ("publishd_datetime: 2024-07-16", "publishd_datetime", "published_datetime"),
        ("published-datetime: 2024-07-16", "published-datetime", "published_datetime"),
        ("published: 2024-07-16", "published", "published_datetime"),
        ("title: A\ntitel: B", "titel", "title"),
        ("title: A\nTitle: B", "Title", "title"),
        ("authors: Ada", "authors", "author"),
        ("catgory: A", "catgory", "category"),
        ("lang: de", "lang", "language"),
        ("mastadon:\n  skip: true", "mastadon", "mastodon"),
        ("expire: 2024-07-16", "expire", "expires"),
        ("cover_alt: A", "cover_alt", "cover.alt"),
        ("mastodon:\n  visiblity: public", "mastodon.visiblity", "visibility"),
    ],
)
def test_a_key_that_is_nearly_ours_is_warned_of(parse: Parse, matter: str, field: str, meant: str) -> None:
    (finding,) = parse(matter).findings
    assert (finding.rule, finding.severity, finding.field) == ("unknown-key", Severity.WARNING, field)
    assert finding.remedy == f'Did you mean "{meant}"?'
    assert finding.line is not None


def test_an_unknown_key_of_the_cover_is_warned_of_if_it_is_nearly_ours(parse: Parse) -> None:
    post = parse("cover:\n  url: https://else.example/a.png\n  atl: A\n  credit: Ada")
    assert [(f.rule, f.field) for f in post.findings] == [("alt-missing", "cover"), ("unknown-key", "cover.atl")]


def test_any_unknown_key_for_mastodon_is_warned_of(parse: Parse) -> None:
    (finding,) = parse("mastodon:\n  boost: [a, b]").findings
    assert (finding.rule, finding.field) == ("unknown-key", "mastodon.boost")
    assert finding.remedy.startswith("Known here: text, visibility, content_warning, sensitive, language, skip, thread")


@pytest.mark.parametrize(
    "key",
    [
        "layout",
        "permalink",
        "order",
        "deadline",
        "draft",
        "description",
        "eleventyNavigation",
        "pagination",
        "weight",
        "slug",
        "series",
        "links",
        "images",
        "aliases",
        "featured",
        "pinned",
        "keywords",
        "toc",
        "comments",
        "type",
        "url",
        "locale",
        "redirect_from",
        "thumbnail",
        "color",
        "time",
        "subtitle",
    ],
)
def test_keys_of_sites_are_no_slips(key: str) -> None:
    assert guess_key(key) is None


@pytest.mark.parametrize(("written", "reason"), [("true", ""), ("yes", ""), ("the room is gone", "the room is gone")])
def test_a_withdrawn_post_leaves_the_feeds_with_its_reason(parse: Parse, written: str, reason: str) -> None:
    post = parse(f"withdrawn: {written}\npublished_datetime: 2024-07-16 06:00")
    assert (post.hidden, post.withdrawn) == (True, reason)
    assert post.published is not None
    assert post.findings == ()


def test_expires_is_a_datetime_like_any_other(parse: Parse) -> None:
    assert parse("expires: 2024-07-16 06:00").expires == datetime(2024, 7, 16, 10, tzinfo=UTC)
    with pytest.raises(PostError, match="expires"):
        parse("expires: soon")


@pytest.mark.parametrize(("written", "meant"), [("skip", Missed.SKIP), ("Hold", Missed.HOLD), ("post", Missed.POST)])
def test_if_missed_is_one_of_three_words(parse: Parse, written: str, meant: Missed) -> None:
    assert parse(f"if_missed: {written}").if_missed is meant
    with pytest.raises(PostError, match="Write post, skip or hold"):
        parse("if_missed: later")


@pytest.mark.parametrize("written", ["false", "null", "no"])
def test_a_post_that_is_not_withdrawn_stays(parse: Parse, written: str) -> None:
    post = parse(f"withdrawn: {written}")
    assert (post.hidden, post.withdrawn, post.findings) == (False, None, ())


@pytest.mark.parametrize(("written", "is_draft"), [("true", True), ("false", False), ("null", False)])
def test_a_draft_has_no_publish_datetime(parse: Parse, written: str, is_draft: bool) -> None:
    assert (parse(f"draft: {written}\npublished_datetime: 2024-07-16 06:00").published is None) == is_draft


@pytest.mark.parametrize(
    ("matter", "found"),
    [
        ("published_datetime: 2024-07-16", ("bare-date", "published_datetime")),
        ("published_datetime: 2024-11-03 01:30", ("repeated-time", "published_datetime")),
        ("published_datetime: 2024-12-06 06:00-04:00", ("datetime-offset", "published_datetime")),
        ("updated_datetime: 2024-12-06 06:00-04:00", ("datetime-offset", "updated_datetime")),
        ("date: 2024-07-16", ("date-ignored", "date")),
        ("hashtags: #one", ("hashtags-empty", "hashtags")),
        ("title: The {{ x }}", ("template-tag", "title")),
        ("summary: The {{ x }}", ("template-tag", "summary")),
        ("cover: /{{ x }}.png", ("template-tag", "cover")),
        ("cover:\n  alt: A", ("cover-missing", "cover")),
    ],
)
def test_what_is_odd_is_warned_of(parse: Parse, matter: str, found: tuple[str, str]) -> None:
    (finding,) = parse(matter).findings
    assert (finding.rule, finding.field) == found
    assert finding.severity is Severity.WARNING
    assert finding.line == (2 if "title" in matter else 3)
    assert finding.path == Path("posts/news.md")
    assert finding.remedy


@pytest.mark.parametrize("matter", ["date: 2024-07-16\npublished_datetime: 2024-07-16 06:00", "date: x\ndraft: true"])
def test_a_date_beside_a_publish_datetime_or_in_a_draft_is_fine(parse: Parse, matter: str) -> None:
    assert parse(matter).findings == ()


def test_findings_come_in_the_order_of_the_file(parse: Parse) -> None:
    post = parse("updated_datetime: 2024-07-17\npublished_datetime: 2024-07-16\nlang: de\nimage: /no.png", "{{ x }}")
    assert rules(post) == ["bare-date", "bare-date", "unknown-key", "alt-missing", "cover-missing", "template-tag"]
    assert [finding.line for finding in post.findings] == [3, 4, 5, 6, 6, 8]


def test_a_tag_in_the_title_stays_for_the_toot_to_be_held(parse: Parse) -> None:
    assert parse("title: What {% block %} does").title == "What {% block %} does"


def test_left_over_tags_are_one_finding_with_the_first_line(parse: Parse) -> None:
    (finding,) = parse("", "One\n\n`{{ code }}` and {{ first }}\n\n[x]({% url %})").findings
    assert (finding.rule, finding.line) == ("template-tag", 7)
    assert finding.problem.startswith("{{ first }} is a template tag, the first of 2;")


def test_a_file_is_read_from_disk(config: Config) -> None:
    path = config.posts_folder / "sub" / "news.md"
    path.parent.mkdir()
    path.write_text("---\ntitle: A\n---\n")
    post = read_post(path, config=config)
    assert post is not None
    assert (post.slug, post.path) == ("news", Path("posts/sub/news.md"))


def test_a_file_without_front_matter_is_no_post(config: Config) -> None:
    path = config.posts_folder / "README.md"
    path.write_text("# How to write posts\n")
    assert read_post(path, config=config) is None


def test_a_file_that_is_not_there_is_an_error(config: Config) -> None:
    with pytest.raises(PostError, match=r"posts/none\.md: cannot be read: No such file"):
        read_post(config.posts_folder / "none.md", config=config)


def test_a_path_outside_of_the_project_is_shown_whole(config: Config) -> None:
    post = parse_post(b"---\ntitle: A\n---\n", path=Path("/elsewhere/a.md"), slug="a", config=config)
    assert post is not None
    assert post.path == Path("/elsewhere/a.md")


def test_a_name_that_is_not_utf_8_is_an_error_that_can_be_printed(config: Config) -> None:
    with pytest.raises(PostError, match="not UTF-8") as caught:
        parse_post(b"---\ntitle: A\n---\n", path=Path("a\udcff.md"), slug="a\udcff", config=config)
    str(caught.value).encode()


@pytest.mark.parametrize(
    ("matter", "order", "rules"),
    [
        ("", 0, []),
        ("order: 3", 3, []),
        ("order: -1", -1, []),
        ("order: first", 0, ["order"]),
        ("order: 1.5", 0, ["order"]),
        ("order: [1]", 0, ["order"]),
    ],
)
def test_order_is_a_whole_number_and_another_one_is_no_error(
    parse: Parse, matter: str, order: int, rules: list[str]
) -> None:
    post = parse(matter)
    assert (post.order, [finding.rule for finding in post.findings]) == (order, rules)
