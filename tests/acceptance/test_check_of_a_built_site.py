"""`announce check --site` as a build calls it: what it says, and its exit codes."""

from __future__ import annotations

import json

import pytest

from tests.support.project import Project


@pytest.fixture
def site(project: Project) -> Project:
    project.write_post("keynote", "2190-03-01 09:00:00", title="Keynote: a name that nobody knows yet")
    project.write_post("tickets", "2020-03-01 09:00:00")
    project.write("_site/news/tickets/index.html", '<a href="/news/tickets/">Tickets</a>')
    return project


def test_a_clean_site_passes(site: Project) -> None:
    done = site.announce("check", "--site", "_site")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "1 post to come looked for in 1 file: 0 errors, 0 warnings, 0 notes\n"


def test_a_post_to_come_is_named_with_its_file_and_stops_the_build(site: Project) -> None:
    site.write("_site/sitemap.xml", "<loc>https://2024.djangocon.us/news/keynote/</loc>")
    done = site.announce("check", "--site", "_site")
    assert done.returncode == 1
    assert "_site/sitemap.xml: holds its address, /news/keynote: keynote (posts/keynote.md) is to come" in done.stdout
    (finding,) = json.loads(site.announce("check", "--site", "_site", "--json").stdout)
    assert (finding["rule"], finding["path"]) == ("site-embargo", "_site/sitemap.xml")
    assert site.announce("check", "--site", "_site", "posts/tickets.md").returncode == 0, "only what is asked for"


def test_a_post_that_cannot_be_read_is_no_clean_site(site: Project) -> None:
    site.write_post("broken", "tomorrow")
    done = site.announce("check", "--site", "_site")
    assert done.returncode == 1
    assert "posts/broken.md:3" in done.stdout


@pytest.mark.parametrize(
    ("folder", "said"), [("nowhere", "does not exist"), (".", "no built site"), ("empty", "no file to read")]
)
def test_a_folder_that_is_no_built_site_is_wrong_use(site: Project, folder: str, said: str) -> None:
    (site.root / "empty").mkdir()
    done = site.announce("check", "--site", folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_check_reminds_of_quiet_hours_and_stops_nothing(site: Project) -> None:
    settings = (site.root / "config/bot.toml").read_text(encoding="utf-8")
    site.write("config/bot.toml", f'{settings}\n[check]\ndaytime = "10:00-18:00"\nmin_gap = "10m"\n')
    site.write_post("panel", "2190-03-01 09:05:00")
    done = site.announce("check")
    assert done.returncode == 0
    assert "posts/keynote.md:3: published_datetime: is released at 09:00 in America/New_York" in done.stdout
    assert "panel is released 5 min after keynote (posts/keynote.md:3)" in done.stdout
