"""Alerts by webhook: a POST of JSON with the text and its parts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from bot.config import Alerts
from bot.config.secrets import resolve_secret
from bot.domain.errors import FetchError, OutputError
from bot.http.client import WebClient
from bot.integrations.alerts.batch import AlertBatch, format_text

#: How long the bot waits for the answer.
ANSWER_TIMEOUT: Final = timedelta(seconds=10)


def is_wanted(settings: Alerts) -> bool:
    return bool(settings.webhook)


def send(news: AlertBatch, *, settings: Alerts, site: str, environ: Mapping[str, str], web: WebClient) -> None:
    body = {
        "site": site,
        "text": format_text(news, site=site),
        "alerts": [{"what": c.what, "means": c.means, "todo": c.todo} for c in news.alerts],
        "recovered": list(news.recovered),
    }
    assert settings.webhook is not None
    url = resolve_secret(settings.webhook, environ)
    content = json.dumps(body, ensure_ascii=False).encode("utf-8")
    try:
        status = web.post(url, headers={"Content-Type": "application/json"}, content=content, within=ANSWER_TIMEOUT)
    except FetchError as error:
        why = "it gave no answer" if error.passing else "its address cannot be called"
        raise OutputError(f"{why}.") from None  # the address may be a secret
    if not 200 <= status < 300:
        raise OutputError(f"it answered {status}.")
