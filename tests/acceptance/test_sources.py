"""A team merges on a forge and does nothing else: the real command line, real repositories, the sandbox."""

from __future__ import annotations

import hashlib
import hmac
import shutil
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import httpx
import pytest

from tests.acceptance.test_hosting import free_port, running, wait_for
from tests.support.git_repositories import GitServer, Repository, git, git_server, post_text
from tests.support.listeners import listening_webhook
from tests.support.project import Project, Running, Timeline
from tests.support.timeouts import patient

TOKEN = "planted-token-5f1c0a7e"
SECRET = "planted-secret-77aa01"


@pytest.fixture
def private(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "forge", name="embargoed-news")


@pytest.fixture
def forge(private: Repository) -> Iterator[GitServer]:
    """The team's forge; nothing is read there without the token."""
    private.write("posts/.gitkeep", "")
    private.push()
    with git_server(private.folder) as server:
        server.token = TOKEN
        yield server


@pytest.fixture
def sourced(project: Project, forge: GitServer) -> Project:
    """A project without a posts folder of its own, which asks the forge rarely and listens for its pushes."""
    (project.root / "posts").rmdir()
    add_settings(
        project,
        f"""
[serve]
listen = "127.0.0.1:{free_port()}"

[[sources]]
git = "{forge.url}/embargoed-news.git"
token = "env:NEWS_TOKEN"
push_secret = "env:PUSH_SECRET"
every = "1h"
""",
    )
    project.environ |= {"NEWS_TOKEN": TOKEN, "PUSH_SECRET": SECRET}
    return project


def add_settings(project: Project, text: str) -> None:
    path = project.root / "config/bot.toml"
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def now_text() -> str:
    return f"{datetime.now(UTC) - timedelta(seconds=1):%Y-%m-%d %H:%M:%S}+00:00"


def tell_of_push(project: Project, commit: str, *, secret: str = SECRET) -> httpx.Response:
    settings = (project.root / "config/bot.toml").read_text(encoding="utf-8")
    listen = settings.partition('listen = "')[2].partition('"')[0]
    body = f'{{"after": "{commit}"}}'.encode()
    headers = {
        "Content-Type": "application/json",
        "X-Hub-Signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest(),
    }
    return httpx.post(f"http://{listen}/hooks/push", content=body, headers=headers, timeout=5)


def titles(timeline: Timeline) -> list[str]:
    return [status["content"] for status in timeline()]


def stop(process: Running) -> float:
    asked = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 0
    return time.monotonic() - asked


def test_a_merge_is_tooted_within_a_moment_of_the_push(
    sourced: Project, private: Repository, timeline: Timeline
) -> None:
    with running(sourced, "run", until="next:") as process:
        commit = private.push_post("fresh", title="Fresh news", published=now_text())
        assert tell_of_push(sourced, commit, secret="wrong").status_code == 401
        pushed = time.monotonic()
        assert tell_of_push(sourced, commit).status_code == 202
        answered = time.monotonic() - pushed
        wait_for(timeline)
        took = time.monotonic() - pushed
        assert "Fresh news" in titles(timeline)[0]
        assert answered < patient(1), "the forge does not wait for the pull"
        assert took < patient(5), took
        assert tell_of_push(sourced, commit).status_code == 200
        assert stop(process) < patient(5)
    log = sourced.run_log
    assert f"embargoed-news.git at {commit[:10]}" in log
    assert "Traceback" not in log
    for secret in (TOKEN, SECRET):
        assert secret not in log
        for path in sourced.root.rglob("*"):
            if path.is_file() and "forge" not in path.parts:
                assert secret.encode() not in path.read_bytes(), path


def test_a_changed_post_edits_its_toot_and_a_forced_push_is_followed(
    sourced: Project, private: Repository, timeline: Timeline
) -> None:
    published = now_text()
    with running(sourced, "run", until="next:"):
        tell_of_push(sourced, private.push_post("fresh", title="Frehs news", published=published))
        wait_for(timeline)
        private.write("posts/fresh.md", post_text(title="Fresh news", published=published))
        tell_of_push(sourced, private.push(amend=True))
        wait_for(lambda: "Fresh news" in titles(timeline)[0])
        assert len(timeline()) == 1


def test_while_the_host_is_away_the_last_posts_are_in_force(
    project: Project, private: Repository, timeline: Timeline
) -> None:
    (project.root / "posts").rmdir()
    due = (datetime.now(UTC) + timedelta(seconds=8)).replace(microsecond=0)
    private.push_post("later", title="Later news", published=f"{due:%Y-%m-%d %H:%M:%S}+00:00")
    add_settings(project, f'\n[[sources]]\ngit = "{private.bare}"\nlocal = true\nevery = "10s"\n')
    tick = project.announce("tick")
    assert "fetched" in tick.stdout, tick.stderr
    private.bare.rename(private.bare.with_name("away.git"))
    with running(project, "run", until="cannot be fetched"):
        wait_for(timeline)
    assert datetime.now(UTC) >= due
    assert "Later news" in titles(timeline)[0]
    assert project.run_log.count("cannot be fetched") == 1, "it is said once"


def test_a_repository_without_its_folder_leaves_the_posts_and_the_feed(project: Project, private: Repository) -> None:
    (project.root / "posts").rmdir()
    private.push_post("one", title="First news", published=now_text())
    add_settings(project, f'\n[[sources]]\ngit = "{private.bare}"\nlocal = true\n')
    project.announce("tick")
    feed = (project.root / "public/news/rss.xml").read_bytes()
    assert b"First news" in feed
    git(private.work, "rm", "-r", "--quiet", "posts")
    private.push()
    tick = project.announce("tick")
    assert "it has no folder posts" in tick.stdout + tick.stderr
    assert (project.root / "public/news/rss.xml").read_bytes() == feed
    assert "is gone" not in tick.stdout + tick.stderr


def test_a_checkout_that_is_lost_while_the_host_is_away_makes_no_post_disappear(
    project: Project, private: Repository
) -> None:
    private.push_post("one", title="First news", published=now_text())
    project.write_post("local", "2024-07-09 06:00")
    add_settings(project, f'\n[[sources]]\ngit = "{private.bare}"\nlocal = true\n')
    project.announce("tick")
    shutil.rmtree(project.root / "var/sources")
    away = private.bare.rename(private.bare.with_name("away.git"))
    lost = project.announce("tick")
    assert lost.returncode == 1
    assert "nothing was fetched yet from" in project.announce("check").stdout
    assert "is gone" not in lost.stdout + lost.stderr
    away.rename(private.bare)
    assert "gone" not in project.announce("tick").stdout
    assert b"First news" in (project.root / "public/news/rss.xml").read_bytes()


def test_upcoming_posts_that_are_gone_at_once_make_the_bot_hold_and_ask(project: Project, private: Repository) -> None:
    for slug in ("one", "two", "three"):
        private.push_post(slug, published="2099-07-09 06:00")
    add_settings(project, f'\n[[sources]]\ngit = "{private.bare}"\nlocal = true\n')
    project.announce("tick")
    for slug in ("one", "two", "three"):
        (private.work / f"posts/{slug}.md").unlink()
    private.write("posts/.gitkeep", "")
    private.push()
    project.write_post("local", now_text())
    assert project.announce("tick").returncode == 1
    assert "3 of 3 upcoming posts are gone" in project.announce("queue").stdout


def test_a_post_that_moves_from_the_private_to_the_public_repository_is_tooted_once(
    project: Project, private: Repository, tmp_path: Path, timeline: Timeline
) -> None:
    (project.root / "posts").rmdir()
    public = Repository(tmp_path / "forge-2", name="site")
    public.write("posts/.gitkeep", "")
    public.push()
    published = now_text()
    private.push_post("one", published=published)
    for repository in (public, private):
        add_settings(project, f'\n[[sources]]\ngit = "{repository.bare}"\nlocal = true\n')
    project.announce("tick")
    public.push_post("one", published=published)
    both = project.announce("tick")
    assert "has the same name as" in project.announce("check").stdout, both.stderr
    (private.work / "posts/one.md").unlink()
    private.write("posts/.gitkeep", "")
    private.push()
    alone = project.announce("tick")
    assert alone.returncode == 0, alone.stdout + alone.stderr
    assert len(timeline()) == 1
    assert "News of the day" in (project.root / "public/news/rss.xml").read_text(encoding="utf-8")


def test_a_source_that_stays_away_is_told_once(project: Project, private: Repository) -> None:
    (project.root / "posts").rmdir()
    private.push_post("one", published="2024-07-09 06:00")
    with listening_webhook() as webhook:
        add_settings(
            project,
            f'\n[alerts]\nwebhook = "{webhook.url}"\n\n[[sources]]\ngit = "{private.bare}"\nlocal = true\n',
        )
        project.announce("tick")
        private.bare.rename(private.bare.with_name("away.git"))
        assert project.announce("tick").returncode == 0
        assert webhook.bodies == [], "hosts have short outages"
        (place,) = (project.root / "var/sources").glob("embargoed-news-*")
        status = place / "status.json"
        failing = datetime.now(UTC) - timedelta(hours=1)
        text = status.read_text(encoding="utf-8")
        began = text.partition('"failing_since": "')[2].partition('"')[0]
        status.write_text(text.replace(began, failing.isoformat()), encoding="utf-8")
        assert [project.announce("tick").returncode for _ in range(2)] == [1, 0]
        (alert,) = [alert for body in webhook.bodies for alert in body["alerts"]]
        assert "not fetched since" in alert["what"]
        assert "stay in force" in alert["means"]
        private.bare.with_name("away.git").rename(private.bare)
        project.announce("tick")
        assert "not fetched since" in webhook.bodies[-1]["recovered"][0]


def test_check_says_what_it_looked_at_and_asks_nobody(sourced: Project, forge: GitServer, private: Repository) -> None:
    checked = sourced.announce("check")
    assert "not fetched yet" in checked.stdout
    assert forge.seen == []
    commit = private.push_post("one", published="2024-07-09 06:00")
    sourced.announce("tick")
    asked = len(forge.seen)
    checked = sourced.announce("check", environ={"NEWS_TOKEN": ""})
    assert f"folder posts, at {commit[:10]}, fetched" in checked.stdout
    assert "the environment variable NEWS_TOKEN is not set" in checked.stdout
    assert "1 post checked" in checked.stdout
    assert len(forge.seen) == asked


def test_build_fetches_and_shows_what_is_released(sourced: Project, private: Repository) -> None:
    private.push_post("one", title="First news", published="2024-07-09 06:00")
    built = sourced.announce("build", "--out", "site-output")
    assert built.returncode == 0, built.stderr
    assert "First news" in (sourced.root / "site-output/news/rss.xml").read_text(encoding="utf-8")
    refused = sourced.announce("build", "--out", "site-output", environ={"NEWS_TOKEN": "wrong"})
    assert refused.returncode == 1
    assert "refuses the one it got" in refused.stderr
    assert "First news" in (sourced.root / "site-output/news/rss.xml").read_text(encoding="utf-8")


def test_a_public_and_a_private_repository_and_a_folder_feed_one_bot(
    sourced: Project, private: Repository, tmp_path: Path, timeline: Timeline
) -> None:
    public = Repository(tmp_path / "forge-2", name="site")
    public.write("content/news/two.md", post_text(title="Second", published=now_text()))
    public.push()
    private.push_post("one", title="First", published=now_text())
    add_settings(sourced, f'\n[[sources]]\ngit = "{public.bare}"\nlocal = true\nfolder = "content/news"\n')
    sourced.write_post("three", now_text(), title="Third")
    ticked = sourced.announce("tick")
    assert ticked.returncode == 0, ticked.stdout + ticked.stderr
    queue = sourced.announce("queue", "--all").stdout
    assert all(slug in queue for slug in ("one", "two", "three"))
    assert len(timeline()) == 3


def test_a_slow_host_neither_delays_a_release_nor_the_stop(
    sourced: Project, forge: GitServer, timeline: Timeline
) -> None:
    sourced.announce("tick")
    forge.hold = Event()
    forge.arrived.clear()
    with running(sourced, "run", until="next:") as process:
        wait_for(forge.arrived.is_set)
        sourced.write_post("local", now_text(), title="From the folder")
        begun = time.monotonic()
        wait_for(timeline)
        assert time.monotonic() - begun < patient(5)
        assert stop(process) < patient(5)
