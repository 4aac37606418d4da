"""Servers that look at an Idempotency-Key before they look at anything else.

Pixelfed keeps the key before it does the work and refuses it from then on (ApiV1Controller.php `statusCreate`);
Pleroma keeps the whole answer and gives it again, errors too, whoever asks (web/plugs/idempotency_plug.ex).
Mastodon's way is part of posting: see `writing.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from flask import Response

from bot.sandbox.answers import Refusal
from bot.sandbox.traits import Repeat

REFUSED_FOR: Final = timedelta(hours=1)
REPLAYED_FOR: Final = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes
    media_type: str
    expires: datetime


class KeyMemory:
    """The keys that have come, in memory. Safe to use from several threads."""

    def __init__(self) -> None:
        self._refused: dict[str, datetime] = {}
        self._answers: dict[str, _Answer] = {}
        self._lock = Lock()

    def before(self, repeat: Repeat, key: str, *, account: str, posts: bool, now: datetime) -> Response | None:
        """The answer to a repeat, if the server has one ready. Raises Refusal (400) for a key that it refuses.

        `posts`: whether the request is one to post a status, the only one at which Pixelfed looks at keys.
        """
        with self._lock:
            if repeat is Repeat.REFUSED and posts:
                name = f"{account}:{key}"
                if self._refused.get(name, now) > now:
                    raise Refusal(400, "Duplicate idempotency key.")
                self._refused[name] = now + REFUSED_FOR
            known = self._answers.get(key) if repeat is Repeat.REPLAYED else None
        if known is None or known.expires <= now:
            return None
        response = Response(known.body, status=known.status, mimetype=known.media_type)
        response.headers["Idempotency-Key"] = key
        response.headers["X-Idempotent-Replayed"] = "true"
        return response

    def after(self, repeat: Repeat, key: str, response: Response, *, now: datetime) -> None:
        """Remember an answer where the server does so."""
        if repeat is not Repeat.REPLAYED:
            return
        with self._lock:
            known = self._answers.get(key)
            if known is None or known.expires <= now:
                answer = _Answer(response.status_code, response.get_data(), response.mimetype or "", now + REPLAYED_FOR)
                self._answers[key] = answer
