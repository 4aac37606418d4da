"""A push that a forge tells of: is it genuine, is it new, whose posts are to be fetched?"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.config import Source
from bot.sources.signatures import mark_of_genuine

#: Bytes of a push's description. A larger one is refused, and its change is seen at the next look (`every`).
LARGEST: Final = 1024 * 1024
#: So many pushes are remembered. One that is repeated after that, or after a restart, makes us look once more: no harm.
_REMEMBERED: Final = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What the forge is told: an HTTP status, and a sentence for the person who looks at its list of deliveries."""

    status: int
    text: str


class PushHook:
    """Safe across threads. Nothing in a body is believed or even read: a genuine push only says "look now"."""

    def __init__(
        self, secrets: Mapping[Source, str], *, now: Callable[[], datetime], pushed: Callable[[Source], None]
    ) -> None:
        self._secrets = {source: secret for source, secret in secrets.items() if secret}
        self._now = now
        self._pushed = pushed
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def receive(self, headers: Mapping[str, str], body: bytes, *, media_type: str) -> Answer:
        """Judge a request by its headers, in lower case, and its body. A genuine and new one has posts fetched."""
        if media_type != "application/json":
            return Answer(status=415, text="Set the content type of this webhook to application/json.")
        now = self._now()
        marks = {
            source: mark_of_genuine(headers, body, secret=secret, now=now) for source, secret in self._secrets.items()
        }
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
