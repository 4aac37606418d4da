"""A server that issues tokens, with answers that a test can replace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from tests.support.project import Project
from tests.support.scripted_server import OddServer, Says, odd_server

TOKEN = "PLANTED-token"
SECRET = "PLANTED-secret"
CODE = "PLANTED-code"
SCOPES = ("profile", "read:statuses", "write:statuses", "write:media")
FILE = "config/tokens/main.token"
METADATA = "/.well-known/oauth-authorization-server"


@contextmanager
def login_server() -> Iterator[OddServer]:
    """Run a server that answers correctly unless a test replaces an answer. Each login gets another token."""
    numbers = count(1)

    def exchange(form: dict[str, str]) -> Says:
        if form.get("code") != CODE:
            return Says({"error": "invalid_grant", "error_description": f"{form.get('code')} is no code"}, 400)
        return Says({"access_token": f"{TOKEN}-{next(numbers)}", "scope": " ".join(SCOPES)})

    with odd_server() as odd:
        odd.answers |= {
            METADATA: Says({"scopes_supported": ["read", "write", *SCOPES]}),
            "/api/v1/apps": Says({"client_id": "app", "client_secret": SECRET}),
            "/oauth/token": exchange,
            "/oauth/revoke": Says({}),
            "/api/v1/accounts/verify_credentials": Says({"id": "1", "username": "conf", "acct": "conf"}),
            "/api/v1/apps/verify_credentials": Says({"name": "announce", "scopes": list(SCOPES)}),
            "/api/v2/instance": Says(
                {
                    "domain": "conf.example",
                    "version": "4.5.15",
                    "configuration": {"statuses": {"max_characters": 1234, "max_media_attachments": 4}},
                }
            ),
        }
        yield odd


def edit_settings(project: Project, old: str, new: str) -> None:
    path = project.root / "config/bot.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def files(project: Project) -> set[str]:
    """Return the files of the project other than the settings."""
    found = {str(path.relative_to(project.root)) for path in project.root.rglob("*") if path.is_file()}
    return found - {str(Path("config/bot.toml"))}
