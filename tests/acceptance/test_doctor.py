"""`announce doctor`: all is well, or what is not with its remedy; and nothing in it that is not for everybody."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.support.project import Project
from tests.support.timeouts import patient

NOW = f"{datetime.now(UTC) - timedelta(minutes=1):%Y-%m-%d %H:%M:%S}+00:00"


def lines(project: Project, *arguments: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(project.announce("doctor", *arguments, "--json").stdout)["lines"]
    return found


def problems(project: Project, *arguments: str) -> list[str]:
    return [f"{one['group']}: {one['says']}" for one in lines(project, *arguments) if one["state"] == "problem"]


def change_settings(project: Project, old: str, new: str) -> None:
    path = project.root / "config/bot.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@contextmanager
def pages(*paths: str) -> Iterator[str]:
    """A site that has these pages; what was asked for is in the list `asked`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path in paths else 405 if self.path == "/hub" else 404)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def test_where_all_is_well_it_says_so_in_80_columns(project: Project) -> None:
    project.write_post("one", NOW)
    assert project.announce("tick").returncode == 0
    done = project.announce("doctor", "--offline")
    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith("\nNothing needs attention.\n")
    assert max(map(len, done.stdout.splitlines())) <= 80
    for words in (
        "announce 0.",
        "Python 3.",
        "SQLite 3.",
        "libyaml",
        "timezone data",
        "it is whole, schema",
        "GB free",
    ):
        assert words in done.stdout
    groups = {one["group"] for one in lines(project, "--offline")}
    assert groups == {"versions", "settings", "folders", "clock", "ledger", "posts", "accounts"}


def test_before_the_first_tick_there_is_no_ledger_and_none_is_made(project: Project) -> None:
    assert project.announce("doctor", "--offline").returncode == 0
    assert "ledger: there is none yet" in [f"{one['group']}: {one['says'][:17]}" for one in lines(project, "--offline")]
    assert not (project.root / "var").exists()


def test_online_it_asks_accounts_pages_and_hubs_but_for_no_post_to_come(project: Project) -> None:
    project.write_post("one", NOW)
    project.write_post("to-come", "2199-01-01 09:00")
    with pages("/", "/news/one/") as url:
        change_settings(project, "https://2024.djangocon.us", url)
        change_settings(project, 'author = "Comms team"', "private_addresses = true")
        change_settings(project, "entries = 30", f'hubs = ["{url}/hub", "http://127.0.0.1:9/"]')
        assert project.announce("tick").returncode == 0
        done = project.announce("doctor")
        said = " ".join(done.stdout.split())
        assert "main: @main@" in said
        assert f"site: {url}/ is online" in said
        assert f"latest page: {url}/news/one/ is online" in said
        assert f"{url}/hub answers" in said
        assert problems(project) == ["hubs: http://127.0.0.1:9/ cannot be fetched: the connection failed."]
        assert done.returncode == 1
        assert "1 needs attention." in done.stdout


def test_a_page_that_is_missing_is_a_problem_with_a_remedy(project: Project) -> None:
    with pages() as url:
        change_settings(project, "https://2024.djangocon.us", url)
        change_settings(project, 'author = "Comms team"', "private_addresses = true")
        (found,) = (one for one in lines(project) if one["state"] == "problem")
    assert found["says"] == f"site: {url}/ answered 404."
    assert "[site] url" in found["remedy"]


TOKEN = "PLANTED-token-5f2c"


def test_nothing_shows_that_is_not_for_everybody(project: Project) -> None:
    """A planted token, an embargoed post, a broken one, addresses of mail and hooks, where the project lies."""
    project.environ |= {"ANNOUNCE_TOKEN_MAIN": TOKEN, "HOOK": f"https://hooks.example/{TOKEN}"}
    change_settings(
        project,
        "[ledger]",
        f'[alerts]\nwebhook = "https://hooks.example/{TOKEN}"\nmail_to = ["ada@private.example"]\n'
        f'[[sources]]\ngit = "https://forge.example/secret-team/news.git"\n[ledger]',
    )
    project.write_post("keynote-embargoed-person", "2199-01-01 09:00", title="Keynote: Embargoed Person")
    project.write("posts/keynote-other-person.md", "---\ntitle: Keynote: Other Person\n---\n")
    project.write_post("one", NOW)
    project.announce("tick")
    project.announce("hold", "keynote-embargoed-person", "--yes")
    for flags in ((), ("--json",)):
        done = project.announce("doctor", "--offline", *flags)
        everything = (done.stdout + done.stderr).lower()
        secrets = ("planted", "embargoed", "other", "person", "ada@", "secret-team", str(project.root).lower(), "2199")
        assert [secret for secret in secrets if secret in everything.replace("other version", "")] == []
        assert done.returncode == 1, "a file cannot be used"
        assert "hooks.example" not in everything
        assert "(hidden)" in everything


def test_broken_settings_are_problems_and_the_rest_is_told(project: Project) -> None:
    change_settings(project, 'timezone = "America/New_York"', 'timezone = "Mars"')
    done = project.announce("doctor", "--offline")
    assert done.returncode == 1
    assert 'site.timezone: "Mars" is not a timezone' in " ".join(done.stdout.split())
    assert "Python" in done.stdout
    nowhere = project.announce("doctor", "--offline", "--config", "nowhere.toml")
    assert nowhere.returncode == 1
    assert "`announce init`" in " ".join(nowhere.stdout.split())


def test_a_damaged_or_newer_ledger_is_a_problem_and_is_not_touched(project: Project) -> None:
    assert project.announce("tick").returncode == 0
    path = project.root / "var/ledger.db"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    assert problems(project, "--offline") == [
        f"ledger: it was written by a newer version (schema 99, this one knows {schema()})"
    ]
    path.write_bytes(b"this is no database at all" * 100)
    (problem,) = problems(project, "--offline")
    assert "ledger: it cannot be read" in problem
    assert path.read_bytes().startswith(b"this is no database")


def schema() -> int:
    from bot.ledger.schema import VERSION

    return VERSION


def test_a_running_bot_is_named_without_its_host(project: Project) -> None:
    process = project.start("run")
    try:
        end = time.monotonic() + patient(30)
        while "watching" not in project.run_log:
            assert time.monotonic() < end, project.run_log
            time.sleep(0.05)
        said = next(one["says"] for one in lines(project, "--offline") if one["group"] == "ledger")
        assert said.startswith(f"at work on it: process {process.pid}, since ")
    finally:
        process.kill()
        process.wait(timeout=30)
    said = next(one["says"] for one in lines(project, "--offline") if one["group"] == "ledger")
    assert said == "nobody is at work on it now"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('posts = "posts"', 'posts = "nowhere"', "folders: posts: there is no folder nowhere"),
        ('assets = "."', 'assets = "nowhere"', "folders: pictures: there is no folder nowhere"),
        ('visibility = "public"', 'token_file = "nowhere"', "settings: accounts.main: there is no token"),
    ],
)
def test_what_is_missing_is_a_problem(project: Project, old: str, new: str, problem: str) -> None:
    change_settings(project, old, new)
    found = problems(project, "--offline")
    assert any(one.startswith(problem) for one in found), found
    assert project.announce("doctor", "--offline").returncode == 1


def test_a_folder_that_cannot_be_written_is_a_problem(project: Project, tmp_path: Path) -> None:
    import os

    if os.geteuid() == 0:
        pytest.skip("this user may write everything")
    (tmp_path / "public").mkdir(mode=0o500)
    assert problems(project, "--offline") == ["folders: feeds: public cannot be written to by this user"]


def test_held_toots_and_a_pause_need_attention(project: Project) -> None:
    for number in range(6):
        project.write_post(f"post-{number}", NOW)
    project.announce("tick")
    (held,) = problems(project, "--offline")
    assert held.startswith("ledger: toots: 2 held")
    project.announce("pause", "--yes")
    assert "ledger: everything is paused" in problems(project, "--offline")
