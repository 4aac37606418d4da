"""A site's own names: front matter keys, dates in file names, page bundles, permalinks, TOML, other words for draft."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.config import Config
from bot.domain import Post
from bot.domain.errors import PostError
from bot.posts.addresses import folders_of, name_of, slug_of, split_date
from bot.posts.folder import PostFolder, Scan
from bot.posts.reader import read_post

MakeConfig = Callable[..., Config]
DATED = "dated_names = true"


def written(config: Config, name: str, text: str) -> Path:
    path = config.posts_folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def read(config: Config, name: str, matter: str) -> Post:
    post = read_post(written(config, name, f"---\n{matter}\n---\n\nWords of the post.\n"), config=config)
    assert post is not None
    return post


def fault(config: Config, name: str, matter: str) -> PostError:
    with pytest.raises(PostError) as caught:
        read(config, name, matter)
    return caught.value


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]  # the zone is no positional argument here


@pytest.mark.parametrize(
    ("path", "plain", "dated"),
    [
        ("posts/tickets.md", "tickets", "tickets"),
        ("posts/2027-01-17-tickets.md", "2027-01-17-tickets", "tickets"),
        ("posts/2027-01-17_tickets.md", "2027-01-17_tickets", "tickets"),
        ("posts/2027-1-17-tickets.md", "2027-1-17-tickets", "2027-1-17-tickets"),
        ("posts/2027-01-17.md", "2027-01-17", "2027-01-17"),
        ("posts/tickets/index.md", "tickets", "tickets"),
        ("posts/2027-01-17-tickets/index.md", "2027-01-17-tickets", "tickets"),
        ("index.md", "index", "index"),
    ],
)
def test_the_slug_is_the_files_name_without_its_date_where_names_are_dated(path: str, plain: str, dated: str) -> None:
    assert name_of(path) == plain
    assert slug_of(path, dated=False) == plain
    assert slug_of(path, dated=True) == dated


def test_a_name_is_parted_into_day_and_slug() -> None:
    assert split_date("2027-01-17-a-b") == ("2027-01-17", "a-b")
    assert split_date("a-b") == ("", "a-b")


@pytest.mark.parametrize(
    ("path", "folders"),
    [
        ("p/a.md", ""),
        ("p/2027/a.md", "2027"),
        ("p/2027/x/a.md", "2027/x"),
        ("p/2027/a/index.md", "2027"),
        ("q/a.md", ""),
    ],
)
def test_the_folders_between_are_told_without_that_of_a_bundle(path: str, folders: str) -> None:
    assert folders_of(path, "p") == folders


def test_a_sites_own_keys_are_read_under_our_names(site_config: MakeConfig) -> None:
    config = site_config(
        posts='[posts.fields]\npublished_datetime = ["publishDate", "date"]\nsummary = "description"\n'
        'cover = "image"\n"cover.alt" = "image_alt"\ncategory = "categories"\n'
    )
    post = read(
        config,
        "a.md",
        "title: Tickets\ndate: 2027-01-17 09:00\ndescription: Buy one.\nimage: https://x.example/a.png\n"
        "image_alt: A ticket\ncategories: [General, Money]",
    )
    assert post.published == utc(2027, 1, 17, 14)
    assert post.summary == "Buy one."
    assert post.cover is not None
    assert (post.cover.url, post.cover.alt) == ("https://x.example/a.png", "A ticket")
    assert post.category == "General", "the first, where ours holds one"
    assert post.findings == ()
    assert post.lines["published_datetime"] == 3
    both = read(config, "b.md", "title: T\ndate: 2027-01-17 09:00\npublishDate: 2027-02-01 09:00")
    assert both.published == utc(2027, 2, 1, 14), "the first of the site's names that has a value"
    ours = read(config, "c.md", "title: T\ndate: 2027-01-17 09:00\npublished_datetime: 2027-03-01 09:00")
    assert ours.published == utc(2027, 3, 1, 14), "our own name wins"


def test_a_nested_key_is_found_by_its_dotted_name(site_config: MakeConfig) -> None:
    config = site_config(posts='[posts.fields]\ncover.url = "image.path"\ncover.alt = "image.alt"\n')
    post = read(config, "a.md", "title: T\nimage:\n  path: https://x.example/a.png\n  alt: A ticket")
    assert post.cover is not None
    assert (post.cover.url, post.cover.alt) == ("https://x.example/a.png", "A ticket")


def test_an_error_and_a_warning_name_the_key_that_stands_in_the_file(site_config: MakeConfig) -> None:
    config = site_config(posts='fields = {published_datetime = "date", cover = "image"}')
    error = fault(config, "a.md", "title: T\ndate: tomorrow")
    assert (error.field, error.line) == ("date", 3)
    assert "published_datetime" not in str(error)
    post = read(config, "b.md", "title: T\ndate: 2027-01-17\nimage:\n  url: https://x.example/a.png")
    assert [(one.rule, one.field, one.line) for one in post.findings] == [
        ("bare-date", "date", 3),
        ("alt-missing", "image", 4),
    ]


def test_a_key_that_is_not_mapped_is_still_a_likely_slip(site_config: MakeConfig) -> None:
    post = read(site_config(posts='fields = {summary = "description"}'), "a.md", "title: T\ncategories: [A]")
    assert [one.rule for one in post.findings] == ["unknown-key"]


def test_the_date_in_a_files_name_counts_where_the_post_has_no_other(site_config: MakeConfig) -> None:
    config = site_config(posts=DATED, release='default_time = "07:00"')
    post = read(config, "2027-01-17-tickets.md", "title: T")
    assert (post.slug, post.published, post.findings) == ("tickets", utc(2027, 1, 17, 12), ())
    assert read(config, "2027-01-18-b.md", "title: T\npublished_datetime: 2027-02-01 09:00").published == utc(
        2027, 2, 1, 14
    )
    assert read(config, "2027-01-18-c.md", "title: T\ndraft: true").published is None
    assert read(config, "about.md", "title: T").published is None
    assert "the file's name" in str(fault(config, "2027-02-30-d.md", "title: T"))
    plain = read(site_config(), "2027-01-17-tickets.md", "title: T")
    assert (plain.slug, plain.published) == ("2027-01-17-tickets", None), "only where the settings say so"


@pytest.mark.parametrize(
    ("matter", "draft"),
    [
        ("published: false", True),
        ("published: no", True),
        ("published: true", False),
        ("status: draft", True),
        ("status: hidden", True),
        ("Status: draft", True),
        ("status: published", False),
        ("draft: true", True),
    ],
)
def test_what_other_generators_call_a_draft_is_one(site_config: MakeConfig, matter: str, draft: bool) -> None:
    post = read(site_config(), "a.md", f"title: T\npublished_datetime: 2027-01-17 09:00\n{matter}")
    assert (post.published is None) is draft
    assert post.findings == ()


@pytest.mark.parametrize(
    ("permalink", "name", "matter", "path"),
    [
        ("/{year}/{month}/{day}/{slug}.html", "a.md", "", "/2027/01/16/a.html"),
        ("/{categories}/{year}/{slug}/", "a.md", "category: Big News", "/big%20news/2027/a/"),
        ("/{categories}/{year}/{slug}/", "a.md", "", "/2027/a/"),
        ("/{category}/{slug}/", "a.md", "category: Big & News", "/big-news/a/"),
        ("/news/{folder}/{slug}/", "2027/a.md", "", "/news/2027/a/"),
        ("/news/{folder}/{slug}/", "a.md", "", "/news/a/"),
        ("/news/{folder}/{slug}/", "2027/a/index.md", "", "/news/2027/a/"),
    ],
)
def test_a_permalink_is_made_of_date_category_and_folder(
    site_config: MakeConfig, permalink: str, name: str, matter: str, path: str
) -> None:
    # 02:00 UTC is still the day before in New York.
    post = read(
        site_config(site=f'permalink = "{permalink}"'),
        name,
        f"title: T\npublished_datetime: 2027-01-17 02:00Z\n{matter}",
    )
    assert post.url == f"https://conf.example{path}"


def test_a_draft_without_a_date_has_a_place_that_shows_it(site_config: MakeConfig) -> None:
    assert read(site_config(site='permalink = "/{year}/{slug}/"'), "a.md", "title: T").url.endswith("/0000/a/")


def test_all_categories_of_a_mapped_key_make_the_address(site_config: MakeConfig) -> None:
    config = site_config(site='permalink = "/{categories}/{slug}/"', posts='fields = {category = "categories"}')
    assert read(config, "a.md", "title: T\ncategories: [A, B]").url == "https://conf.example/a/b/a/"


def test_a_post_may_name_its_slug_or_permalink_where_the_settings_say_so(site_config: MakeConfig) -> None:
    config = site_config(posts='fields = {slug = "slug", permalink = "url"}')
    assert read(config, "a.md", "title: T\nslug: tickets").slug == "tickets"
    assert read(config, "a.md", "title: T\nurl: /own/place/").url == "https://conf.example/own/place/"
    assert read(config, "a.md", "title: T\nurl: /own/índex/index.html").url == "https://conf.example/own/%C3%ADndex/"
    assert read(site_config(), "a.md", "title: T\nslug: tickets\nurl: /x/").url == "https://conf.example/news/a/"


@pytest.mark.parametrize(
    "written", ["own/place/", "/{{ page.slug }}/", "/:year/:title/", "'false'", "//evil.example/x"]
)
def test_a_permalink_that_leads_nowhere_known_is_a_fault(site_config: MakeConfig, written: str) -> None:
    config = site_config(posts='fields = {permalink = "url"}')
    error = fault(config, "a.md", f'title: T\nurl: "{written}"')
    assert (error.field, error.line) == ("url", 3)
    assert "nobody knows where its link leads" in str(error)


def test_a_slug_is_one_part_of_an_address(site_config: MakeConfig) -> None:
    assert fault(site_config(posts='fields = {slug = "slug"}'), "a.md", "title: T\nslug: a/b").field == "slug"


TOML = """+++
title = "Tickets: now"
date = 2027-01-17T09:00:00-05:00
draft = false
tags = ["a", "b"]

[cover]
  url = "https://x.example/a.png"
  alt = '''
Lines
title = "no key"
'''
+++

Words of the post.
"""


def test_toml_front_matter_is_read_with_lines(site_config: MakeConfig) -> None:
    config = site_config(posts='fields = {published_datetime = "date"}')
    post = read_post(written(config, "a.md", TOML), config=config)
    assert post is not None
    assert (post.title, post.published, post.tags) == ("Tickets: now", utc(2027, 1, 17, 14), ("a", "b"))
    assert post.cover is not None
    assert post.cover.alt == 'Lines title = "no key"'
    assert (post.lines["title"], post.lines["date"], post.lines["cover.alt"]) == (2, 3, 9)
    assert post.html == "<p>Words of the post.</p>"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('+++\ntitle = "a"\n', 1, "not closed"),
        ('+++\ntitle = "a"\ndate = \n+++\n', 3, "is not valid TOML at column 8"),
        ('+++\ntitle = "a"\ntitle = "b"\n+++\n', None, "is not valid TOML"),
        ("+++\na = " + "[" * 30 + "]" * 30 + "\n+++\n", 1, "nested too deep"),
        ("+++\na = " + "[" * 3000 + "]" * 3000 + "\n+++\n", 1, "not valid TOML"),
    ],
)
def test_broken_toml_is_a_fault_with_its_line(site_config: MakeConfig, text: str, line: int | None, said: str) -> None:
    config = site_config()
    with pytest.raises(PostError) as caught:
        read_post(written(config, "a.md", text), config=config)
    assert said in str(caught.value)
    assert line is None or caught.value.line == line


@pytest.mark.parametrize("text", ["++++\nx\n", "+++ what\n", "++ \n", " +++\ntitle = 'a'\n+++\n"])
def test_what_only_resembles_toml_is_no_post(site_config: MakeConfig, text: str) -> None:
    config = site_config()
    assert read_post(written(config, "a.md", text), config=config) is None


def scanned(config: Config, **posts: str) -> Scan:
    for name, matter in posts.items():
        written(config, f"{name.replace('__', '/').replace('_', '-')}.md", f"---\n{matter}\n---\n\nWords.\n")
    return PostFolder(config).scan()


def test_the_same_name_in_two_years_is_no_clash_where_the_addresses_differ(site_config: MakeConfig) -> None:
    names = {"x2026_01_17_meetup": "title: A", "x2027_01_17_meetup": "title: B"}
    posts = {name.removeprefix("x"): matter for name, matter in names.items()}
    apart = scanned(site_config(posts=DATED, site='permalink = "/{year}/{slug}/"'), **posts)
    assert [post.url[-13:] for post in apart.posts] == ["/2026/meetup/", "/2027/meetup/"]
    together = scanned(site_config(posts=DATED), **posts)
    assert [post.title for post in together.posts] == ["A"]
    assert "they would share https://conf.example/news/meetup/" in str(together.faults[0])


def test_a_broken_file_with_a_date_keeps_its_slug_from_others(site_config: MakeConfig) -> None:
    found = scanned(site_config(posts=DATED), **{"2026_01_17_meetup": "titel: A", "2027_01_17_meetup": "title: B"})
    assert not found.posts
    assert len(found.faults) == 2
