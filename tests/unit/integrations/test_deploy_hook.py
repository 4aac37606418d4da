"""The deploy hook on loopback: what hosts want to see, one call for what is owed, tries that outlive us, secrets."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.config import Release
from bot.domain import Event
from bot.domain.clock import ManualClock
from bot.http.client import WebClient
from bot.http.policy import ConnectPolicy, anywhere
from bot.integrations.deploy_hook import BACKOFF, REPORT_AFTER, DeployHookCaller
from bot.ledger.contract import Ledger
from bot.ledger.sqlite import SqliteLedger
from tests.support.conference_site import Call, ConferenceSite, conference_site
from tests.support.scratch_ledger import ScratchLedger

NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
SECRET = "S3CRET"
GITHUB = {
    "Accept": "application/vnd.github+json",
    "X-GitHub-Api-Version": "2022-11-28",
    "Authorization": "Bearer env:GITHUB_TOKEN",
}


@pytest.fixture
def site() -> Iterator[ConferenceSite]:
    with conference_site() as running:
        yield running


@dataclass
class Stage:
    """A site with a hook, a ledger, and the one who calls."""

    site: ConferenceSite
    path: str = f"/hooks/{SECRET}"
    settings: dict[str, Any] = field(default_factory=dict)
    environ: dict[str, str] = field(default_factory=dict)
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))
    said: list[Event] = field(default_factory=list)
    ledger: Ledger = field(init=False)
    deploy: DeployHookCaller = field(init=False)

    def __post_init__(self) -> None:
        self.ledger = ScratchLedger(self.clock)
        self.environ = {"HOOK": f"{self.site.url}{self.path}", "GITHUB_TOKEN": SECRET, **self.environ}
        self.restart()

    def restart(self) -> None:
        self.deploy = DeployHookCaller(
            Release(**{"deploy_hook": "env:HOOK", **self.settings}),
            environ=self.environ,
            web=WebClient(ConnectPolicy(may_reach=anywhere, schemes=("https", "http"))),
            ledger=self.ledger,
            clock=self.clock,
            emit=self.said.append,
        )

    def call(self, after: timedelta = timedelta(), *, patient: bool = True, **words: str) -> timedelta | None:
        self.clock.advance(after)
        return self.deploy.call(words, patient=patient)

    def everything_told(self) -> str:
        return repr((self.said, self.deploy.trouble, self.ledger.events(limit=99)))


def as_github(call: Call) -> int:
    """What api.github.com answers to a dispatch (REST API, version 2022-11-28)."""
    if call.headers.get("authorization") != f"Bearer {SECRET}":
        return 401
    if not call.headers.get("user-agent"):
        return 403
    if call.headers.get("x-github-api-version") != "2022-11-28" or "github" not in call.headers.get("accept", ""):
        return 400
    wanted = "ref" if call.path.endswith("/dispatches") and "/workflows/" in call.path else "event_type"
    return 204 if wanted in call.said else 422


def documented() -> list[dict[str, Any]]:
    """The settings of the deploy hook that docs/hosting.md shows."""
    text = (Path(__file__).parents[3] / "docs/hosting.md").read_text(encoding="utf-8")
    blocks = [tomllib.loads(block) for block in re.findall(r"^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)]
    return [block["release"] for block in blocks if "deploy_hook" in block.get("release", {})]


DOCUMENTED = {hook: release for release in documented() if (hook := release["deploy_hook"]).startswith("https:")}


@pytest.mark.parametrize("hook", DOCUMENTED)
def test_github_takes_the_call_of_the_documented_settings(site: ConferenceSite, hook: str) -> None:
    site.accepts = as_github
    path = hook.removeprefix("https://api.github.com")
    stage = Stage(site, path, {**DOCUMENTED[hook], "deploy_hook": "env:HOOK"})
    assert stage.call(tickets="1") is None
    (call,) = site.calls
    assert (call.path, call.headers["content-type"]) == (path, "application/json")


def test_both_kinds_of_dispatches_are_documented() -> None:
    assert len(DOCUMENTED) == 2


def test_a_plain_hook_gets_a_plain_post(site: ConferenceSite) -> None:
    """Netlify's build hooks and others: the address is the secret."""
    stage = Stage(site)
    assert stage.call(tickets="1") is None
    (call,) = site.calls
    assert (call.path, call.body, call.headers["content-length"]) == (stage.path, b"", "0")
    assert "authorization" not in call.headers


def test_several_posts_are_one_call_and_what_was_called_for_is_not_called_for_again(site: ConferenceSite) -> None:
    stage = Stage(site)
    stage.call(a="1", b="1")
    stage.call(a="1", b="1")
    assert len(site.calls) == 1
    assert [(event.kind.value, event.detail) for event in stage.said] == [("deploy hook called", "2 posts")]
    stage.call(a="1", b="2")
    assert len(site.calls) == 2, "after an edit"
    stage.restart()
    stage.call(a="1", b="2")
    assert len(site.calls) == 2, "nor after a restart"


def test_what_was_never_shown_need_not_be_taken_away(site: ConferenceSite) -> None:
    stage = Stage(site)
    stage.call(a="hidden")
    assert site.calls == []
    stage.call(a="1")
    stage.call(a="hidden")
    assert len(site.calls) == 2


def test_without_a_hook_nobody_is_called_and_nothing_waits_for_it(site: ConferenceSite) -> None:
    stage = Stage(site, settings={"deploy_hook": None})
    assert stage.call(a="1") is None
    assert stage.deploy.is_answered({"b": "1"})
    assert site.calls == []


def test_a_call_that_fails_is_tried_again_with_growing_pauses_and_outlives_a_restart(
    site: ConferenceSite, tmp_path: Path
) -> None:
    stage = Stage(site)
    stage.ledger = SqliteLedger(tmp_path / "ledger.db", stage.clock)
    stage.restart()
    site.answers = [503] * 9
    pauses = [stage.call(a="1") or timedelta()]
    while len(site.calls) < 9:
        assert stage.call(pauses[-1] - timedelta(seconds=1), a="1") == timedelta(seconds=1)
        pauses.append(stage.call(timedelta(seconds=1), a="1") or timedelta())
    assert pauses[:2] == [BACKOFF.first, 2 * BACKOFF.first]
    assert pauses[-1] == BACKOFF.longest
    stage.restart()
    assert stage.call(a="1") is None
    assert len(site.calls) == 10
    assert stage.deploy.trouble == ""
    stage.ledger.close()


def test_what_is_new_is_called_for_at_once_however_long_it_was_in_vain(site: ConferenceSite) -> None:
    stage = Stage(site)
    site.answers = [500]
    stage.call(a="1")
    assert stage.call(a="1", b="1") is None
    assert len(site.calls) == 2


def test_pages_wait_until_the_hook_was_tried(site: ConferenceSite) -> None:
    stage = Stage(site)
    site.answers = [500]
    assert not stage.deploy.is_answered({"a": "1"})
    stage.call(a="1")
    assert stage.deploy.is_answered({"a": "1"})
    assert not stage.deploy.is_answered({"a": "1", "b": "1"})


@pytest.mark.parametrize(
    ("answer", "patient", "told_at_once"),
    [(404, True, True), (307, True, True), (503, True, False), (503, False, True)],
)
def test_a_clear_no_is_told_at_once_and_other_trouble_when_it_lasts(
    site: ConferenceSite, answer: int, patient: bool, told_at_once: bool
) -> None:
    stage = Stage(site)
    site.answers = [answer] * 20
    stage.call(patient=patient, a="1")
    assert bool(stage.deploy.trouble) is told_at_once
    stage.call(REPORT_AFTER, patient=patient, a="1")
    assert (
        stage.deploy.trouble
        == f"the deploy hook does not take the call, so the site is not built: it answered {answer}"
    )
    site.answers.clear()
    stage.call(BACKOFF.longest, a="1")
    assert stage.deploy.trouble == ""


@pytest.mark.parametrize(
    ("environ", "settings", "told"),
    [
        ({"HOOK": ""}, {}, "the environment variable HOOK is not set"),
        ({"GITHUB_TOKEN": ""}, {"deploy_headers": GITHUB}, "the environment variable GITHUB_TOKEN is not set"),
        ({"GITHUB_TOKEN": f"{SECRET}\nX: y"}, {"deploy_headers": GITHUB}, "cannot be sent as a header"),
        ({"GITHUB_TOKEN": f"{SECRET}ü"}, {"deploy_headers": GITHUB}, "cannot be sent as a header"),
        ({"HOOK": SECRET}, {}, "it has an address that cannot be called"),
        ({"HOOK": f"https://me:{SECRET}@127.0.0.1:9/"}, {}, "it has an address that cannot be called"),
        ({"HOOK": f"http://127.0.0.1:9/{SECRET}"}, {}, "it gave no answer"),
        ({"HOOK": f"http://{SECRET}.invalid/"}, {}, "it gave no answer"),
    ],
)
def test_no_trouble_tells_a_secret(
    site: ConferenceSite, environ: dict[str, str], settings: dict[str, Any], told: str
) -> None:
    stage = Stage(site, settings=settings, environ=environ)
    assert stage.call(patient=False, a="1") == BACKOFF.first
    assert told in stage.deploy.trouble
    assert SECRET not in stage.everything_told()
    assert site.calls == []
