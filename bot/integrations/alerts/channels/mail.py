"""Alerts by mail, over the mail server in the settings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from urllib.parse import unquote, urlsplit

from bot.config import Alerts
from bot.config.secrets import resolve_secret
from bot.http.client import WebClient
from bot.integrations.alerts.batch import AlertBatch, format_text

#: How long the bot waits for an answer of the mail server.
ANSWER_TIMEOUT: Final = timedelta(seconds=10)


def is_wanted(settings: Alerts) -> bool:
    return bool(settings.mail_to)


def send(
    news: AlertBatch,
    *,
    settings: Alerts,
    site: str,
    environ: Mapping[str, str],
    web: WebClient,  # noqa: ARG001 — every channel gets it
) -> None:
    import smtplib  # imported here: it takes 19 ms, only for a mail
    import ssl  # smtplib loads it
    from email.message import EmailMessage  # smtplib loads it

    message = EmailMessage()
    first = news.alerts[0].what if news.alerts else f"no longer so: {news.recovered[0]}"
    message["Subject"] = f"[announce] {' '.join(first.split())}"[:150]
    message["From"] = settings.mail_from or settings.mail_to[0]
    message["To"] = ", ".join(settings.mail_to)
    message.set_content(format_text(news, site=site))
    server = urlsplit(resolve_secret(settings.smtp, environ))
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
