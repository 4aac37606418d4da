"""`announce accounts` as a person uses it."""

from __future__ import annotations

import json
import re
import time

from tests.fakes.mastodon_server import FakeMastodon
from tests.support.logins import CODE, FILE, SCOPES, edit_settings
from tests.support.project import Project
from tests.support.scripted_server import OddServer, Says, odd_server


def test_accounts_shows_who_we_are_limits_rights_and_health(site: Project) -> None:
    site.announce("login", "main", typed=f"{CODE}\n")
    done = site.announce("accounts")
    assert done.returncode == 0, done.stderr
    for part in (
        "main  @conf@conf.example: all is well",
        f"Mastodon 4.5.15 at {site.server}",
        "1,234 characters",
        "1,500 characters of alt text",
        f"from {FILE}",
        "profile, read:statuses, write:statuses, write:media",
        "none yet",
        "nothing is planned",
    ):
        assert part in done.stdout.replace("\n" + " " * 15, " ")
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_accounts_as_json_in_the_order_of_the_settings(site: Project, mastodon: OddServer) -> None:
    with odd_server() as gone:
        nowhere = gone.url
    dead = f'[accounts.dead]\nserver = "{nowhere}"\n[accounts.main]'
    edit_settings(site, "[accounts.main]", dead)
    site.announce("login", "main", typed=f"{CODE}\n")
    done = site.announce("accounts", "--json")
    assert done.returncode == 1, "one cannot be used"
    first, second = json.loads(done.stdout)
    assert (first["name"], first["usable"], first["reachable"]) == ("dead", False, False)
    assert first["trouble"] == "the server cannot be reached."
    assert (second["name"], second["usable"], second["address"]) == ("main", True, "conf@conf.example")
    assert second["scopes"] == list(SCOPES)
    assert second["limits"]["characters"] == 1234
    shown = site.announce("accounts").stdout
    assert "main  @conf@conf.example: all is well" in shown
    assert "CANNOT BE USED" in shown


def test_an_account_without_a_token_is_told_how_to_get_one(site: Project) -> None:
    edit_settings(site, "[release]", 'token_file = "var/none"\n[release]')
    done = site.announce("accounts")
    assert done.returncode == 1
    assert "`announce login main` gets one" in " ".join(done.stdout.split())


def test_the_token_of_another_account_is_named(site: Project, mastodon: OddServer) -> None:
    mastodon.answers["/api/v1/accounts/verify_credentials"] = Says({"id": "2", "username": "ada", "acct": "ada"})
    done = site.announce("accounts")
    assert done.returncode == 1
    assert "the token belongs to @ada@conf.example" in " ".join(done.stdout.split())


def test_without_accounts_it_says_so_with_a_remedy(site: Project) -> None:
    path = site.root / "config/bot.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"\[accounts\.main\].*?\n\[release\]", "[release]", text, flags=re.S), encoding="utf-8")
    done = site.announce("accounts")
    assert done.returncode == 0
    assert "The settings name no account" in done.stdout
    assert "Add [accounts.main]" in done.stdout
    assert json.loads(site.announce("accounts", "--json").stdout) == []
    assert "name no account" in site.announce("login", "main").stderr


def test_accounts_on_the_sandbox_tells_the_last_toot_and_the_next(project: Project, server: FakeMastodon) -> None:
    project.write_post("past", time.strftime("%Y-%m-%d %H:%M:%S+00:00", time.gmtime(time.time() - 30)))
    project.write_post("future", "2099-01-01 12:00")
    assert project.announce("tick").returncode == 0
    done = project.announce("accounts")
    assert done.returncode == 0, done.stdout
    assert f"@main@{server.url.removeprefix('http://')}: all is well" in done.stdout
    assert re.search(r"last toot +\w{3} .* ago", done.stdout)
    assert "01 Jan 2099" in done.stdout
    (report,) = json.loads(project.announce("accounts", "--json").stdout)
    assert report["next"] == "2099-01-01T17:00:00+00:00"
