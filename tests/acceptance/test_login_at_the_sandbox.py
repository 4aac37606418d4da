"""The whole way at the sandbox: a person allows it on the page, the token works, and ends when it is given back."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape

import httpx
import pytest

from bot.sandbox.profiles import PROFILES
from tests.fakes.mastodon_server import FakeMastodon
from tests.support.logins import FILE, edit_settings, files
from tests.support.project import Project, Timeline

DATED = "%Y-%m-%d %H:%M:%S+00:00"


def allow(address: str, *, account: str) -> str:
    """What a person does in the browser; returns the code that the page shows."""
    page = httpx.post(address, data={"account": account, "decision": "allow"}, timeout=10).raise_for_status().text
    found = re.search(r"<code[^>]*>([^<]+)</code>|<input[^>]*value=\"([^\"]+)\"", page)
    assert found is not None, page
    return unescape(found[1] or found[2])


def log_in(project: Project, *options: str, account: str) -> tuple[int, str, str]:
    """`announce login`, with a person who reads the address and types the code."""
    process = project.start_with_pipes("login", "main", *options)
    assert process.stdout is not None
    shown = ""
    try:
        while "/oauth/authorize?" not in shown or not shown.endswith("\n"):
            line = process.stdout.readline()
            assert line, process.communicate(timeout=10)
            shown += line
        address = re.search(r"http://\S+/oauth/authorize\?\S+", shown)
        assert address is not None
        rest, errors = process.communicate(f"{allow(address[0], account=account)}\n", timeout=60)
    finally:
        process.kill()
        process.wait()
    return process.returncode, shown + rest, errors


def test_from_login_to_toot_to_logout(project: Project, server: FakeMastodon, timeline: Timeline) -> None:
    edit_settings(project, "visibility", f'acct = "@news@{server.url.removeprefix("http://")}"\nvisibility')
    code, said, errors = log_in(project, account="news")
    assert code == 0, errors
    token = (project.root / FILE).read_text().strip()
    assert token not in said + errors
    accounts = project.announce("accounts")
    assert accounts.returncode == 0, accounts.stdout
    assert "profile, read:statuses, write:statuses, write:media" in accounts.stdout

    project.write_post("one", f"{datetime.now(UTC):{DATED}}")
    assert project.announce("tick").returncode == 0
    assert [status["account"]["acct"] for status in timeline()] == ["news"]

    assert project.announce("logout", "main", "--yes").returncode == 0
    headers = {"Authorization": f"Bearer {token}"}
    answer = httpx.get(f"{server.url}/api/v1/accounts/verify_credentials", headers=headers, timeout=10)
    assert answer.status_code == 401, "the token is dead"
    assert files(project) & {FILE} == set()


def test_the_wrong_person_signed_in(project: Project, server: FakeMastodon) -> None:
    edit_settings(project, "visibility", f'acct = "@news@{server.url.removeprefix("http://")}"\nvisibility')
    code, _, errors = log_in(project, account="ada")
    assert code == 1
    assert "you allowed it as @ada@" in errors
    assert "is revoked; nothing is stored" in errors
    assert files(project) == set()


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_every_server_gives_a_token_with_the_least_it_can(project: Project, name: str) -> None:
    with FakeMastodon(profile=PROFILES[name]) as server:
        edit_settings(project, project.server, server.url)
        code, said, errors = log_in(project, account="news")
        assert code == 0, errors
        fine = ("read:accounts", "read:statuses", "write:statuses", "write:media")
        wanted = {
            "mastodon-4.5": ("profile", *fine[1:]),
            "mastodon-4.6": ("profile", *fine[1:]),
            "pixelfed": ("read", "write"),
        }
        asked = re.search(r"scope=(\S+)", said)
        assert asked is not None
        assert asked[1].replace("%3A", ":").split("+") == list(wanted.get(name, fine))
        done = project.announce("accounts")
        assert done.returncode == 0, done.stdout
