"""Reminders, by `announce tick` at their instants: each once, after the toot, and nowhere to be seen before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.clock import ManualClock
from tests.fakes.mastodon_server import FakeMastodon
from tests.support.project import SETTINGS, Project

OPENED = datetime(2026, 1, 12, 14, 0, tzinfo=UTC)
CLOSES = "2026-01-20 23:59 AoE"  # 21 January, 11:59 UTC
WEEK = datetime(2026, 1, 14, 11, 59, tzinfo=UTC)
DAY = datetime(2026, 1, 20, 11, 59, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
REMINDERS = """
  - id: week
    before: 1w
    text: One more week for your talk
  - id: day
    before: 1 day before deadline
    template: last-call
    reply: true"""


class Stage:
    """A project and a server whose clocks go together."""

    def __init__(self, project: Project, server: FakeMastodon, clock: ManualClock) -> None:
        self.project, self.server, self.clock = project, server, clock

    def write(self, **more: str) -> None:
        given = {"deadline": CLOSES, "reminders": REMINDERS, **more}
        self.project.write_post("cfp", f"{OPENED:%Y-%m-%d %H:%M:%S}+00:00", title="The call is open", **given)

    def announce(self, moment: datetime, *arguments: str) -> str:
        self.clock.step_to(moment)
        done = self.project.announce(*arguments, at=f"{moment:%Y-%m-%d %H:%M:%S}")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def tick(self, moment: datetime) -> str:
        return self.announce(moment, "tick")

    def lose_ledger(self) -> None:
        for path in (self.project.root / "var").iterdir():
            path.unlink()

    @property
    def shown(self) -> list[tuple[str, str | None]]:
        """Each toot's first words, and what it answers."""
        statuses = sorted(self.server.store.statuses(), key=lambda status: status.created_at)
        return [(status.draft.text.partition("\n")[0], status.target.in_reply_to_id) for status in statuses]

    @property
    def public(self) -> dict[str, bytes]:
        """Everything that the site shows."""
        root = self.project.root / "public"
        return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    clock = ManualClock(OPENED)
    with FakeMastodon(clock=clock) as server:
        project = Project(root=tmp_path, server=server.url)
        project.write("config/bot.toml", SETTINGS.format(server=server.url))
        project.write("config/templates/last-call.txt", 'Until {{ deadline | date("%d %B, %H:%M") }}: {{ title }}')
        stage = Stage(project, server, clock)
        stage.write()
        yield stage


TOOT, WEEK_LEFT = "The call is open", "One more week for your talk"
LAST = f"Until 21 January, 06:59: {TOOT}"


@pytest.mark.needs("faketime")
def test_each_goes_out_once_whatever_becomes_of_the_ledger(stage: Stage) -> None:
    stage.tick(OPENED)
    before = stage.public
    stage.tick(WEEK - timedelta(minutes=1))
    assert stage.shown == [(TOOT, None)]
    assert "sent  cfp (reminder:week)" in stage.tick(WEEK)
    stage.lose_ledger()
    said = stage.tick(WEEK + MINUTE) + stage.tick(WEEK + 3 * MINUTE)
    assert "found  cfp → " in said
    assert "found  cfp (reminder:week) → " in said
    assert "sent" not in said
    stage.write(reminders=REMINDERS.replace("One more", "Just one more"))
    stage.tick(DAY)
    toot = min(stage.server.store.statuses(), key=lambda status: status.created_at)
    assert stage.shown == [(TOOT, None), (f"Just {WEEK_LEFT[0].lower()}{WEEK_LEFT[1:]}", None), (LAST, toot.id)]
    assert stage.public == before, "no feed knows of reminders, nor does syndication.json"
    stage.write(withdrawn="true")
    stage.tick(DAY + MINUTE)
    assert stage.shown == []


def test_people_see_them_coming_and_what_is_wrong_with_them(project: Project) -> None:
    def write(reminders: str) -> None:
        project.write_post(
            "cfp", "2199-01-12 09:00:00", title="The call is open", deadline="2199-01-20 AoE", reminders=reminders
        )

    project.write("config/templates/last-call.txt", 'Until {{ deadline | date("%d %B, %H:%M") }}: {{ title }}')
    write(REMINDERS)
    preview = project.announce("preview", "cfp").stdout
    assert all(words in preview for words in ("Reminder week: ", WEEK_LEFT, LAST, "an answer to the toot"))
    document = json.loads(project.announce("preview", "cfp", "--json").stdout)
    assert [one["reminder_id"] for one in document["reminders"]] == ["week", "day"]
    assert "cfp (reminder week)" in project.announce("queue").stdout
    assert project.announce("check").returncode == 0

    write(REMINDERS.replace("last-call", "lost-call").replace("One more", "One more " * 90))
    said = project.announce("check").stdout
    assert "reminder week does not fit whole into a toot of 500 characters" in said
    assert "posts/cfp.md:9: reminders: reminder day would be held: there is no template" in said
