"""What is recognised of small sites of each generator, down to the permalinks of their posts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.config import Config
from bot.config.load import load_text
from bot.operations.setup.proposal import Proposal, propose
from bot.operations.setup.text import settings_text
from bot.posts.folder import PostFolder, Scan
from tests.support.generator_sites import ELEVENTY, HUGO, JEKYLL, JEKYLL_COLLECTION, PELICAN, PLAIN, post, write_site


def proposed(root: Path, files: Mapping[str, str], **changes: str) -> Proposal:
    return propose(write_site(root, {**files, **changes}), timezone="Europe/Oslo")


def scanned(root: Path, found: Proposal) -> tuple[Config, Scan]:
    path = root / "config" / "bot.toml"
    text = settings_text(found).replace('url = ""', 'url = "https://plain.example"')
    config = load_text(text, path)
    return config, PostFolder(config).scan()


def urls(scan: Scan) -> dict[str, str]:
    return {post.slug: post.url for post in scan.posts}


def test_eleventy(tmp_path: Path) -> None:
    found = proposed(tmp_path, ELEVENTY)
    assert (found.layout.generator, found.layout.settings) == ("Eleventy", "eleventy.config.js")
    assert (found.title, found.url, found.timezone) == ("Eleven Conf", "https://eleven.example", "Europe/Oslo")
    assert (found.posts, found.permalink, found.assets) == ("src/posts", "/news/{slug}/", "src")
    config, scan = scanned(tmp_path, found)
    assert scan.faults == ()
    assert urls(scan) == {
        "dated": "https://eleven.example/news/dated/",
        "hello": "https://eleven.example/news/hello/",
    }
    hello = next(post for post in scan.posts if post.slug == "hello")
    assert hello.published is not None
    assert hello.summary == "Said shortly."
    assert hello.cover is not None
    assert hello.cover.alt == "A hand"
    assert config.feeds.path == "/news"


@pytest.mark.parametrize(
    ("template", "permalink"),
    [
        ("/news/{{ page.fileSlug }}/index.html", "/news/{slug}/"),
        ("news/{{page.fileSlug | slugify}}.html", "/news/{slug}.html"),
        ("/{{ page.date | date: '%Y/%m' }}/{{ page.fileSlug }}/", "/{year}/{month}/{slug}/"),
        ("/news/{{ title | slugify }}/", ""),
        ("/news/{% if x %}y{% endif %}/{{ page.fileSlug }}/", ""),
        ("/{{ page.date | date: '%B' }}/{{ page.fileSlug }}/", ""),
    ],
)
def test_eleventys_templates_of_permalinks(tmp_path: Path, template: str, permalink: str) -> None:
    data = f'module.exports = {{ permalink: "{template}" }};'
    files = {name: text for name, text in ELEVENTY.items() if name != "src/posts/posts.json"}
    found = proposed(tmp_path, files, **{"src/posts/posts.11tydata.js": data})
    assert found.permalink_known is bool(permalink)
    assert found.permalink == permalink or not permalink


def test_eleventys_own_rule_and_a_template_in_the_posts(tmp_path: Path) -> None:
    files = {name: text for name, text in ELEVENTY.items() if name != "src/posts/posts.json"}
    assert proposed(tmp_path, files).permalink == "/posts/{folder}/{slug}/"
    own = {"src/posts/own.md": post("title: Own", "date: 2024-01-01", 'permalink: "/n/{{ page.fileSlug }}/"')}
    assert proposed(tmp_path, files, **own).permalink == "/n/{slug}/"


def test_jekyll(tmp_path: Path) -> None:
    found = proposed(tmp_path, JEKYLL)
    assert found.layout.generator == "Jekyll"
    assert (found.url, found.timezone) == ("https://jekyll.example/2024", "Europe/Lisbon")
    assert (found.posts, found.dated_names) == ("_posts", True)
    _, scan = scanned(tmp_path, found)
    assert scan.faults == ()
    assert urls(scan) == {
        "hello-world": "https://jekyll.example/2024/general/2024/01/17/hello-world/",
        "second": "https://jekyll.example/2024/2024/03/01/second/",
        "not-yet": "https://jekyll.example/2024/2024/03/02/not-yet/",
    }
    assert {post.slug: post.published is None for post in scan.posts}["not-yet"]
    cover = scan.posts[0].cover
    assert cover is not None
    assert (cover.alt, cover.url) == ("A hand", "https://jekyll.example/img/a.png")


@pytest.mark.parametrize(
    ("line", "permalink"),
    [
        ("", "/{categories}/{year}/{month}/{day}/{slug}.html"),
        ("permalink: none", "/{categories}/{slug}.html"),
        ("permalink: /blog/:year/:title", "/blog/{year}/{slug}"),
        ("permalink: ordinal", ""),
        ("permalink: /:short_year/:title/", ""),
        ("defaults:\n- scope: {path: '', type: posts}\n  values: {permalink: '/n/:title/'}", "/n/{slug}/"),
        ("defaults:\n- scope: {path: '', type: pages}\n  values: {permalink: '/n/:title/'}\npermalink: none",
         "/{categories}/{slug}.html"),
        ("defaults: [3]\npermalink: [3]", "/{categories}/{year}/{month}/{day}/{slug}.html"),
    ],
)  # fmt: skip
def test_jekylls_styles_of_permalinks(tmp_path: Path, line: str, permalink: str) -> None:
    found = proposed(tmp_path, JEKYLL, **{"_config.yml": f"title: C\nurl: https://c.example\n{line}\n"})
    assert found.permalink_known is bool(permalink)
    assert found.permalink == permalink or not permalink


def test_a_collection_of_jekylls(tmp_path: Path) -> None:
    found = proposed(tmp_path, JEKYLL_COLLECTION)
    assert (found.posts, found.permalink, found.dated_names) == ("_news", "/news/{slug}/", False)
    assert found.naive_is_utc
    assert "2 datetimes without offset: Jekyll reads them as UTC" in found.doubts[0]
    assert "exclude: [config, var, public]" in found.doubts[1], "Jekyll would publish the bot's own folders"
    _, scan = scanned(tmp_path, found)
    assert [str(post.published) for post in scan.posts] == ["2024-01-18 09:00:00+00:00", "2024-01-17 09:00:00+00:00"]


@pytest.mark.parametrize(
    ("name", "text", "publishes"),
    [
        ("_config.yml", "title: C\n", True),
        ("_config.yml", "exclude: [config/, var, x]\n", False),
        ("_config.yml", "source: site\n", False),
        ("eleventy.config.js", "", True),
        (".eleventyignore", "config/\nvar\n", False),
    ],
)
def test_a_generator_that_would_publish_the_bots_own_folders_is_told_of(
    tmp_path: Path, name: str, text: str, publishes: bool
) -> None:
    files = {"eleventy.config.js": "", name: text} if "eleventy" in name else {name: text}
    found = proposed(tmp_path, PLAIN, **files)
    assert any("write" in doubt for doubt in found.doubts) is publishes


def test_hugo(tmp_path: Path) -> None:
    found = proposed(tmp_path, HUGO)
    assert found.layout.generator == "Hugo"
    assert (found.posts, found.permalink) == ("content/news", "/{year}/{slug}/")
    assert not found.naive_is_utc
    config, scan = scanned(tmp_path, found)
    assert scan.faults == ()
    assert urls(scan)["first"] == "https://hugo.example/2024/first/"
    assert urls(scan)["own-name"] == "https://hugo.example/2024/own-name/"
    assert {post.slug for post in scan.posts if post.published is None} == {"later"}
    assert next(post for post in scan.posts if post.slug == "own-name").expires is not None
    assert str(config.feeds.folder) == "static", "Hugo writes the site into public"


@pytest.mark.parametrize(
    ("settings", "permalink"),
    [
        ("", "/news/{folder}/{slug}/"),
        ("uglyURLs = true", "/news/{folder}/{slug}.html"),
        ("[permalinks.page]\nnews = '/n/:filename'", "/n/{slug}/"),
        ("[permalinks]\nnews = '/:section/:contentbasename/'", "/news/{slug}/"),
        ("[permalinks]\nnews = '/:slug/'", ""),
        ("[permalinks]\npost = '/p/:filename/'", "/news/{folder}/{slug}/"),
    ],
)
def test_hugos_permalinks(tmp_path: Path, settings: str, permalink: str) -> None:
    text = f'baseURL = "https://hugo.example/"\n{settings}\n'
    found = proposed(tmp_path, HUGO, **{"hugo.toml": text})
    assert found.permalink_known is bool(permalink)
    assert found.permalink == permalink or not permalink


def test_an_old_name_of_hugos_settings_and_another_programs_of_that_name(tmp_path: Path) -> None:
    posts = {name: text for name, text in HUGO.items() if name != "hugo.toml"}
    assert proposed(tmp_path, posts, **{"config.yaml": "baseURL: https://h.example"}).layout.generator == "Hugo"
    assert proposed(tmp_path, {}, **{"config.yaml": "base_url: https://z.example"}).layout.generator == "plain"


def test_pelican_without_executing_it(tmp_path: Path) -> None:
    found = proposed(tmp_path, PELICAN)
    assert "EXECUTED" not in os.environ
    assert (found.title, found.url, found.timezone) == ("Pelican Conf", "https://pelican.example", "Europe/Madrid")
    assert (found.posts, found.permalink) == ("content", "/noticias/{year}/{slug}/")
    assert "1 Markdown file in content without front matter" in found.doubts[0]
    config, scan = scanned(tmp_path, found)
    assert scan.faults == ()
    assert urls(scan)["hola"] == "https://pelican.example/noticias/2024/hola/"
    assert {post.slug: (post.published is None, post.summary) for post in scan.posts}["hola"] == (False, "Corto")
    assert {post.slug: post.published is None for post in scan.posts}["borrador"]
    assert config.site.language == "es"
    assert config.feeds.path == "/noticias"


@pytest.mark.parametrize(
    ("change", "permalink"),
    [
        ({"SLUGIFY_SOURCE = 'basename'\n": ""}, ""),
        ({"{date:%Y}/": "{date:%b}/"}, ""),
        ({"{date:%Y}/": "{category}/"}, "/noticias/{category}/{slug}/"),
        ({"noticias/{date:%Y}/{slug}/": "{slug}.html"}, "/{slug}.html"),
        ({"ARTICLE_URL = '": "ARTICLE_URL = X + '"}, "/{slug}.html"),
    ],
)
def test_pelicans_addresses(tmp_path: Path, change: dict[str, str], permalink: str) -> None:
    text = PELICAN["pelicanconf.py"]
    for old, new in change.items():
        assert old in text
        text = text.replace(old, new)
    found = proposed(tmp_path, PELICAN, **{"pelicanconf.py": text})
    assert found.permalink_known is bool(permalink)
    assert found.permalink == permalink or not permalink


def test_a_plain_folder_and_an_empty_one(tmp_path: Path) -> None:
    found = proposed(tmp_path / "a", PLAIN)
    assert (found.layout.generator, found.posts, found.timezone) == ("plain", "news", "Europe/Oslo")
    assert dict(found.fields) == {"published_datetime": ("pubDate",)}
    assert not found.permalink_known
    assert (found.url, found.title) == ("", "a")
    (tmp_path / "b").mkdir()
    empty = propose(tmp_path / "b")
    assert (empty.posts, empty.count, empty.timezone) == ("posts", 0, "")


@pytest.mark.parametrize("name", ["_config.yml", "hugo.toml", "pelicanconf.py", "eleventy.config.js"])
@pytest.mark.parametrize("text", ["", "\x00\xff", "[[[", "{" * 5000, "- 3", "permalink: ["])
def test_settings_of_a_site_that_are_broken_or_empty_harm_nobody(tmp_path: Path, name: str, text: str) -> None:
    found = proposed(tmp_path, PLAIN, **{name: text})
    assert found.posts == ("news" if name != "_config.yml" and name != "hugo.toml" else found.posts)
    assert load_text(
        settings_text(found).replace('url = ""', 'url = "https://plain.example"').replace('""', '"UTC"'),
        tmp_path / "config/bot.toml",
    )


def test_a_title_cannot_break_out_of_its_quotes(tmp_path: Path) -> None:
    found = proposed(tmp_path, JEKYLL, **{"_config.yml": 'title: "a\\"\\n[x]\\\\ \\u0007"\nurl: https://c.example\n'})
    config, _ = scanned(tmp_path, found)
    assert config.site.title == 'a"\n[x]\\ \x07'
