"""Telling people: alerts to a webhook (JSON) and by mail. Best effort: an alert that fails never stops the bot."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import unquote, urlsplit

from bot.config import Alerts
from bot.domain.errors import FetchError, OutputError
from bot.http.client import WebClient
from bot.planner.alerts import Alert

#: The longest wait for an answer of a webhook or a mail server.
ANSWER_TIMEOUT: Final = timedelta(seconds=10)


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertBatch:
    """What is new since people were last told."""

    causes: tuple[Alert, ...] = ()
    recovered: tuple[str, ...] = ()  #: the `what` of causes that are gone

    def __bool__(self) -> bool:
        return bool(self.causes or self.recovered)


def text_of(news: AlertBatch, *, site: str) -> str:
    """The news as plain text: what happened, what it means, what to do."""
    lines = [f"announce, {site}"]
    for cause in news.causes:
        lines += ["", f"What happened: {cause.what}"]
        lines += [f"What it means: {cause.means}"] if cause.means else []
        lines += [f"What to do: {cause.todo}"] if cause.todo else []
    # Not "solved": the time of what was wrong may have passed.
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
    """Send the news every way that the settings name; `emit` gets a line for each that fails.

    Whether news may name unreleased posts was decided before (`Alert.redacted`).
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
        except Exception as error:  # noqa: BLE001 — whatever a stranger's server does, the bot goes on
            # Of a stranger's error only the kind: its text may quote an address with a secret in it.
            why = str(error) if isinstance(error, OutputError) else type(error).__name__
            emit(f"an alert could not be sent by {name}: {why}")


def from_environment(value: str, environ: Mapping[str, str]) -> str:
    """The value itself, or what the environment holds for "env:NAME". Raises OutputError if it holds nothing."""
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
    import smtplib
    import ssl
    from email.message import EmailMessage

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
    # Without a context smtplib takes any certificate, and so would give the password to anyone in between.
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
