"""Planted secrets (token, webhook's address, mail password) show nowhere, whatever is asked and whatever fails."""

from __future__ import annotations

import base64
import signal
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from bot.sandbox.faults import Fault
from bot.sandbox.ids import username_for
from tests.fakes.mastodon_server import FakeMastodon
from tests.support.listeners import Mailbox, Webhook, listening_mailbox, listening_webhook
from tests.support.project import Project

TOKEN = "PLANTED-token/9f31+x"
HOOK = "PLANTED-hook-77ac"
PASSWORD = "PLANTED-word&5d"
#: None of these words may show, in any spelling.
FORMS = tuple(
    form.encode()
    for secret in (TOKEN, HOOK, PASSWORD)
    for form in (secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode(), secret.partition("-")[0])
)
COMMANDS = (
    ["tick"],
    ["tick", "--debug"],
    ["tick", "--log-format", "json", "--log-level", "debug"],
    ["check"],
    ["queue", "--all"],
    ["log"],
    ["log", "--json"],
    ["preview", "one"],
    ["doctor", "--offline"],
    ["doctor", "--offline", "--json"],
    ["explain", "one"],
)


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with listening_webhook() as listening:
        yield listening


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with listening_mailbox() as listening:
        yield listening


@pytest.fixture
def planted(project: Project, hook: Webhook, mailbox: Mailbox) -> Project:
    """The project with a broken and a good post, and with secrets in its environment."""
    settings = project.root / "config/bot.toml"
    alerts = '[alerts]\nwebhook = "env:HOOK"\nsmtp = "env:SMTP"\nmail_to = ["ada@conf.example"]\n[ledger]'
    settings.write_text(settings.read_text(encoding="utf-8").replace("[ledger]", alerts), encoding="utf-8")
    project.environ |= {
        "ANNOUNCE_TOKEN_MAIN": TOKEN,
        "HOOK": f"{hook.url}/{HOOK}",
        "SMTP": f"smtp://ada:{quote(PASSWORD, safe='')}@127.0.0.1:{mailbox.port}",
    }
    project.write_post("one", f"{datetime.now(UTC) - timedelta(minutes=1):%Y-%m-%d %H:%M:%S}+00:00")
    project.write("posts/broken.md", "---\ntitle: Keynote: the sea\n---\ntext\n")
    return project


def all_said(project: Project) -> bytes:
    """What every command says, one after the other."""
    said = ""
    for command in COMMANDS:
        done = project.announce(*command)
        assert done.returncode in (0, 1), done.stderr
        said += done.stdout + done.stderr
    return said.encode()


def all_kept(project: Project, server: FakeMastodon | None = None) -> bytes:
    """Everything that lies in the project apart from the settings, and what the server shows."""
    paths = [path for path in project.root.rglob("*") if path.is_file() and path.parent.name != "config"]
    kept = b"".join(str(path).encode() + path.read_bytes() for path in paths if path.name != "token")
    assert (project.root / "var/ledger.db").exists()
    for page in ("/", "/sandbox/requests") if server is not None else ():
        assert server is not None
        kept += httpx.get(f"{server.url}{page}", timeout=10).content
    return kept


def assert_hidden(everything: bytes) -> None:
    assert everything
    for form in FORMS:
        position = everything.find(form)
        assert position < 0, everything[max(0, position - 200) : position + 20]


def test_where_all_goes_well_nothing_shows(planted: Project, server: FakeMastodon, hook: Webhook) -> None:
    said = all_said(planted)
    assert hook.paths == [f"/{HOOK}"] * len(hook.paths) != [], "the address was used"
    kept = all_kept(planted, server)
    assert f"@{username_for(TOKEN)}".encode() in kept, "the token was used"
    assert_hidden(said + kept)


@pytest.mark.parametrize(
    "do", ["unauthorized-401", "forbidden-403", "redirect-301", "html-502", "error-500", "drop", "429-with-reset"]
)
def test_whatever_the_server_answers_nothing_shows(
    planted: Project, server: FakeMastodon, hook: Webhook, do: str
) -> None:
    hook.answer = 500
    server.faults.switch([Fault(on="* /api/*", do=do, times=None)])
    assert_hidden(all_said(planted) + all_kept(planted, server))


def test_where_nobody_answers_nothing_shows(planted: Project, server: FakeMastodon) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        nowhere = f"http://127.0.0.1:{listener.getsockname()[1]}"
    settings = planted.root / "config/bot.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace(server.url, nowhere), encoding="utf-8")
    planted.environ |= {"HOOK": f"{nowhere}/{HOOK}", "SMTP": f"smtps://ada:{quote(PASSWORD)}@127.0.0.1:9"}
    assert_hidden(all_said(planted) + all_kept(planted))


@pytest.mark.parametrize("token", [f"{TOKEN}\nX-Other: 1", f"{TOKEN}–", f"{TOKEN} x\x7f"])
def test_a_token_that_no_request_can_carry_does_not_show(planted: Project, server: FakeMastodon, token: str) -> None:
    planted.environ["ANNOUNCE_TOKEN_MAIN"] = token
    assert_hidden(all_said(planted) + all_kept(planted, server))


def test_addresses_that_are_none_do_not_show(planted: Project, server: FakeMastodon) -> None:
    planted.environ |= {"HOOK": f"http://[{HOOK}", "SMTP": f"smtp://ada:{PASSWORD}@[half:99999999"}
    assert_hidden(all_said(planted) + all_kept(planted, server))


def test_staying_up_nothing_shows(planted: Project, server: FakeMastodon, hook: Webhook) -> None:
    server.faults.switch([Fault(on="POST /api/v1/statuses", do="unauthorized-401")])
    process = planted.start("run", "--debug")
    try:
        end = time.monotonic() + 60
        while "blocked" not in planted.run_log or not hook.paths:
            assert time.monotonic() < end, planted.run_log
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()
        process.wait()
    assert_hidden(all_kept(planted, server))


def test_a_traceback_shows_nothing(planted: Project) -> None:
    (planted.root / "var").mkdir()
    (planted.root / "var/ledger.db").write_bytes(b"this is no database at all" * 100)
    done = planted.announce("tick", "--debug")
    assert "Traceback" in done.stderr
    assert_hidden((done.stdout + done.stderr).encode())


def test_a_token_file_is_used_and_shows_nowhere(planted: Project, server: FakeMastodon) -> None:
    del planted.environ["ANNOUNCE_TOKEN_MAIN"]
    write_token_file(planted, mode=0o600)
    assert_hidden(all_said(planted) + all_kept(planted, server))
    page = httpx.get(server.url, timeout=10).text
    assert f"@{username_for(TOKEN)}" in page


def write_token_file(project: Project, *, mode: int) -> Path:
    settings = project.root / "config/bot.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("[release]", 'token_file = "var/token"\n[release]'), encoding="utf-8")
    (project.root / "var").mkdir()
    file = project.root / "var/token"
    file.write_text(f"{TOKEN}\n")
    file.chmod(mode)
    return file


@pytest.mark.parametrize(("mode", "is_open"), [(0o600, False), (0o644, True)])
def test_check_warns_of_a_token_file_that_others_can_read(planted: Project, mode: int, is_open: bool) -> None:
    del planted.environ["ANNOUNCE_TOKEN_MAIN"]
    (planted.root / "posts/broken.md").unlink()
    write_token_file(planted, mode=mode)
    done = planted.announce("check")
    assert done.returncode == 0
    assert ("var/token can be read by others; `chmod 600 var/token` ends that" in done.stdout) is is_open
    assert_hidden((done.stdout + done.stderr).encode())


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[release]", f'token = "{TOKEN}"\n[release]', "accounts.main.token: secrets do not belong"),
        ("[release]", f'tokn = "{TOKEN}"\n[release]', "accounts.main.tokn: is not a setting"),
        ("[accounts.main]", f'[accounts]\ntoken = "{TOKEN}"\n[accounts.main]', "accounts.token:"),
        ("http://", f"http://ada:{quote(TOKEN, safe='')}@", "must not carry a name or password"),
        ("sqlite:///var/ledger.db", f"postgresql://ada:{HOOK}@db.example/announce", "ledger.url: it is not a ledger"),
        ("[ledger]", f'[alerts]\nsmtp = "smtp://ada:{HOOK}@mail.example"\n[ledger]', "a password does not belong"),
        ("[ledger]", f'[alerts]\nwebhok = "https://hooks.example/{HOOK}"\n[ledger]', 'Did you mean "webhook"?'),
        ("[ledger]", f'[alerts]\nwebhook = ["https://hooks.example/{HOOK}"]\n[ledger]', "alerts.webhook: must be"),
        ("[ledger]", f'[alerts]\nsmtp = "{HOOK}"\n[ledger]', "alerts.smtp: it must begin with"),
        ("[release]", f'token = "{TOKEN}\n[release]', "is not valid TOML"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_a_secret_in_the_settings_is_refused_without_being_shown(
    project: Project, old: str, new: str, said: str
) -> None:
    settings = project.root / "config/bot.toml"
    text = settings.read_text(encoding="utf-8")
    assert old in text
    settings.write_text(text.replace(old, new, 1), encoding="utf-8")
    for command in (["tick"], ["tick", "--debug"], ["check"]):
        done = project.announce(*command)
        assert done.returncode == 2
        assert said in done.stderr
        assert_hidden((done.stdout + done.stderr).encode())
