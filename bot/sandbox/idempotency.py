"""What servers do with an Idempotency-Key that they have seen before.

Mastodon looks at the key while it posts. Pixelfed keeps the key before it does the work and refuses it from then on
(ApiV1Controller.php `statusCreate`). Pleroma keeps the whole answer and sends it again, errors too, to any client
(web/plugs/idempotency_plug.ex). GoToSocial ignores keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Final

from flask import Response
from werkzeug.exceptions import InternalServerError

from bot.sandbox.errors import ApiError, locked, not_found
from bot.sandbox.profiles import RepeatPolicy

if TYPE_CHECKING:
    from bot.sandbox.records import Account, Status
    from bot.sandbox.store import Store

REFUSED_FOR: Final = timedelta(hours=1)
REPLAYED_FOR: Final = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes
    media_type: str
    expires: datetime


class IdempotencyKeys:
    """The keys that Pixelfed and Pleroma remember, in memory. Safe to use from several threads."""

    def __init__(self) -> None:
        self._refused: dict[str, datetime] = {}
        self._answers: dict[str, _Answer] = {}
        self._lock = Lock()

    def before(self, repeat: RepeatPolicy, key: str, *, account: str, posts: bool, now: datetime) -> Response | None:
        """The stored answer to a repeated request, if any. Raises ApiError (400) for a key that the server refuses.

        `posts`: whether the request posts a status, the only one at which Pixelfed looks at keys.
        """
        with self._lock:
            if repeat is RepeatPolicy.REFUSED and posts:
                name = f"{account}:{key}"
                if self._refused.get(name, now) > now:
                    raise ApiError(400, "Duplicate idempotency key.")
                self._refused[name] = now + REFUSED_FOR
            known = self._answers.get(key) if repeat is RepeatPolicy.REPLAYED else None
        if known is None or known.expires <= now:
            return None
        response = Response(known.body, status=known.status, mimetype=known.media_type)
        response.headers["Idempotency-Key"] = key
        response.headers["X-Idempotent-Replayed"] = "true"
        return response

    def after(self, repeat: RepeatPolicy, key: str, response: Response, *, now: datetime) -> None:
        """Store the answer to a request, if the server does so."""
        if repeat is not RepeatPolicy.REPLAYED:
            return
        with self._lock:
            known = self._answers.get(key)
            if known is None or known.expires <= now:
                answer = _Answer(response.status_code, response.get_data(), response.mimetype or "", now + REPLAYED_FOR)
                self._answers[key] = answer


def repeated_status(store: Store, policy: RepeatPolicy, account: Account, key: str) -> Status | None:
    """The status that this key of the account has led to, where the server knows keys as Mastodon does; else None.

    Raises what Mastodon 4.6 answers instead: InternalServerError, or ApiError (503). Raises ApiError (404) if the
    status was deleted.
    """
    used = store.status_of_key(account, key) if key else None
    # REFUSED and REPLAYED have been dealt with by `IdempotencyKeys.before`.
    if used is None or policy in (RepeatPolicy.IGNORED, RepeatPolicy.REFUSED, RepeatPolicy.REPLAYED):
        return None
    if policy is RepeatPolicy.ERROR:
        raise InternalServerError  # an HTML page, as for every error that Mastodon did not foresee
    if policy is RepeatPolicy.LOCKED:
        raise locked()
    status = store.status(used.status_id)
    if status is None:
        raise not_found()
    return status
