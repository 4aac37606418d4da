"""A person's word on the command line: its effect on the timeline and the feeds, and what it refuses."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.sandbox.faults import Fault
from tests.fakes.mastodon_server import FakeMastodon
from tests.support.project import Project, Timeline

WORDS = ("publish", "hold", "release", "skip", "retry")
FUTURE = "2199-07-16 06:00:00"


@pytest.fixture(autouse=True)
def ada(project: Project) -> None:
    """The person at the terminal (Python asks LOGNAME first), and settings that make nobody wait."""
    project.environ["LOGNAME"] = "ada"
    settings = project.root / "config/bot.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace('spacing = "2m"', 'spacing = "off"'), encoding="utf-8")


def ago(**distance: int) -> str:
    return f"{datetime.now(UTC) - timedelta(**distance):%Y-%m-%d %H:%M:%S}+00:00"


def said(project: Project, *arguments: str) -> str:
    """What a command that goes well says."""
    done = project.announce(*arguments, "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def refused(project: Project, *arguments: str) -> str:
    """The one clear line by which a command refuses."""
    before = log(project)
    done = project.announce(*arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("announce: nothing was changed: ")
    assert log(project) == before
    return line


def tick(project: Project, *, code: int = 0) -> str:
    done = project.announce("tick")
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def log(project: Project) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = json.loads(project.announce("log", "--json").stdout)
    return events


def decided(project: Project) -> list[tuple[str, str]]:
    """What the log says that a person decided: what, and on which post."""
    events = [event for event in log(project) if event["who"]]
    assert {event["who"] for event in events} <= {"ada"}
    return [(event["what"], event["slug"]) for event in events]


def in_feeds(project: Project, slug: str) -> bool:
    return f"/news/{slug}/" in (project.root / "public/news/rss.xml").read_text(encoding="utf-8")


def queue(project: Project) -> dict[str, tuple[str, str]]:
    items = json.loads(project.announce("queue", "--all", "--json").stdout)
    return {item["slug"]: (item["verdict"], item["reason"]) for item in items}


def test_hold_keeps_a_post_back_until_release(project: Project, timeline: Timeline) -> None:
    project.write_post("other", ago(minutes=1))
    project.write_post("one", ago(minutes=1))
    assert "is not released and not tooted until `announce release`" in said(project, "hold", "one")
    assert said(project, "hold", "one"), "holding twice does no harm"
    tick(project)
    assert not in_feeds(project, "one")
    assert in_feeds(project, "other")
    assert len(timeline()) == 1
    assert queue(project)["one"] == ("held", "held by ada")

    assert "goes out now" in said(project, "release", "one")
    tick(project)
    tick(project)
    assert in_feeds(project, "one")
    assert len(timeline()) == 2
    assert "tooted already" in refused(project, "release", "one", "--yes")
    assert "tooted already" in refused(project, "hold", "one", "--yes")
    assert decided(project) == [("held", "one"), ("held", "one"), ("let go", "one")]


def test_a_post_to_come_is_held_beyond_its_datetime(project: Project, timeline: Timeline) -> None:
    project.write_post("other", ago(minutes=1))
    due = datetime.now(UTC) + timedelta(seconds=4)
    project.write_post("one", f"{due:%Y-%m-%d %H:%M:%S}+00:00")
    said(project, "hold", "one")
    assert queue(project)["one"] == ("held", "held by ada")
    while datetime.now(UTC) <= due:
        time.sleep(0.1)
    tick(project)
    assert not in_feeds(project, "one")
    assert len(timeline()) == 1
    said(project, "release", "one")
    tick(project)
    assert len(timeline()) == 2


def test_publish_sends_what_is_too_late(project: Project, timeline: Timeline) -> None:
    project.write_post("late", ago(days=10))
    tick(project)
    assert in_feeds(project, "late")
    assert timeline() == []
    assert "catch_up" in queue(project)["late"][1]

    assert "goes out now" in said(project, "publish", "late")
    said(project, "publish", "late")
    tick(project)
    tick(project)
    assert len(timeline()) == 1
    assert "tooted already" in refused(project, "publish", "late", "--yes")
    assert decided(project) == [("ordered", "late"), ("ordered", "late")]


def test_publish_of_a_post_to_come_needs_early(project: Project, timeline: Timeline) -> None:
    project.write_post("coming", FUTURE)
    assert "add --early" in refused(project, "publish", "coming", "--yes")
    tick(project)
    assert timeline() == []

    said(project, "publish", "coming", "--early")
    tick(project)
    assert in_feeds(project, "coming")
    assert "2199" not in (project.root / "public/news/atom.xml").read_text(encoding="utf-8")
    assert len(timeline()) == 1
    assert "nothing new" in tick(project)
    (event,) = [event for event in log(project) if event["who"]]
    assert (event["what"], event["detail"]) == ("ordered", "before its datetime")


def test_skip_keeps_the_toot_back_and_the_entry_in(project: Project, timeline: Timeline) -> None:
    project.write_post("one", ago(minutes=1))
    assert "enters the feeds and is not tooted" in said(project, "skip", "one")
    said(project, "skip", "one")
    tick(project)
    tick(project)
    assert in_feeds(project, "one")
    assert timeline() == []
    assert queue(project)["one"] == ("skipped", "skipped by ada")

    said(project, "publish", "one")
    tick(project)
    assert len(timeline()) == 1
    assert "tooted already" in refused(project, "skip", "one", "--yes")
    assert decided(project) == [("skipped", "one"), ("skipped", "one"), ("ordered", "one")]


def test_retry_tries_again_what_was_given_up(project: Project, timeline: Timeline, server: FakeMastodon) -> None:
    settings = project.root / "config/bot.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("[release]", '[release]\ngive_up_after = "1s"'), encoding="utf-8")
    project.write_post("one", ago(minutes=1))
    assert "nothing of it was rejected or given up" in refused(project, "retry", "one", "--yes")
    server.faults.switch([Fault(on="* /api/*", do="503", times=None)])
    assert " blocked " in tick(project, code=1)
    time.sleep(1.1)
    assert " held " in tick(project, code=1)
    assert queue(project)["one"][0] == "held"
    server.faults.switch()
    tick(project)
    assert timeline() == [], "it waits for a person"

    assert "is tried again now" in said(project, "retry", "one")
    tick(project)
    assert len(timeline()) == 1
    assert "nothing of it was rejected or given up" in refused(project, "retry", "one", "--yes")
    assert decided(project) == [("to be tried again", "one")]


def test_pause_stops_everything_until_resume(project: Project, timeline: Timeline) -> None:
    project.write_post("one", ago(minutes=1))
    said(project, "pause")
    assert "paused already, by ada" in refused(project, "pause", "--yes")
    tick(project, code=1)
    assert timeline() == []
    assert not (project.root / "public/news/rss.xml").exists() or not in_feeds(project, "one")
    assert "Nothing is released: paused by ada" in project.announce("queue").stdout

    assert "the pause ends (paused by ada" in said(project, "resume")
    assert said(project, "resume") == "Nothing is paused, and the brake holds nothing.\n"
    tick(project)
    assert in_feeds(project, "one")
    assert len(timeline()) == 1
    assert decided(project) == [("paused", ""), ("resumed", "")]


def test_resume_leaves_what_a_person_holds(project: Project, timeline: Timeline) -> None:
    project.write_post("one", ago(minutes=1))
    said(project, "hold", "one")
    said(project, "pause")
    said(project, "resume")
    tick(project)
    assert timeline() == []


@pytest.mark.parametrize("word", WORDS)
def test_a_word_on_what_is_no_post_is_refused(project: Project, word: str) -> None:
    project.write_post("draft", "")
    project.write("posts/draft.md", '---\ntitle: "A draft"\n---\nWords.\n')
    assert "it is a draft" in refused(project, word, "draft", "--yes")
    done = project.announce(word, "drift", "--yes")
    assert done.returncode == 2
    assert done.stderr == 'announce: there is no post drift. Did you mean "draft"?\n'


@pytest.mark.parametrize("word", [*WORDS, "pause", "resume"])
def test_without_a_terminal_a_word_needs_yes(project: Project, word: str, timeline: Timeline) -> None:
    project.write_post("one", ago(minutes=1))
    project.write_post("late", ago(days=10))
    tick(project)
    project.write_post("two", ago(minutes=1))
    slug = {"publish": ["late"], "retry": ["two"], "pause": [], "resume": []}.get(word, ["two"])
    prepare(project, word)
    line = refused(project, word, *slug)
    assert line in (
        "announce: nothing was changed: there is no terminal to confirm on. Use --yes to confirm.",
        "announce: nothing was changed: nothing of it was rejected or given up.",
    )
    assert word == "retry" or "--yes" in line


def prepare(project: Project, word: str) -> None:
    if word == "release":
        said(project, "hold", "two")
    if word == "resume":
        said(project, "pause")


def at_a_terminal(project: Project, *arguments: str, answer: str) -> tuple[int, str]:
    """Run a command at a terminal, answer its question; the exit code and everything on the screen."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        project.command(*arguments),
        cwd=project.root,
        env={**project.environ, "TZ": "UTC"},
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    screen, answered, end = b"", False, time.monotonic() + 30
    try:
        while time.monotonic() < end:
            if select.select([master], [], [], 0.2)[0]:
                try:
                    piece = os.read(master, 4096)
                except OSError:  # the program has left
                    break
                if not piece:
                    break
                screen += piece
            if not answered and b"[y/N]" in screen:
                os.write(master, f"{answer}\n".encode())
                answered = True
    finally:
        os.close(master)
        process.kill() if time.monotonic() >= end else None
        code = process.wait(timeout=30)
    return code, screen.decode()


def test_at_a_terminal_it_asks_once_more(project: Project, timeline: Timeline) -> None:
    project.write_post("one", ago(minutes=1))
    code, screen = at_a_terminal(project, "hold", "one", answer="n")
    assert code == 130
    assert "one (News of the day) is not released" in screen
    assert "Do this? [y/N]" in screen
    assert "Stopped." in screen
    assert log(project) == []

    code, screen = at_a_terminal(project, "hold", "one", answer="y")
    assert code == 0
    assert "Done." in screen
    assert decided(project) == [("held", "one")]
    code, screen = at_a_terminal(project, "hold", "one", "--yes", answer="n")
    assert code == 0
    assert "[y/N]" not in screen


def test_a_word_answers_in_json_too(project: Project) -> None:
    project.write_post("one", ago(minutes=1))
    told = {
        "hold": [{"slug": "one", "account": "", "what": "held"}],
        "release": [{"slug": "one", "account": "", "what": "let go"}],
        "skip": [{"slug": "one", "account": "", "what": "skipped"}],
        "publish": [{"slug": "one", "account": "", "what": "ordered"}],
        "pause": [{"slug": "", "account": "", "what": "paused"}],
        "resume": [{"slug": "", "account": "", "what": "resumed"}],
    }
    for word, expected in told.items():
        slug = [] if word in ("pause", "resume") else ["one"]
        assert json.loads(said(project, word, *slug, "--json")) == expected


def test_the_log_names_the_person_in_plain_text(project: Project) -> None:
    project.write_post("one", ago(minutes=1))
    said(project, "hold", "one")
    assert project.announce("log").stdout.rstrip().endswith("held  one  by ada")
