"""What people are told of sources: alerts, findings of `check`, and what a rehearsal leaves alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bot.check.settings import check_settings
from bot.config import Config, Source
from bot.domain import Severity, Snapshot
from bot.domain.clock import ManualClock
from bot.planner.alerts import Faults, collect_alerts
from bot.planner.plan import Plan
from bot.posts.git.checkout import checkout_dir_of
from bot.posts.git.status import LASTS, FetchStatus, SourceTrouble, read_fetch_status, write_fetch_status
from bot.runtime.app import make_bot
from bot.runtime.planning import make_composer
from tests.support.scratch_ledger import ScratchLedger
from tests.unit.posts.git.conftest import NOW

MakeConfig = Callable[..., Config]
NEWS = 'git = "https://forge.example/news.git"'
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (FetchStatus(), False),
        (FetchStatus(fetched=NOW), False),
        (FetchStatus(fetched=NOW, failing_since=NOW - LASTS + MINUTE, why="x."), False),
        (FetchStatus(fetched=NOW, failing_since=NOW - LASTS, why="x."), True),
        (FetchStatus(failing_since=NOW, why="x."), True),
    ],
)
def test_a_short_outage_is_no_news(status: FetchStatus, told: bool) -> None:
    assert bool(status.trouble(NOW)) is told


def test_the_first_reason_stays_while_it_lasts_so_that_it_is_told_once() -> None:
    first = FetchStatus(fetched=NOW).after_failure("the host cannot be reached.", NOW)
    later = first.after_failure("the host does not answer in time.", NOW + LASTS)
    assert later.trouble(NOW + LASTS) == "not fetched since 2026-03-10 14:00 UTC: the host cannot be reached."
    assert later.after_success(NOW).trouble(NOW + LASTS) == ""


@pytest.mark.parametrize("content", ["", "{", "[]", '{"fetched": 1, "failing_since": null, "why": ""}', "\0"])
def test_a_status_that_cannot_be_read_is_as_good_as_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "status.json").write_text(content)
    assert read_fetch_status(tmp_path / "status.json") == FetchStatus()


def test_a_status_is_read_as_it_was_written(tmp_path: Path) -> None:
    status = FetchStatus(fetched=NOW, failing_since=NOW + MINUTE, why="the disk is full.")
    write_fetch_status(tmp_path / "status.json", status)
    assert read_fetch_status(tmp_path / "status.json") == status
    assert [path.name for path in tmp_path.iterdir()] == ["status.json"]


@pytest.mark.parametrize(("never", "means"), [(True, "None of its posts"), (False, "stay in force")])
def test_a_cause_says_what_it_means(site_config: MakeConfig, never: bool, means: str) -> None:
    trouble = SourceTrouble(source=Source(git="https://forge.example/news.git"), what="not fetched: x.", never=never)
    compose = make_composer(site_config(), Snapshot())
    (cause,) = collect_alerts(Plan(now=NOW), Faults(sources=[trouble]), posts=(), compose=compose)
    assert cause.what == "the posts of https://forge.example/news.git are not fetched: x."
    assert means in cause.means
    assert not cause.embargoed


def rules(config: Config, **environ: str) -> list[str]:
    return [finding.rule for finding in check_settings(config, environ=environ)]


def test_secrets_that_are_missing_are_found_before_they_are_missed(site_config: MakeConfig) -> None:
    sources = f'[[sources]]\n{NEWS}\ntoken = "env:NEWS"\npush_secret = "env:PUSH"'
    config = site_config(sources=sources, serve='listen = "127.0.0.1:8080"')
    findings = list(check_settings(config, environ={"PUSH": " "}))
    assert [(finding.field, finding.rule) for finding in findings] == [
        ("sources.0.token", "secret-missing"),
        ("sources.0.push_secret", "secret-missing"),
    ]
    assert {finding.severity for finding in findings} == {Severity.WARNING}
    assert rules(config, NEWS="1", PUSH="2") == []


def test_a_push_hook_without_a_server_is_found(site_config: MakeConfig) -> None:
    config = site_config(sources=f'[[sources]]\n{NEWS}\npush_secret = "env:PUSH"')
    assert rules(config, PUSH="2") == ["no-push-hook"]


def test_a_source_that_fails_is_found(site_config: MakeConfig) -> None:
    config = site_config(sources=f"[[sources]]\n{NEWS}")
    place = checkout_dir_of(config, config.sources[0])
    place.make()
    write_fetch_status(place.status, FetchStatus(failing_since=NOW, why="the host cannot be reached."))
    assert rules(config) == ["not-fetched"]


@pytest.mark.parametrize(("fetches", "sources"), [(True, 1), (False, 0)])
def test_a_rehearsal_fetches_nothing(site_config: MakeConfig, fetches: bool, sources: int) -> None:
    config, clock = site_config(sources=f"[[sources]]\n{NEWS}"), ManualClock(NOW)
    bot = make_bot(config, environ={}, clock=clock, ledger=ScratchLedger(clock), reaches_out=fetches)
    assert len(bot.sources.sources) == sources
    assert not bot.context.posts.scan().complete, "what was fetched is looked at all the same"
    bot.close()


def test_without_a_secret_no_push_is_heard_of(site_config: MakeConfig) -> None:
    sources = f'[[sources]]\n{NEWS}\npush_secret = "env:PUSH"'
    clock = ManualClock(NOW)
    for environ, heard in (({"PUSH": "x"}, True), ({"PUSH": ""}, False), ({}, False)):
        bot = make_bot(site_config(sources=sources), environ=environ, clock=clock, ledger=ScratchLedger(clock))
        assert (bot.sources.push_hook() is not None) is heard
        bot.close()
