"""`announce init` in sites of each generator: then check, queue and tick work there, and nothing old is tooted."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.fakes.mastodon_server import FakeMastodon
from tests.support.generator_sites import ELEVENTY, HUGO, JEKYLL, PELICAN, PLAIN, post, write_site
from tests.support.project import Project, Timeline


@pytest.fixture
def site(tmp_path: Path, server: FakeMastodon) -> Project:
    return Project(root=tmp_path, server=server.url)


FLAGS = ("--url", "https://conf.example", "--timezone", "Europe/Oslo")


@pytest.mark.parametrize(
    ("files", "flags", "said", "coming", "link"),
    [
        (ELEVENTY, FLAGS[2:], "2 posts, all past: nothing will be tooted.", "src/posts/x.md", "https://eleven.example/news/x/"),
        (JEKYLL, (), "3 posts: 2 past, 1 draft.", "_posts/2198-01-01-x.md", "https://jekyll.example/2024/2199/01/01/x/"),
        (HUGO, (), "3 posts: 2 past, 1 draft.", "content/news/x/index.md", "https://hugo.example/2199/x/"),
        (PELICAN, (), "2 posts: 1 past, 1 draft.", "content/x.md", "https://pelican.example/noticias/2199/x/"),
        (PLAIN, (*FLAGS, "--permalink", "/n/{slug}.html"), "2 posts, all past: nothing will be tooted.", "news/x.md",
         "https://conf.example/n/x.html"),
    ],
    ids=["eleventy", "jekyll", "hugo", "pelican", "plain"],
)  # fmt: skip
def test_after_init_everything_works_and_nothing_old_is_tooted(
    site: Project,
    timeline: Timeline,
    files: Mapping[str, str],
    flags: tuple[str, ...],
    said: str,
    coming: str,
    link: str,
) -> None:
    write_site(site.root, files)
    done = site.announce("init", *flags)
    assert done.returncode == 0, done.stderr
    assert said in done.stdout
    assert "Next: `announce check`" in done.stdout
    assert site.announce("check").returncode == 0

    settings = site.root / "config/bot.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(f'{text}\n[accounts.main]\nserver = "{site.server}"\n', encoding="utf-8")
    key = "pubDate" if "pubDate" in text else "Date" if '"Date"' in text else "date"
    title = "Title" if key == "Date" else "title"
    site.write(coming, post(f"{title}: A thing to come", f"{key}: 2199-01-01 12:00:00"))
    assert "A thing to come" in site.announce("queue").stdout
    assert link in site.announce("preview", "x").stdout
    ticked = site.announce("tick")
    assert ticked.returncode == 0, ticked.stdout + ticked.stderr
    assert timeline() == []
    assert (site.root / text.partition('folder = "')[2].partition('"')[0]).is_dir()


def test_settings_that_are_there_stay_unless_forced(site: Project) -> None:
    write_site(site.root, PLAIN)
    flags = (*FLAGS, "--permalink", "/news/{slug}/")
    assert site.announce("init", *flags).returncode == 0
    settings = site.root / "config/bot.toml"
    settings.write_text("mine", encoding="utf-8")
    again = site.announce("init", *flags)
    assert again.returncode == 2
    assert "config/bot.toml is there already; nothing was changed." in again.stderr
    assert settings.read_text(encoding="utf-8") == "mine"
    assert site.announce("init", *flags, "--force").returncode == 0
    assert "Europe/Oslo" in settings.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ((), "the url of the site is not known. Name it with --url."),
        (("--url", "conf.example", *FLAGS[2:]), "site.url:"),
        ((*FLAGS[:2], "--timezone", "Mars/Base"), '"Mars/Base" is not a timezone'),
        ((*FLAGS, "--posts", "nowhere"), "there is no folder nowhere"),
        ((*FLAGS, "--permalink", "{slug}"), 'it must begin with "/"'),
        ((*FLAGS, "--acct", "conf"), "is not an account's address"),
    ],
)
def test_what_is_missing_or_wrong_is_one_line_and_writes_nothing(
    site: Project, flags: tuple[str, ...], said: str
) -> None:
    write_site(site.root, PLAIN)
    done = site.announce("init", *flags)
    assert done.returncode == 2, done.stdout
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (site.root / "config").exists()


def test_a_post_of_today_is_named_before_it_is_tooted(site: Project) -> None:
    write_site(site.root, PLAIN)
    site.write("news/today.md", post("title: Today", time.strftime("pubDate: %Y-%m-%d %H:%M:%SZ", time.gmtime())))
    done = site.announce("init", *FLAGS, "--permalink", "/n/{slug}/", "--acct", "@conf@social.example")
    assert "3 posts: 2 past, 1 of the last days." in done.stdout
    assert "A first `announce tick` would toot these at once: today." in done.stdout
    assert "Next: `announce login main`," in done.stdout
    assert 'acct = "@conf@social.example"' in (site.root / "config/bot.toml").read_text(encoding="utf-8")


def test_on_a_terminal_it_asks_and_takes_what_is_found_for_an_empty_answer(site: Project) -> None:
    write_site(site.root, ELEVENTY)
    terminal, other = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "init"],
        cwd=site.root,
        env={**site.environ, "TZ": "Europe/Oslo"},
        stdin=other,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    os.close(other)
    os.write(terminal, b"My Conf\n\n\n\n")
    said, _ = process.communicate(timeout=60)
    os.close(terminal)
    assert process.returncode == 0, said
    text = (site.root / "config/bot.toml").read_text(encoding="utf-8")
    assert 'title = "My Conf"' in text
    assert 'url = "https://eleven.example"' in text
    assert 'timezone = "Europe/Oslo"' in text
