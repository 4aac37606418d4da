"""`announce run` notices whatever becomes of its files. One process lives through many events, each in turn."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.sandbox.faults import Fault
from tests.acceptance.test_service import wait_for
from tests.fakes.mastodon_server import FakeMastodon
from tests.support.project import Project, Running, Timeline
from tests.support.timeouts import patient

RSS = "public/news/rss.xml"
EMBARGO = timedelta(days=40)


def local(moment: datetime) -> str:
    return f"{moment.astimezone(ZoneInfo('America/New_York')):%Y-%m-%d %H:%M:%S}"


OLD = local(datetime.now(UTC) - timedelta(days=30))  # too late for a toot, so that the feed alone shows it


@contextmanager
def running(project: Project, *, ends: bool = False) -> Iterator[Running]:
    process = project.start("run")
    try:
        wait_for(lambda: "next:" in project.run_log)
        yield process
        assert ends or process.poll() is None, project.run_log
    finally:
        process.kill()
        process.wait()


def shows(project: Project, words: str) -> bool:
    return words in (project.root / RSS).read_text(encoding="utf-8")


def post(title: str) -> str:
    return f'---\ntitle: "{title}"\npublished_datetime: {OLD}\n---\n\nWords enough to be a paragraph of their own.\n'


def test_each_way_to_change_a_file_is_noticed(project: Project) -> None:
    project.write("posts/one.md", post("The first of all"))
    posts = project.root / "posts"
    with running(project):
        wait_for(lambda: shows(project, "The first of all"))

        # As editors save: a new file beside it, then renamed over it.
        (posts / ".one.md.swp").write_text(post("Saved by an editor"))
        os.replace(posts / ".one.md.swp", posts / "one.md")
        wait_for(lambda: shows(project, "Saved by an editor"), seconds=patient(3))

        # In pieces, as over a slow line: nothing is read before it is whole.
        with (posts / "one.md").open("w") as file:
            for piece in post("Written in seven pieces and more").partition("seven"):
                file.write(piece)
                file.flush()
                os.fsync(file.fileno())
        wait_for(lambda: shows(project, "Written in seven pieces"), seconds=patient(3))

        # A whole folder at once, two deep, as a branch brings it.
        made = project.root / "made"
        for number in range(300):
            project.write(f"made/deep/n{number:03}.md", post(f"Of many, number {number}"))
        made.rename(posts / "2027")
        wait_for(lambda: "300 older posts into the feeds" in project.run_log)  # in one pass

        (posts / "2027/deep/n299.md").write_text(post("In a folder that is new"))
        wait_for(lambda: shows(project, "In a folder that is new"), seconds=patient(3))

        # The folder itself replaced by another one.
        shutil.copytree(posts, project.root / "other")
        posts.rename(project.root / "before")
        (project.root / "other").rename(posts)
        (posts / "one.md").write_text(post("In the folder that came instead"))
        wait_for(lambda: shows(project, "In the folder that came instead"), seconds=patient(5))
        (posts / "one.md").write_text(post("And watched as before"))
        wait_for(lambda: shows(project, "And watched as before"), seconds=patient(5))
    assert "problem" not in project.run_log


def test_a_linked_folder_that_is_swapped_is_noticed(project: Project) -> None:
    """As Kubernetes swaps a ConfigMap: posts → ..data → ..2027_01, all links."""
    for name in ("v1", "v2"):
        project.write(f"{name}/one.md", post(f"From {name}"))
    shutil.rmtree(project.root / "posts", ignore_errors=True)
    (project.root / "data").symlink_to("v1")
    (project.root / "posts").symlink_to("data")
    with running(project):
        wait_for(lambda: shows(project, "From v1"))
        (project.root / "new").symlink_to("v2")
        os.replace(project.root / "new", project.root / "data")
        wait_for(lambda: shows(project, "From v2"), seconds=patient(5))
        (project.root / "v2/one.md").write_text(post("Written in v2"))
        wait_for(lambda: shows(project, "Written in v2"), seconds=patient(3))


def test_posts_that_vanish_are_held_and_asked_about_and_never_cancelled(project: Project) -> None:
    project.write("posts/one.md", post("Still there"))
    for number in range(4):
        project.write_post(f"next-{number}", local(datetime.now(UTC) + EMBARGO), title=f"To come {number}")
    posts, away = project.root / "posts", project.root / "away"
    with running(project):
        wait_for(lambda: shows(project, "Still there"))
        posts.rename(away)
        wait_for(lambda: "posts: there is no such folder" in project.run_log, seconds=patient(5))
        posts.mkdir()
        wait_for(lambda: "4 of 4 upcoming posts are gone" in project.run_log, seconds=patient(5))
        assert shows(project, "Still there")
        posts.rmdir()
        away.rename(posts)
        wait_for(lambda: "solved  4 of 4 upcoming posts are gone" in project.run_log, seconds=patient(5))
        (posts / "one.md").write_text(post("Back again"))
        wait_for(lambda: shows(project, "Back again"), seconds=patient(5))
    assert "is gone: its toot stays" not in project.run_log


def test_templates_people_and_settings_are_taken_up(project: Project, timeline: Timeline) -> None:
    config = project.root / "config/bot.toml"
    good = config.read_text()
    with running(project, ends=True) as process:
        project.write("config/templates/default.txt", "Listen: {{ title }}\n")
        project.write_post("first", local(datetime.now(UTC)), title="A first one")
        wait_for(timeline)
        assert "Listen: A first one" in timeline()[0]["content"]

        config.write_text(good.replace("[site]", "[sight]"))
        wait_for(lambda: "the settings have changed and cannot be used" in project.run_log, seconds=patient(5))
        assert "sight" in project.run_log
        config.write_text(good)
        wait_for(lambda: "the settings are as the bot knows them again" in project.run_log, seconds=patient(5))

        config.write_text(good.replace('title = "DjangoCon US 2024"', 'title = "Another name"'))
        wait_for(lambda: "settings or tokens have changed: starting anew" in project.run_log, seconds=patient(5))
        wait_for(lambda: shows(project, "Another name"), seconds=patient(5))
        process.terminate()
        assert process.wait(timeout=10) == 0
        assert project.run_log.rstrip().endswith("stopped")


def test_a_new_login_is_taken_up(project: Project, server: FakeMastodon, timeline: Timeline) -> None:
    server.faults.switch([Fault(on="POST /api/v1/statuses", do="unauthorized-401", times=None)])
    with running(project, ends=True):
        project.write_post("first", local(datetime.now(UTC)), title="A first one")
        wait_for(lambda: "blocked" in project.run_log)
        server.faults.switch()
        project.write("config/tokens/main.token", "a-new-token\n")
        wait_for(lambda: "settings or tokens have changed: starting anew" in project.run_log, seconds=patient(5))
        wait_for(timeline, seconds=patient(5))


@pytest.fixture
def blind(tmp_path: Path) -> str:
    """A `watchdog` that tells nothing, as on a network folder."""
    package = tmp_path / "blind" / "watchdog"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError('no events here')\n")
    return str(package.parent)


def test_without_events_a_small_folder_is_followed_within_a_second_or_so(project: Project, blind: str) -> None:
    project.write("posts/one.md", post("The first of all"))
    project.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [blind, project.environ.get("PYTHONPATH", "")]))
    with running(project):
        wait_for(lambda: shows(project, "The first of all"))
        (project.root / "posts/one.md").write_text(post("Found by looking"))
        wait_for(lambda: shows(project, "Found by looking"), seconds=patient(3))
