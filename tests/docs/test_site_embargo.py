"""The filters of docs/site-embargo.md, as they stand there, in real builds by the generators themselves."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.check.built_site import scan_site
from bot.config import Config, load_config
from bot.posts.folder import PostFolder
from tests.support.programs import program

PAGE = Path(__file__).parents[2] / "docs" / "site-embargo.md"
HOUR = timedelta(hours=1)
#: Read as UTC, a local datetime of the first comes ten hours early, one of the second nine hours late.
HONOLULU, TOKYO = "Pacific/Honolulu", "Asia/Tokyo"
OUT, SECRET = {"long-ago", "just-now", "with-offset", "quoted"}, {"soon", "soon-with-offset", "soon-quoted", "far"}

LIST = "{% for post in POSTS %}<li>{{ post.TITLE }}</li>{% endfor %}"
LIQUID = LIST.replace("POSTS", "site.news").replace("TITLE", "title")
#: Everything beside the posts that a small site of each generator needs.
SITES: dict[str, dict[str, str]] = {
    "eleventy": {
        "index.njk": LIST.replace("POSTS", "collections.all").replace("TITLE", "data.title"),
        "posts/posts.json": '{"permalink": "/news/{{ page.fileSlug }}/"}',
    },
    "jekyll": {"index.html": f"---\n---\n{LIQUID}"},
    "hugo": dict.fromkeys(
        ("layouts/index.html", "layouts/_default/single.html", "layouts/_default/list.html"),
        "{{ .Title }} {{ range .Site.RegularPages }}<li>{{ .Title }}</li>{{ end }}",
    ),
    "pelican": {
        "more.py": "PATH = 'content'\nARTICLE_SAVE_AS = ARTICLE_URL = 'news/{slug}/index.html'\nSITENAME = 'Conf'\n"
        "SLUGIFY_SOURCE = 'basename'\nAUTHOR = 'A'\nFEED_ALL_ATOM = 'feed.xml'\nSITEURL = 'https://conf.example'\n"
    },
}
FOLDERS = {"eleventy": "posts", "jekyll": "_news", "hugo": "content/news", "pelican": "content"}
COMMANDS = {
    "eleventy": ["--quiet", "--output=site"],
    "jekyll": ["build", "--quiet", "--disable-disk-cache", "--destination", "site"],
    "hugo": ["--quiet", "--destination", "site", "--baseURL", "https://conf.example"],
    "pelican": ["--quiet", "--settings", "pelicanconf.py", "--output", "site"],
}


def written_in_docs(zone: str) -> dict[str, str]:
    """File name → text, of every block that begins with a file's name."""
    blocks = re.findall(
        r"^```\w+\n(?:#|//) (\S+\.\w+)\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    return {name: text.replace("America/New_York", zone) for name, text in blocks}


FILES = {
    "eleventy": ("embargo.js", "eleventy.config.js"),
    "jekyll": ("_plugins/embargo.rb", "_config.yml"),
    "hugo": ("hugo.toml",),
    "pelican": ("plugins/embargo.py", "pelicanconf.py"),
}


def write_posts(folder: Path, zone: str) -> None:
    now = datetime.now(ZoneInfo(zone))
    datetimes = {
        "long-ago": "2020-01-01 09:00:00",
        "just-now": f"{now - HOUR:%Y-%m-%d %H:%M:%S}",
        "with-offset": (now - HOUR).isoformat(" ", "seconds"),
        "quoted": f'"{now - HOUR:%Y-%m-%d %H:%M:%S}"  # Confirmed',
        "soon": f"{now + HOUR:%Y-%m-%d %H:%M:%S}",
        "soon-with-offset": (now + HOUR).isoformat(" ", "seconds"),
        "soon-quoted": f"'{now + HOUR:%Y-%m-%d %H:%M:%S}'",
        "far": "2190-01-01 09:00:00",
    }
    folder.mkdir(parents=True, exist_ok=True)
    for slug, published in datetimes.items():
        matter = f'---\ntitle: "Ein Vortrag von {slug} am Meer"\npublished_datetime: {published}\n---\n'
        (folder / f"{slug}.md").write_text(f"{matter}\nThe words of the post.\n", encoding="utf-8")
    draft = "---\ntitle: Ein Entwurf ohne jede Zeitangabe\ndraft: true\n---\n\nNot yet.\n"
    (folder / "draft.md").write_text(draft, encoding="utf-8")


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., set[str]]:
    """Builds a site; returns the slugs of all posts that are given away, or have their page."""

    def built(generator: str, zone: str, *, instead: tuple[str, str] = ("", "")) -> set[str]:
        command = [program(generator), *COMMANDS[generator]]
        docs = written_in_docs(zone)
        files = {**SITES[generator], **{name: docs[name] for name in FILES[generator]}}
        if generator == "pelican":
            files["pelicanconf.py"] += files.pop("more.py")
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            text = text.replace(*instead) if instead[0] else text
            path.write_text(text, encoding="utf-8")
        write_posts(tmp_path / FOLDERS[generator], zone)
        if generator == "eleventy":
            (tmp_path / "package.json").write_text('{"type": "module"}')
            (tmp_path / "node_modules").symlink_to(Path(command[0]).resolve().parents[2])
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return given_away(tmp_path, zone, FOLDERS[generator])

    return built


def given_away(root: Path, zone: str, posts: str) -> set[str]:
    (root / "config").mkdir()
    settings = f'[site]\ntitle = "Conf"\nurl = "https://conf.example"\ntimezone = "{zone}"\nposts = "{posts}"\n'
    (root / "config/bot.toml").write_text(settings, encoding="utf-8")
    config: Config = load_config(root / "config/bot.toml")
    found = PostFolder(config).scan()
    look = scan_site(root / "site", found.posts, asked=found.posts, released=(), now=datetime.now(UTC))
    leaked = {post.slug for post in found.posts for finding in look.findings if f"({post.path})" in finding.problem}
    return leaked | {slug for slug in OUT if (root / f"site/news/{slug}/index.html").exists()}


@pytest.mark.parametrize("zone", [HONOLULU, TOKYO])
@pytest.mark.parametrize("generator", [pytest.param(name, marks=pytest.mark.needs(name)) for name in SITES])
def test_what_is_to_come_is_in_no_file_and_what_is_out_has_its_page(
    build: Callable[..., set[str]], generator: str, zone: str
) -> None:
    assert build(generator, zone) == OUT


#: With this change to what the docs show, these posts are given away.
WITHOUT_FILTER = [
    ("eleventy", ("  eleventyConfig.addPlugin(embargo);", ""), {*SECRET, "draft"}),
    ("jekyll", (".docs.select!", ""), {*SECRET, "draft"}),
    ("hugo", (f'timeZone = "{HONOLULU}"', ""), {"soon"}),
    ("pelican", ('"skip"', '"draft"'), {*SECRET, "draft"}),
]


@pytest.mark.parametrize(
    ("generator", "instead", "leaked"),
    [pytest.param(*row, marks=pytest.mark.needs(row[0])) for row in WITHOUT_FILTER],
)
def test_without_the_filter_the_check_finds_what_is_to_come(
    build: Callable[..., set[str]], generator: str, instead: tuple[str, str], leaked: set[str]
) -> None:
    assert build(generator, HONOLULU, instead=instead) - OUT >= leaked
