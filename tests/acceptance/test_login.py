"""`announce login` and `logout` as a person uses them."""

from __future__ import annotations

import os
import pty
import re
import select
import stat
import subprocess
import time
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.logins import CODE, FILE, SCOPES, SECRET, TOKEN, edit_settings, files
from tests.support.project import Project
from tests.support.scripted_server import OddServer, Says

REVOKED = "The token that was just made is revoked; nothing is stored."


def test_a_login_gets_checks_and_keeps_a_token(site: Project, mastodon: OddServer) -> None:
    done = site.announce("login", "main", typed=f"{CODE}\n")
    assert done.returncode == 0, done.stderr
    address = re.search(r"http://\S+/oauth/authorize\?\S+", done.stdout)
    assert address is not None
    assert parse_qs(urlsplit(address[0]).query)["scope"] == [" ".join(SCOPES)]
    assert "sign in to" in done.stdout
    assert "@conf@conf.example" in done.stdout
    token = site.root / FILE
    assert token.read_text() == f"{TOKEN}-1\n"
    assert stat.S_IMODE(token.stat().st_mode) == 0o600
    assert FILE in done.stdout
    assert mastodon.forms["/oauth/token"][0]["client_secret"] == SECRET
    assert site.announce("accounts").returncode == 0


@pytest.mark.parametrize("typed", [f"  {CODE[:5]} {CODE[5:]}  ", f"https://conf.example/oauth/native?code={CODE}"])
def test_a_code_may_be_pasted_with_blanks_or_as_the_whole_address(site: Project, typed: str) -> None:
    assert site.announce("login", "main", typed=f"{typed}\n").returncode == 0
    assert FILE in files(site)


def test_a_wrong_code_is_one_clear_line_and_the_next_may_do(site: Project) -> None:
    done = site.announce("login", "main", typed=f"wrong\n{CODE}\n")
    assert done.returncode == 0
    (line,) = [line for line in done.stdout.splitlines() if "mistyped" in line]
    assert "The same address gives a new one." in line
    assert FILE in files(site)


def test_after_five_wrong_codes_it_ends(site: Project) -> None:
    done = site.announce("login", "main", typed="wrong\n" * 9)
    assert (done.returncode, files(site)) == (1, set())
    assert "5 codes were not accepted; nothing is stored." in done.stderr


def test_without_a_code_nothing_is_stored(site: Project) -> None:
    done = site.announce("login", "main")
    assert (done.returncode, files(site)) == (2, set())
    assert "no code was given" in done.stderr


def test_the_token_of_another_account_is_refused_and_revoked(site: Project, mastodon: OddServer) -> None:
    mastodon.answers["/api/v1/accounts/verify_credentials"] = Says({"id": "2", "username": "ada", "acct": "ada"})
    done = site.announce("login", "main", typed=f"{CODE}\n")
    assert (done.returncode, files(site)) == (1, set())
    assert "you allowed it as @ada@conf.example, but the settings say @conf@conf.example" in done.stderr
    assert REVOKED in done.stderr
    assert mastodon.forms["/oauth/revoke"] == [{"client_id": "app", "client_secret": SECRET, "token": f"{TOKEN}-1"}]


def test_a_token_with_too_few_rights_is_refused_and_revoked(site: Project, mastodon: OddServer) -> None:
    mastodon.answers["/oauth/token"] = Says({"access_token": TOKEN, "scope": "profile read:statuses write:statuses"})
    done = site.announce("login", "main", typed=f"{CODE}\n")
    assert (done.returncode, files(site)) == (1, set())
    assert "the token lacks write:media (to upload pictures)" in done.stderr
    assert len(mastodon.forms["/oauth/revoke"]) == 1


def test_a_token_that_cannot_be_checked_or_revoked_is_said_to_live_on(site: Project, mastodon: OddServer) -> None:
    mastodon.answers["/api/v1/accounts/verify_credentials"] = Says(b"<html>", 502)
    mastodon.answers["/oauth/revoke"] = Says(b"<html>", 502)
    done = site.announce("login", "main", typed=f"{CODE}\n")
    assert (done.returncode, files(site)) == (1, set())
    assert "could not be revoked" in done.stderr
    assert f"{mastodon.url}/oauth/authorized_applications" in done.stderr


def test_a_token_that_cannot_be_stored_is_revoked(site: Project, mastodon: OddServer) -> None:
    site.write("config/tokens", "a file where a folder is needed")
    done = site.announce("login", "main", typed=f"{CODE}\n")
    assert done.returncode == 1
    assert "cannot be written" in done.stderr
    assert len(mastodon.forms["/oauth/revoke"]) == 1


def test_without_acct_the_line_to_add_is_printed(site: Project) -> None:
    edit_settings(site, 'acct = "@conf@conf.example"\n', "")
    done = site.announce("login", "main", typed=f"{CODE}\n")
    assert done.returncode == 0
    assert 'acct = "@conf@conf.example"' in done.stderr


def test_print_gives_the_token_alone_and_stores_nothing(site: Project) -> None:
    done = site.announce("login", "main", "--print", typed=f"{CODE}\n")
    assert done.returncode == 0
    assert done.stdout == f"{TOKEN}-1\n"
    assert "ANNOUNCE_TOKEN_MAIN" in done.stderr
    assert files(site) == set()


def test_a_new_login_revokes_the_token_before(site: Project, mastodon: OddServer) -> None:
    for _ in range(2):
        done = site.announce("login", "main", typed=f"{CODE}\n")
    assert "The earlier token is revoked." in done.stdout
    assert [form["token"] for form in mastodon.forms["/oauth/revoke"]] == [f"{TOKEN}-1"]
    assert (site.root / FILE).read_text() == f"{TOKEN}-2\n"


def test_the_settings_say_where_the_token_goes_and_git_is_asked(site: Project) -> None:
    edit_settings(site, "[release]", 'token_file = "keys/conf"\n[release]')
    (site.root / "keys").mkdir()
    subprocess.run(["git", "init", "-q"], cwd=site.root, check=True, stdin=subprocess.DEVNULL)
    done = site.announce("login", "main", typed=f"{CODE}\n")
    assert (site.root / "keys/conf").read_text() == f"{TOKEN}-1\n"
    assert "Careful: git does not ignore keys/." in done.stdout


def test_a_variable_that_hides_the_file_is_named(site: Project) -> None:
    done = site.announce("login", "main", typed=f"{CODE}\n", environ={"ANNOUNCE_TOKEN_MAIN": "other"})
    assert "Careful: ANNOUNCE_TOKEN_MAIN is set, and goes before the file." in done.stdout


@pytest.mark.parametrize("command", ["login", "logout"])
@pytest.mark.parametrize(
    ("name", "said"), [("mian", "Did you mean main?"), ("zzz", "Known are: main.")], ids=["near", "far"]
)
def test_an_unknown_account_is_named_with_the_known_ones(site: Project, command: str, name: str, said: str) -> None:
    done = site.announce(command, name)
    assert done.returncode == 2
    assert said in done.stderr


def in_a_terminal(site: Project, *arguments: str, environ: dict[str, str], typed: str) -> str:
    """What a person sees who types into a terminal once the code is asked for."""
    outer, inner = pty.openpty()
    process = subprocess.Popen(
        site.command(*arguments),
        cwd=site.root,
        env={**site.environ, **environ},
        stdin=inner,
        stdout=inner,
        stderr=inner,
        start_new_session=True,
    )
    os.close(inner)
    seen, end = b"", time.monotonic() + 60
    try:
        while time.monotonic() < end:
            if not select.select([outer], [], [], 0.1)[0]:
                continue
            try:
                more = os.read(outer, 4096)
            except OSError:  # Linux's way to say that the other end is closed
                break
            seen += more
            if typed and b"Code: " in seen:
                os.write(outer, typed.encode())
                typed = ""
        assert process.wait(timeout=60) == 0, seen
    finally:
        process.kill()
        process.wait()
        os.close(outer)
    return seen.decode()


@pytest.mark.parametrize(
    ("options", "display", "opens"),
    [([], ":0", True), (["--no-browser"], ":0", False), ([], "", False)],
    ids=["display", "no-browser", "no display"],
)
def test_a_browser_opens_where_there_is_a_display_and_nobody_says_no(
    site: Project, options: list[str], display: str, opens: bool
) -> None:
    browser = site.write("browser", '#!/bin/sh\nprintf %s "$1" > opened\n')
    browser.chmod(0o755)
    environ = {"DISPLAY": display, "WAYLAND_DISPLAY": "", "BROWSER": f"{browser} %s"}
    seen = in_a_terminal(site, "login", "main", *options, environ=environ, typed=f"{CODE}\n")
    assert f"{site.server}/oauth/authorize?" in seen
    opened = site.root / "opened"
    assert opened.exists() is opens
    if opens:
        assert opened.read_text() in seen


# -- logout


def test_a_logout_revokes_and_deletes(site: Project, mastodon: OddServer) -> None:
    site.announce("login", "main", typed=f"{CODE}\n")
    assert site.announce("logout", "main").returncode == 2, "there is nobody to ask"
    assert FILE in files(site)
    done = site.announce("logout", "main", "--yes")
    assert done.returncode == 0, done.stderr
    assert [form["token"] for form in mastodon.forms["/oauth/revoke"]] == [f"{TOKEN}-1"]
    assert files(site) == {"config/tokens/.gitignore"}
    again = site.announce("logout", "main", "--yes")
    assert (again.returncode, "nothing to revoke" in again.stdout) == (0, True)


def test_a_logout_that_fails_keeps_the_token(site: Project, mastodon: OddServer) -> None:
    site.announce("login", "main", typed=f"{CODE}\n")
    mastodon.answers["/oauth/revoke"] = Says({"error": "unauthorized_client"}, 403)
    done = site.announce("logout", "main", "--yes")
    assert done.returncode == 1
    assert f"{mastodon.url}/settings/applications" in done.stderr
    assert FILE in files(site)


def test_a_token_made_by_hand_is_left_to_the_server(site: Project, mastodon: OddServer) -> None:
    site.write(FILE, "by-hand")
    done = site.announce("logout", "main", "--yes")
    assert done.returncode == 1
    assert "was not made by `announce login`" in done.stderr
    assert f"{mastodon.url}/oauth/authorized_applications" in done.stderr
    assert "/oauth/revoke" not in mastodon.forms


def test_a_token_of_the_environment_is_left_to_the_server(site: Project) -> None:
    done = site.announce("logout", "main", "--yes", environ={"ANNOUNCE_TOKEN_MAIN": "x"})
    assert done.returncode == 2
    assert "comes from ANNOUNCE_TOKEN_MAIN" in done.stderr
