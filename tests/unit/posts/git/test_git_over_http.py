"""A repository behind HTTP that asks for a token: it works, and the token is seen by that host alone."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import psutil
import pytest

from bot.config import Config, Source
from bot.domain.clock import SystemClock
from bot.posts.git.checkout import checkout_dir_of
from bot.posts.git.sync import SyncResult
from bot.runtime.git_syncer import GitSyncer, pause_after
from tests.support.git_repositories import GitServer, Repository, git_server
from tests.support.timeouts import patient
from tests.unit.posts.git.conftest import MakeConfig, Pull

TOKEN = "planted-5f1c0a7e-token"
ENVIRON = {"NEWS_TOKEN": TOKEN}
BASIC = base64.b64encode(f"oauth2:{TOKEN}".encode()).decode()


@pytest.fixture
def server(repository: Repository) -> Iterator[GitServer]:
    repository.push_post("one")
    with git_server(repository.folder) as running:
        yield running


@pytest.fixture
def config(sourced: MakeConfig, server: GitServer) -> Config:
    return sourced({"git": f"{server.url}/news.git", "token": "env:NEWS_TOKEN"})


def posts_in(config: Config) -> list[str]:
    return sorted(path.name for path in (checkout_dir_of(config, config.sources[0]).current / "posts").glob("*.md"))


def test_a_public_repository_needs_no_token(sourced: MakeConfig, server: GitServer, fetch: Pull) -> None:
    config = sourced({"git": f"{server.url}/news.git"})
    assert fetch(config).fault == ""
    assert posts_in(config) == ["one.md"]
    assert {authorization for _, authorization in server.seen} == {""}


def test_a_private_repository_is_fetched_with_the_token(
    config: Config, server: GitServer, repository: Repository, fetch: Pull
) -> None:
    server.token = TOKEN
    assert fetch(config, environ=ENVIRON).fault == ""
    repository.push_post("two")
    assert fetch(config, environ=ENVIRON).fault == ""
    assert posts_in(config) == ["one.md", "two.md"]
    assert {authorization for _, authorization in server.seen} == {f"Basic {BASIC}"}
    assert not any(TOKEN in path for path, _ in server.seen)


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"NEWS_TOKEN": "another"}, "the host asks for a token, or refuses the one it got."),
        ({"NEWS_TOKEN": " "}, "the environment variable NEWS_TOKEN is not set, so there is no token."),
        ({}, "the environment variable NEWS_TOKEN is not set, so there is no token."),
    ],
)
def test_a_wrong_or_missing_token_is_told_and_nobody_is_asked(
    config: Config, server: GitServer, fetch: Pull, environ: dict[str, str], words: str
) -> None:
    server.token = TOKEN
    begun = time.monotonic()
    assert fetch(config, environ=environ).fault.startswith(words)
    assert time.monotonic() - begun < 20


def test_a_redirect_is_not_followed_so_no_other_host_gets_the_token(
    config: Config, server: GitServer, repository: Repository, fetch: Pull
) -> None:
    with git_server(repository.folder) as other:
        server.redirect = other.url
        assert fetch(config, environ=ENVIRON).fault == "it has moved to another address."
        assert other.seen == []


def test_a_host_that_is_not_there_leaves_the_posts_in_force(
    config: Config, repository: Repository, fetch: Pull
) -> None:
    gone = config.sources[0].git
    with git_server(repository.folder) as server:
        assert server.url not in gone
    assert fetch(config, environ=ENVIRON).fault == ""
    port = server.url.rpartition(":")[2]
    closed = config.model_copy(
        update={"sources": (config.sources[0].model_copy(update={"git": f"http://127.0.0.1:{port}/news.git"}),)}
    )
    assert fetch(closed, environ=ENVIRON).fault == "the host cannot be reached."
    assert posts_in(config) == ["one.md"]


def all_command_lines() -> Iterator[str]:
    for process in psutil.process_iter():
        try:
            yield " ".join(process.cmdline())
        except psutil.Error:
            continue


def test_the_token_stands_in_no_command_line_file_or_address(
    config: Config, server: GitServer, fetch: Pull, tmp_path: Path
) -> None:
    server.token, server.hold = TOKEN, Event()
    pulling = Thread(target=fetch, args=(config,), kwargs={"environ": ENVIRON})
    pulling.start()
    assert server.arrived.wait(20)
    lines = list(all_command_lines())
    assert any("ls-remote" in line and server.url in line for line in lines), "it is at work at this moment"
    server.hold.set()
    pulling.join()
    assert posts_in(config) == ["one.md"]
    for line in lines:
        assert TOKEN not in line
        assert BASIC not in line
    for path in (tmp_path / "site").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert TOKEN.encode() not in content, path
            assert BASIC.encode() not in content, path


def test_what_git_is_run_with_does_not_show_the_token(config: Config, fetch: Pull) -> None:
    """Not in the words of a fault either, whatever a server says."""
    from bot.posts.git.command import Git

    git = Git(source=config.sources[0], repository=Path("x"), token=TOKEN, until=0)
    assert TOKEN not in repr(git)
    assert TOKEN not in str(git._fault(f"fatal: odd answer {TOKEN}"))
    assert "odd answer ***" in str(git._fault(f"fatal: odd answer {TOKEN}"))


def run(work: Callable[[], object]) -> None:
    work()


@pytest.fixture
def stuck(server: GitServer) -> GitServer:
    server.hold = Event()
    return server


def test_a_host_that_says_nothing_takes_no_longer_than_the_settings_say(
    sourced: MakeConfig, stuck: GitServer, fetch: Pull
) -> None:
    config = sourced({"git": f"{stuck.url}/news.git", "timeout": "1s"})
    begun = time.monotonic()
    assert fetch(config).fault.startswith("it took longer than 1 seconds.")
    assert time.monotonic() - begun < 10
    assert not any("ls-remote" in line and stuck.url in line for line in all_command_lines()), "its helpers end too"


def test_a_stop_ends_what_runs_at_once_and_is_no_failure(config: Config, stuck: GitServer) -> None:
    keeper = GitSyncer(config, environ=ENVIRON, clock=SystemClock(), emit=lambda _: None)
    keeper.start(on_change=lambda: None, supervise=run)
    assert stuck.arrived.wait(20)
    keeper.end()
    assert not [thread for thread in threading.enumerate() if thread.name == "source news"]
    assert keeper.troubles() == ()


def test_a_host_that_hangs_holds_up_the_start_for_a_moment_only(config: Config, stuck: GitServer) -> None:
    keeper = GitSyncer(config, environ=ENVIRON, clock=SystemClock(), emit=lambda _: None)
    keeper.start(on_change=lambda: None, supervise=run)
    assert stuck.arrived.wait(20)
    begun = time.monotonic()
    keeper.wait_for_first(at_most=timedelta(seconds=0.3))
    assert 0.3 <= time.monotonic() - begun < patient(3)
    keeper.end()
    assert not [thread for thread in threading.enumerate() if thread.name == "source news"]


def test_the_start_waits_for_posts_that_were_never_fetched(config: Config, server: GitServer) -> None:
    keeper = GitSyncer(config, environ=ENVIRON, clock=SystemClock(), emit=lambda _: None)
    keeper.start(on_change=lambda: None, supervise=run)
    keeper.wait_for_first()
    assert posts_in(config) == ["one.md"]
    keeper.end()


def wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_push_is_fetched_at_once_and_the_loop_is_told(
    config: Config, server: GitServer, repository: Repository
) -> None:
    (source,) = config.sources
    patient = source.model_copy(update={"every": source.every * 60})
    config = config.model_copy(update={"sources": (patient,)})
    changed: list[float] = []
    keeper = GitSyncer(config, environ=ENVIRON, clock=SystemClock(), emit=lambda _: None)
    keeper.start(on_change=lambda: changed.append(time.monotonic()), supervise=run)
    try:
        wait_for(lambda: changed)
        repository.push_post("two")
        keeper.pushed(patient)
        wait_for(lambda: len(changed) == 2)
        assert posts_in(config) == ["one.md", "two.md"]
    finally:
        keeper.end()


def test_a_push_that_is_told_before_it_can_be_seen_is_fetched_a_little_later(
    config: Config, server: GitServer, repository: Repository, fetch: Pull
) -> None:
    fetch(config, environ=ENVIRON)
    patient = config.sources[0].model_copy(update={"every": timedelta()})
    config = config.model_copy(update={"sources": (patient,)})
    keeper = GitSyncer(config, environ=ENVIRON, clock=SystemClock(), emit=lambda _: None)
    asked = len(server.seen)
    keeper.pushed(patient)
    changed = Event()
    keeper.start(on_change=changed.set, supervise=run)
    wait_for(lambda: len(server.seen) > asked)
    repository.push_post("two")
    try:
        assert changed.wait(20)
        assert posts_in(config) == ["one.md", "two.md"]
    finally:
        keeper.end()


@pytest.mark.parametrize(
    ("every", "fault", "changed", "was_pushed", "pause"),
    [
        (60, "", False, False, 60),
        (60, "", True, True, 60),
        (60, "", False, True, 5),
        (3600, "away", False, False, 60),
        (10, "away", False, True, 10),
        (0, "", False, False, None),
        (0, "", True, True, None),
        (0, "", False, True, 5),
        (0, "away", False, False, 60),
    ],
)
def test_how_long_it_waits_for_the_next_look(
    every: int, fault: str, changed: bool, was_pushed: bool, pause: int | None
) -> None:
    source = Source(git="https://forge.example/news.git", every=timedelta(seconds=every))
    pulled = SyncResult(source=source, commit="1", changed=changed, fault=fault)
    expected = None if pause is None else timedelta(seconds=pause)
    assert pause_after(pulled, was_pushed=was_pushed) == expected
