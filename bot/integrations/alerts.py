"""Alerts to the operator, by webhook (JSON) and mail. Best effort: an alert that fails never stops the bot."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import unquote, urlsplit

from bot.config import Alerts
from bot.domain import NoteKind, NotesChange, WriteBatch
from bot.domain.errors import FetchError, OutputError
from bot.http.client import WebClient
from bot.ledger import Ledger
from bot.planner.alerts import Alert

#: How long the bot waits for an answer of a webhook or a mail server.
ANSWER_TIMEOUT: Final = timedelta(seconds=10)


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertBatch:
    """The changes since the last alerts."""

    causes: tuple[Alert, ...] = ()
    recovered: tuple[str, ...] = ()  #: the `what` of causes that have ended

    def __bool__(self) -> bool:
        return bool(self.causes or self.recovered)


#: Attempts to write the notes while another process changes them; then this process leaves the alerts to it.
_TRIES: Final = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class _Told:
    """An alert that was sent, as the ledger's note records it."""

    what: str  #: the text that was sent
    at: datetime  #: when it was last sent
    there: bool  #: whether its cause was present in the latest cycle

    def to_text(self) -> str:
        return json.dumps({**asdict(self), "at": self.at.isoformat()}, ensure_ascii=False)

    @staticmethod
    def from_text(text: str) -> _Told:
        values = json.loads(text)
        return _Told(what=values["what"], at=datetime.fromisoformat(values["at"]), there=bool(values["there"]))


def note_alerts(
    ledger: Ledger, causes: Mapping[str, str], *, quiet: timedelta, now: datetime
) -> tuple[frozenset[str], tuple[str, ...]]:
    """Record the present causes (key → text) in the ledger; return the keys to alert, and the texts of recoveries.

    A cause that persists is alerted once. A cause that ends and returns is alerted again, but not within `quiet` of
    the last alert. Raises LedgerError.
    """
    for _ in range(_TRIES):
        known = ledger.notes(NoteKind.ALERT)
        told = {key: _Told.from_text(text) for key, text in known.items()}
        after, new, recovered = _dedupe(told, causes, quiet=quiet, now=now)
        if after == told:
            return new, recovered
        values = {key: one.to_text() for key, one in after.items()}
        notes = NotesChange(
            kind=NoteKind.ALERT, changes={**dict.fromkeys(known.keys() - values.keys()), **values}, known=known
        )
        if not ledger.record(WriteBatch(notes=notes), now=now).outdated:
            return new, recovered
    return frozenset(), ()


def _dedupe(
    told: Mapping[str, _Told], causes: Mapping[str, str], *, quiet: timedelta, now: datetime
) -> tuple[dict[str, _Told], frozenset[str], tuple[str, ...]]:
    """Return the notes after this cycle, the keys of new causes, and the texts of those that have recovered."""
    after: dict[str, _Told] = {}
    new: set[str] = set()
    recovered: list[str] = []
    for cause, what in causes.items():
        known = told.get(cause)
        if known is not None and (known.there or known.at > now - quiet):
            # A cause that returns within the quiet time stays marked as absent until that time is over.
            after[cause] = known
        else:
            new.add(cause)
            after[cause] = _Told(what=what, at=now, there=True)
    for cause, known in told.items():
        if cause not in causes:
            if known.there:
                recovered.append(known.what)
            if known.at > now - quiet:
                after[cause] = replace(known, there=False)
    return after, frozenset(new), tuple(sorted(recovered))


def text_of(news: AlertBatch, *, site: str) -> str:
    """Format the alerts as plain text: what happened, what it means, what to do."""
    lines = [f"announce, {site}"]
    for cause in news.causes:
        lines += ["", f"What happened: {cause.what}"]
        lines += [f"What it means: {cause.means}"] if cause.means else []
        lines += [f"What to do: {cause.todo}"] if cause.todo else []
    # Not "solved": a cause may also end because its post or deadline has passed.
    lines += [f"\nNo longer so: {what}" for what in news.recovered]
    return "\n".join(lines) + "\n"


def send_alerts(
    news: AlertBatch,
    *,
    settings: Alerts,
    site: str,
    environ: Mapping[str, str],
    web: WebClient,
    emit: Callable[[str], None],
) -> None:
    """Send the alerts over every channel in the settings; `emit` receives a line for each channel that fails.

    The caller has already removed the names of unreleased posts where that is required (`Alert.redacted`).
    """
    ways: Sequence[tuple[str, bool, Callable[[], None]]] = (
        ("webhook", bool(settings.webhook), lambda: _post(news, settings, site, environ, web)),
        ("mail", bool(settings.mail_to), lambda: _mail(news, settings, site, environ)),
    )
    for name, wanted, send in ways:
        if not wanted:
            continue
        try:
            send()
        except Exception as error:  # noqa: BLE001 — no failure of another server may stop the bot
            # Only the type of a library's error: its text may contain an address with a secret in it.
            why = str(error) if isinstance(error, OutputError) else type(error).__name__
            emit(f"an alert could not be sent by {name}: {why}")


def from_environment(value: str, environ: Mapping[str, str]) -> str:
    """Return the value, or for "env:NAME" that environment variable. Raises OutputError if it is unset or blank."""
    if not value.startswith("env:"):
        return value
    name = value.removeprefix("env:")
    if not environ.get(name, "").strip():
        raise OutputError(f"the environment variable {name} is not set.")
    return environ[name].strip()


def _post(news: AlertBatch, settings: Alerts, site: str, environ: Mapping[str, str], web: WebClient) -> None:
    body = {
        "site": site,
        "text": text_of(news, site=site),
        "alerts": [{"what": c.what, "means": c.means, "todo": c.todo} for c in news.causes],
        "recovered": list(news.recovered),
    }
    assert settings.webhook is not None
    url = from_environment(settings.webhook, environ)
    content = json.dumps(body, ensure_ascii=False).encode("utf-8")
    try:
        status = web.post(url, headers={"Content-Type": "application/json"}, content=content, within=ANSWER_TIMEOUT)
    except FetchError as error:
        why = "it gave no answer" if error.passing else "its address cannot be called"
        raise OutputError(f"{why}.") from None  # the address may be a secret
    if not 200 <= status < 300:
        raise OutputError(f"it answered {status}.")


def _mail(news: AlertBatch, settings: Alerts, site: str, environ: Mapping[str, str]) -> None:
    import smtplib  # imported here: it takes 19 ms, only for a mail
    import ssl  # smtplib loads it
    from email.message import EmailMessage  # smtplib loads it

    message = EmailMessage()
    first = news.causes[0].what if news.causes else f"no longer so: {news.recovered[0]}"
    message["Subject"] = f"[announce] {' '.join(first.split())}"[:150]
    message["From"] = settings.mail_from or settings.mail_to[0]
    message["To"] = ", ".join(settings.mail_to)
    message.set_content(text_of(news, site=site))
    server = urlsplit(from_environment(settings.smtp, environ))
    secure = server.scheme == "smtps"
    host, port, seconds = (
        server.hostname or "localhost",
        server.port or (465 if secure else 25),
        ANSWER_TIMEOUT.total_seconds(),
    )
    # Without a context smtplib accepts any certificate, and so would send the password to a man in the middle.
    trusted = ssl.create_default_context()
    with (
        smtplib.SMTP_SSL(host, port, timeout=seconds, context=trusted)
        if secure
        else smtplib.SMTP(host, port, timeout=seconds) as smtp
    ):
        if not secure and server.username:
            smtp.starttls(context=trusted)
        if server.username:
            smtp.login(unquote(server.username), unquote(server.password or ""))
        smtp.send_message(message)
