"""Alerts: what arrives by webhook and by mail, and that nothing that goes wrong with them stops the bot or shows."""

from __future__ import annotations

import socket
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.config import Alerts
from bot.domain import NoteKind
from bot.domain.alerts import AlertKey, AlertKind
from bot.domain.clock import ManualClock
from bot.http.client import WebClient
from bot.http.policy import FROM_OPERATOR
from bot.integrations.alerts.batch import AlertBatch, format_text, note_alerts
from bot.integrations.alerts.sending import send_alerts
from bot.planner.alerts import Alert
from tests.support.listeners import Mailbox, Webhook, listening_mailbox, listening_webhook
from tests.support.programs import program
from tests.support.scratch_ledger import ScratchLedger

NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)

HELD = Alert(
    key=AlertKey(AlertKind.HELD, "tickets"),
    what="held: tickets: no room",
    means="The toot waits.",
    todo="Mend the file.",
)
BARE = Alert(key=AlertKey(AlertKind.TROUBLE, "bare"), what="a file is gone", means="", todo="")
NEWS = AlertBatch(alerts=(HELD, BARE), recovered=("conf@example.social: the token is refused",))
TEXT = """announce, Conf

What happened: held: tickets: no room
What it means: The toot waits.
What to do: Mend the file.

What happened: a file is gone

No longer so: conf@example.social: the token is refused
"""
SECRET = "S3CRET"


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with listening_webhook() as listening:
        yield listening


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with listening_mailbox() as listening:
        yield listening


def told(news: AlertBatch = NEWS, *, environ: Mapping[str, str] | None = None, **settings: Any) -> list[str]:
    """Tell the news; what was said of ways that failed."""
    said: list[str] = []
    send_alerts(
        news,
        settings=Alerts(**settings),
        site="Conf",
        environ=environ or {},
        web=WebClient(FROM_OPERATOR),
        emit=said.append,
    )
    return said


def by_mail(box: Mailbox, news: AlertBatch = NEWS, **settings: Any) -> list[str]:
    options = {"mail_to": ("ada@conf.example",), "smtp": f"smtp://127.0.0.1:{box.port}", **settings}
    return told(news, **options)


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def test_news_are_news_only_with_something_in_them() -> None:
    assert not AlertBatch()
    assert AlertBatch(alerts=(HELD,))
    assert AlertBatch(recovered=("x",))


def test_the_text_says_what_happened_what_it_means_and_what_to_do() -> None:
    assert format_text(NEWS, site="Conf") == TEXT


def test_without_settings_nothing_is_sent_and_nothing_said() -> None:
    assert told() == []


def test_a_webhook_gets_json(hook: Webhook) -> None:
    assert told(webhook=f"{hook.url}/hook/{SECRET}") == []
    assert hook.paths == [f"/hook/{SECRET}"]
    assert hook.bodies == [
        {
            "site": "Conf",
            "text": TEXT,
            "alerts": [
                {"what": "held: tickets: no room", "means": "The toot waits.", "todo": "Mend the file."},
                {"what": "a file is gone", "means": "", "todo": ""},
            ],
            "recovered": ["conf@example.social: the token is refused"],
        }
    ]


@pytest.mark.parametrize("padding", ["", " ", "\n"])
def test_a_webhook_may_come_from_the_environment(hook: Webhook, padding: str) -> None:
    assert told(webhook="env:HOOK", environ={"HOOK": f"{hook.url}/{SECRET}{padding}"}) == []
    assert hook.paths == [f"/{SECRET}"]


@pytest.mark.parametrize("environ", [{}, {"HOOK": " "}])
def test_a_variable_that_is_not_set_is_named(environ: dict[str, str]) -> None:
    (said,) = told(webhook="env:HOOK", environ=environ)
    assert said == "an alert could not be sent by webhook: the environment variable HOOK is not set."


@pytest.mark.parametrize("status", [301, 307, 404, 500])
def test_an_answer_that_is_no_success_is_said_without_the_address(hook: Webhook, status: int) -> None:
    hook.answer, hook.location = status, f"{hook.url}/elsewhere"
    (said,) = told(webhook=f"{hook.url}/{SECRET}")
    assert "an alert could not be sent by webhook" in said
    assert SECRET not in said
    assert hook.paths == [f"/{SECRET}"], "a redirect is not followed, and nothing is sent twice"


@pytest.mark.parametrize(
    "address",
    [
        f"http://127.0.0.1:{{port}}/{SECRET}",
        f"http://user:{SECRET}@127.0.0.1:{{port}}/",
        f"{SECRET}",
        f"http://[{SECRET}/",
        f"ftp://127.0.0.1/{SECRET}",
        f"http://127.0.0.1:99999/{SECRET}",
    ],
)
def test_an_address_that_cannot_be_reached_stops_nothing_and_shows_nothing(address: str) -> None:
    (said,) = told(webhook=address.format(port=closed_port()))
    assert said.startswith("an alert could not be sent by webhook: ")
    assert SECRET not in said


def test_a_mail_says_the_same(mailbox: Mailbox) -> None:
    assert by_mail(mailbox, mail_to=("ada@conf.example", "bo@conf.example")) == []
    (mail,) = mailbox.mails
    assert mail["Subject"] == "[announce] held: tickets: no room"
    assert mail["From"] == "ada@conf.example"
    assert mail["To"] == "ada@conf.example, bo@conf.example"
    assert mail.get_content() == TEXT
    assert [line for line in mailbox.lines if line.upper().startswith("RCPT")] == [
        "rcpt TO:<ada@conf.example>",
        "rcpt TO:<bo@conf.example>",
    ]


def test_the_sender_is_the_one_of_the_settings(mailbox: Mailbox) -> None:
    assert by_mail(mailbox, mail_from="bot@conf.example") == []
    assert mailbox.mails[0]["From"] == "bot@conf.example"


def test_a_recovery_alone_is_a_mail_too(mailbox: Mailbox) -> None:
    assert by_mail(mailbox, AlertBatch(recovered=("the token is refused",))) == []
    assert mailbox.mails[0]["Subject"] == "[announce] no longer so: the token is refused"


@pytest.mark.parametrize("what", ["first\r\nBcc: all@conf.example", "first\rsecond", "eine Überschrift – " * 30])
def test_no_words_break_a_mails_head(mailbox: Mailbox, what: str) -> None:
    assert (
        by_mail(
            mailbox, AlertBatch(alerts=(Alert(key=AlertKey(AlertKind.TROUBLE, "k"), what=what, means="", todo=""),))
        )
        == []
    )
    (mail,) = mailbox.mails
    assert mail["Bcc"] is None
    assert mail["Subject"].startswith(f"[announce] {what.split()[0]}")
    assert len(mail["Subject"]) <= 150


def test_a_refused_recipient_stops_nothing(mailbox: Mailbox) -> None:
    mailbox.refuses = True
    assert by_mail(mailbox) == ["an alert could not be sent by mail: SMTPRecipientsRefused"]


def test_a_way_that_fails_does_not_keep_the_other(hook: Webhook, mailbox: Mailbox) -> None:
    hook.answer = 500
    assert len(by_mail(mailbox, webhook=hook.url)) == 1
    assert len(mailbox.mails) == 1
    hook.answer = 200
    assert len(told(mail_to=("a@conf.example",), smtp=f"smtp://127.0.0.1:{closed_port()}", webhook=hook.url)) == 1
    assert len(hook.bodies) == 2


def test_a_password_is_never_said_to_a_server_without_tls(mailbox: Mailbox) -> None:
    (said,) = by_mail(mailbox, smtp="env:SMTP", environ={"SMTP": f"smtp://ada:{SECRET}@127.0.0.1:{mailbox.port}"})
    assert said.startswith("an alert could not be sent by mail")
    assert SECRET not in said
    assert (mailbox.mails, mailbox.logins) == ([], [])


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for this machine that nobody trusts, with its key."""
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    key = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -days 2 -subj /CN=localhost"
    names = ["-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(path.with_suffix(".key")), "-out", str(path)]
    subprocess.run([program("openssl"), *key.split(), *names, *files], check=True, capture_output=True, timeout=60)
    with path.open("a") as both:
        both.write(path.with_suffix(".key").read_text())
    return path


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
@pytest.mark.parametrize("is_trusted", [True, False])
def test_a_password_is_said_to_a_server_with_a_good_certificate_only(
    certificate: Path, monkeypatch: pytest.MonkeyPatch, scheme: str, is_trusted: bool
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    if is_trusted:
        # OpenSSL's own way to be told of certificates; there is no other without a setting that could turn it off.
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with listening_mailbox(tls=context, at_once=scheme == "smtps") as box:
        address = f"{scheme}://ada:{SECRET}%40@127.0.0.1:{box.port}"
        said = by_mail(box, smtp="env:SMTP", environ={"SMTP": address})
    assert said == ([] if is_trusted else ["an alert could not be sent by mail: SSLCertVerificationError"])
    assert box.logins == ([("ada", f"{SECRET}@")] if is_trusted else [])
    assert len(box.mails) == int(is_trusted)


@pytest.fixture
def ledger() -> ScratchLedger:
    return ScratchLedger(ManualClock(NOW))


class TestNotedAlerts:
    HOUR = timedelta(hours=1)

    def tell(self, ledger: ScratchLedger, *causes: str, after: timedelta = timedelta()) -> tuple[set[str], list[str]]:
        new, recovered = note_alerts(ledger, {c: f"words of {c}" for c in causes}, quiet=self.HOUR, now=NOW + after)
        return set(new), list(recovered)

    def test_a_cause_that_stays_is_told_once(self, ledger: ScratchLedger) -> None:
        assert self.tell(ledger, "a") == ({"a"}, [])
        assert self.tell(ledger, "a", "b", after=SECOND) == ({"b"}, [])
        assert self.tell(ledger, "a", "b", after=9 * self.HOUR) == (set(), [])

    def test_its_recovery_is_told_once(self, ledger: ScratchLedger) -> None:
        self.tell(ledger, "a", "b")
        assert self.tell(ledger, "b", after=SECOND) == (set(), ["words of a"])
        assert self.tell(ledger, "b", after=2 * SECOND) == (set(), [])

    @pytest.mark.parametrize(("after", "news"), [(HOUR - SECOND, set[str]()), (HOUR, {"a"})])
    def test_one_that_comes_back_is_told_again_but_not_within_the_quiet_time(
        self, ledger: ScratchLedger, after: timedelta, news: set[str]
    ) -> None:
        self.tell(ledger, "a")
        self.tell(ledger, after=SECOND)
        assert self.tell(ledger, "a", after=after) == (news, [])

    def test_one_that_came_back_within_the_quiet_time_is_told_after_it(self, ledger: ScratchLedger) -> None:
        self.tell(ledger, "a")
        self.tell(ledger, after=SECOND)
        assert self.tell(ledger, "a", after=2 * SECOND) == (set(), [])
        assert self.tell(ledger, "a", after=self.HOUR) == ({"a"}, [])

    def test_of_two_processes_one_tells(self, ledger: ScratchLedger, monkeypatch: pytest.MonkeyPatch) -> None:
        """The other one has read the notes before the first has written its own."""
        notes, before = ledger.notes, [ledger.notes(NoteKind.ALERT)]
        assert self.tell(ledger, "a") == ({"a"}, [])
        monkeypatch.setattr(ledger, "notes", lambda kind: before.pop() if before else notes(kind))
        assert self.tell(ledger, "a") == (set(), [])
        assert not before
