"""Authenticate pushes (webhooks) from GitHub, GitLab, Forgejo and Gitea by the shared secret.

- GitHub: `X-Hub-Signature-256: sha256=<hex HMAC-SHA256 of the body>` (its docs: "Validating webhook deliveries").
- Forgejo and Gitea: the bare hex digest in `X-Forgejo-Signature` and `X-Gitea-Signature`, and GitHub's header too.
- GitLab: the secret itself in `X-Gitlab-Token`; since 2026 also a signing token (gitlab-org/gitlab!230944), by the
  rules of Standard Webhooks: `webhook-signature: v1,<base64 HMAC-SHA256 of "id.timestamp.body">`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.config import Source

#: The largest difference between a signed time and ours (Standard Webhooks, "Verifying webhook authenticity").
TOLERANCE: Final = timedelta(minutes=5)
_HEX: Final = ("x-hub-signature-256", "x-forgejo-signature", "x-gitea-signature")
_TOKEN: Final = "x-gitlab-token"  # noqa: S105 — a header's name
#: GitLab's id of a delivery; unchanged when GitLab retries (its docs: "Webhooks", delivery headers).
_GITLAB_DELIVERY: Final = "idempotency-key"
#: The most signatures checked of one request, because a sender could list thousands.
_MOST_SIGNATURES: Final = 10


def verify_push(headers: Mapping[str, str], body: bytes, *, secret: str, now: datetime) -> str:
    """A mark that identifies a genuine push, to detect replays; empty if its sender does not know the secret.

    `headers` have lower-case names. The mark is derived from signed data, so that an attacker who replays a push cannot
    change it: the delivery's id if a time is signed, else the body. GitLab's token signs nothing; its mark is the
    delivery's id. A signed time too far from `now` is rejected. Comparisons take constant time.
    """
    if not secret:
        return ""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    by_body = [_same(headers.get(name, "").removeprefix("sha256="), digest) for name in _HEX]
    by_id = _is_standard(headers, body, secret, now)
    by_token = _same(headers.get(_TOKEN, ""), secret)
    if any(by_body):
        return f"body {digest}"
    if by_id:
        return f"id {headers['webhook-id']}"
    if by_token:
        return f"delivery {headers.get(_GITLAB_DELIVERY) or digest}"
    return ""


def _is_standard(headers: Mapping[str, str], body: bytes, secret: str, now: datetime) -> bool:
    identity, timestamp, signatures = (headers.get(f"webhook-{part}", "") for part in ("id", "timestamp", "signature"))
    if not identity or not (timestamp.isascii() and timestamp.isdigit()) or len(timestamp) > 12:
        return False
    near = abs(now.timestamp() - int(timestamp)) <= TOLERANCE.total_seconds()
    signed = f"{identity}.{timestamp}.".encode("utf-8", "surrogateescape") + body
    right = False
    for key in _keys(secret):
        expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode("ascii")
        for signature in signatures.split()[:_MOST_SIGNATURES]:
            right |= _same(signature, f"v1,{expected}")
    return right and near


def _keys(secret: str) -> Iterator[bytes]:
    """The possible keys of a secret: a signing token is base64, usually after `whsec_`; else the text is the key."""
    coded = secret.removeprefix("whsec_")
    with suppress(binascii.Error, ValueError):
        key = base64.b64decode(coded, validate=True)
        if key:
            yield key
    yield secret.encode()


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "surrogateescape"), other.encode())


#: Bytes of a push's body. A larger one is refused; the bot sees its change at the next regular fetch (`every`).
LARGEST: Final = 1024 * 1024
#: The number of pushes remembered. An older replay, or one after a restart, only causes one more fetch: harmless.
_REMEMBERED: Final = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """The answer to the forge: an HTTP status, and a sentence for the operator, shown in its list of deliveries."""

    status: int
    text: str


class PushHook:
    """Receives pushes; thread-safe. Never parses the body: a genuine push only triggers a fetch."""

    def __init__(
        self, secrets: Mapping[Source, str], *, now: Callable[[], datetime], pushed: Callable[[Source], None]
    ) -> None:
        self._secrets = {source: secret for source, secret in secrets.items() if secret}
        self._now = now
        self._pushed = pushed
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def receive(self, headers: Mapping[str, str], body: bytes, *, media_type: str) -> Answer:
        """Check a request by its headers (lower-case names) and body; a genuine, new push triggers a fetch."""
        if media_type != "application/json":
            return Answer(status=415, text="Set the content type of this webhook to application/json.")
        now = self._now()
        marks = {source: verify_push(headers, body, secret=secret, now=now) for source, secret in self._secrets.items()}
        meant = [source for source, mark in marks.items() if mark]
        if not meant:
            return Answer(status=401, text="No secret of this bot fits. Give the webhook the secret in push_secret.")
        if self._was_seen({mark for mark in marks.values() if mark}):
            return Answer(status=200, text="This push was seen before; nothing is fetched again.")
        for source in meant:
            self._pushed(source)
        return Answer(status=202, text="The posts are fetched now.")

    def _was_seen(self, marks: set[str]) -> bool:
        with self._lock:
            seen = any(mark in self._seen for mark in marks)
            for mark in marks:
                self._seen[mark] = None
                self._seen.move_to_end(mark)
            while len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)
            return seen
