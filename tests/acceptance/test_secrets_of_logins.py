"""Token, code and the application's secret show nowhere, whatever the server answers and whatever fails."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest

from tests.support.logins import CODE, METADATA, SECRET, TOKEN, files
from tests.support.project import Project
from tests.support.scripted_server import OddServer, Says

PLANTED = "PLANTED"
FORMS = tuple(
    form.encode()
    for secret in (TOKEN, CODE, SECRET, PLANTED)
    for form in (secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode())
)


def all_said(site: Project) -> bytes:
    """What the commands say in turn; each may fail."""
    said = ""
    for command in (
        ("login", "main", "--no-browser", "--debug"),
        ("accounts", "--debug"),
        ("tick", "--debug"),
        ("logout", "main", "--yes", "--debug"),
    ):
        done = site.announce(*command, typed=f"{CODE}-wrong\n{CODE}\n")
        said += done.stdout + done.stderr
    return said.encode()


def all_kept(site: Project) -> bytes:
    """All files but those that are made to hold secrets."""
    kept = [name for name in files(site) if not name.startswith("config/tokens/main.token")]
    return b"".join(name.encode() + (site.root / name).read_bytes() for name in kept)


def assert_hidden(everything: bytes) -> None:
    assert everything
    for form in FORMS:
        position = everything.find(form)
        assert position < 0, everything[max(0, position - 200) : position + 20]


def test_where_all_goes_well_nothing_shows(site: Project, mastodon: OddServer) -> None:
    assert_hidden(all_said(site) + all_kept(site))
    assert len(mastodon.forms["/oauth/revoke"]) == 1, "the token was made, used and revoked"


@pytest.mark.parametrize(
    "path",
    [
        METADATA,
        "/api/v1/apps",
        "/oauth/token",
        "/oauth/revoke",
        "/api/v1/accounts/verify_credentials",
        "/api/v1/apps/verify_credentials",
        "/api/v2/instance",
    ],
)
@pytest.mark.parametrize("how", ["error", "page", "cut off"])
def test_a_server_that_repeats_what_it_is_sent_does_not_make_it_show(
    site: Project, mastodon: OddServer, path: str, how: str
) -> None:
    def repeat(form: dict[str, str]) -> Says:
        sent = " ".join(form.values())
        if how == "error":
            return Says({"error": sent, "error_description": sent}, 400)
        if how == "page":
            return Says(f"<html><body>{sent}</body></html>".encode(), 502)
        return Says(f'{{"access_token": "{TOKEN}", "client_secret": "{SECRET}", "sent": "{sent}'.encode())

    mastodon.answers[path] = repeat
    assert_hidden(all_said(site) + all_kept(site))


def test_a_folder_that_cannot_be_written_shows_nothing(site: Project) -> None:
    site.write("config/tokens", "a file where a folder is needed")
    assert_hidden(all_said(site) + all_kept(site))
