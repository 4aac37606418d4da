"""What `tick` and `run` write: the lines that people know, JSON for programs, and no word of what is not public yet."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.project import Project

SECRET = "Zaphod Beeblebrox is our keynote"


@pytest.fixture
def coming(project: Project) -> Project:
    """One post that is due, one to come with a fault in it."""
    now = datetime.now(UTC)
    project.write_post("tickets", f"{now - timedelta(minutes=1):%Y-%m-%d %H:%M:%S}+00:00")
    later = f"{now + timedelta(days=9):%Y-%m-%d %H:%M:%S}+00:00"
    project.write_post("surprise", later, title=SECRET, cover="{url: /no-such-file.png, alt: A picture}")
    project.write("posts/half-a-secret.md", "---\ntitle: Half a secret\n")
    return project


def lines_of(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_json_is_one_object_a_line_with_the_fields_of_each_event(coming: Project) -> None:
    done = coming.announce("tick", "--log-format", "json")
    lines = lines_of(done.stdout)
    assert all({"at", "level", "logger", "event", "text"} <= line.keys() for line in lines)
    (sent,) = [line for line in lines if line["event"] == "sent"]
    assert (sent["logger"], sent["level"], sent["slug"]) == ("bot.delivery", "info", "tickets")
    assert sent["detail"].startswith("http")
    assert datetime.fromisoformat(sent["at"]).tzinfo is not None
    assert any(line["event"] == "problem" and line["level"] == "warning" for line in lines)


def test_the_level_says_what_is_written(coming: Project) -> None:
    loud = lines_of(coming.announce("tick", "--log-format", "json", "--log-level", "debug").stdout)
    assert {line["logger"] for line in loud} >= {"bot.runtime", "bot.delivery"}
    # A second cycle follows where the server's limits turn out to be others than those assumed; it releases nothing.
    assert sum(line["released"] for line in loud if line["event"] == "cycle") == 1
    coming.write("posts/half-a-secret.md", "---\ntitle: Another half\n")
    quiet = coming.announce("tick", "--log-level", "error")
    assert (quiet.stdout, quiet.stderr) == ("", "")


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("asked", ["--redact", "CI"])
def test_unreleased_posts_are_opaque_ids(coming: Project, form: str, asked: str) -> None:
    environ, options = ({}, ["--redact"]) if asked == "--redact" else ({"CI": "true"}, [])
    done = coming.announce("tick", "--log-format", form, "--log-level", "debug", *options, environ=environ)
    written = done.stdout + done.stderr
    for word in (SECRET, "surprise", "half-a-secret", "Half a secret"):
        assert word not in written
    assert "about an upcoming post (post-" in written
    assert "tickets" in written, "what is public is named"


def test_on_a_persons_machine_they_are_named(coming: Project) -> None:
    assert "half-a-secret" in coming.announce("tick").stdout


def test_in_a_ci_job_they_are_named_if_so_wanted(coming: Project) -> None:
    assert "half-a-secret" in coming.announce("tick", "--no-redact", environ={"CI": "true"}).stdout


def test_the_service_writes_json_too(coming: Project) -> None:
    running = coming.start("run", "--log-format", "json", "--redact")
    try:
        end = datetime.now(UTC) + timedelta(seconds=30)
        while '"event": "next release"' not in coming.run_log and datetime.now(UTC) < end:
            continue
    finally:
        running.terminate()
        running.wait(timeout=30)
    events = [line["event"] for line in lines_of(coming.run_log)]
    assert events[0] == "started"
    assert events[-1] == "stopped"
    assert "next release" in events
    assert SECRET not in coming.run_log
