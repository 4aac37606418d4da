"""Fetching type and size of covers on other hosts, so that the feeds can list them as enclosures.

The bot requests each picture once, after its post is released; the ledger keeps the answer, or that there was none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from bot.domain import RemotePicture, WriteBatch
from bot.domain.clock import Clock
from bot.domain.errors import FetchError
from bot.http.client import WebClient
from bot.ledger import Ledger

#: How long the bot waits for one answer.
ANSWER_TIMEOUT: Final = timedelta(seconds=5)
#: How long one call of `ask` may take; the remaining pictures follow after the next cycle.
TOTAL_TIMEOUT: Final = timedelta(seconds=15)
#: Bytes; a larger size in an answer cannot be true of a picture.
_MAX_PICTURE_BYTES: Final = 2**40
#: A cycle that began before the ledger had the answer asks for it again; within this time that makes no request.
_ASK_AGAIN_AFTER: Final = timedelta(hours=1)
_PICTURE: Final = re.compile(r"image/[a-z0-9][a-z0-9.+-]{0,60}")


@dataclass(kw_only=True)
class RemotePictures:
    """Asks the hosts and records their answers in the ledger. One thread may use it at a time."""

    web: WebClient
    ledger: Ledger
    clock: Clock
    stopping: Callable[[], bool] = lambda: False
    _asked: dict[str, float] = field(default_factory=dict)  #: address → monotonic seconds

    def ask(self, urls: Iterable[str]) -> bool:
        """Request the pictures at these addresses; return whether any facts were found. Raises LedgerError."""
        end = self.clock.monotonic() + TOTAL_TIMEOUT.total_seconds()
        found: list[RemotePicture] = []
        silent: set[str] = set()  # hosts that gave no answer: their other pictures would time out too
        for url in filter(self._is_due, urls):
            left = timedelta(seconds=end - self.clock.monotonic())
            if self.stopping() or left <= timedelta():
                break
            host = _host(url)
            if host in silent:
                found.append(RemotePicture(url=url, asked_at=self.clock.now()))
                continue
            picture, answered = self._ask(url, within=min(ANSWER_TIMEOUT, left))
            if not answered:
                silent.add(host)
            found.append(picture)
            self._asked[url] = self.clock.monotonic()
        if found and not self.stopping():
            self.ledger.record(WriteBatch(pictures=tuple(found)), now=self.clock.now())
        return any(picture.is_known for picture in found)

    def _is_due(self, url: str) -> bool:
        asked = self._asked.get(url)
        return asked is None or self.clock.monotonic() - asked >= _ASK_AGAIN_AFTER.total_seconds()

    def _ask(self, url: str, *, within: timedelta) -> tuple[RemotePicture, bool]:
        """Return the facts about the picture, and whether its host answered."""
        nothing = RemotePicture(url=url, asked_at=self.clock.now())
        try:
            measured = self.web.measure(url, within=within)
        except FetchError as error:
            return nothing, not error.passing
        if not _PICTURE.fullmatch(measured.media_type) or not 0 < measured.size < _MAX_PICTURE_BYTES:
            return nothing, True  # for example an error page
        return (
            RemotePicture(url=url, media_type=measured.media_type, size=measured.size, asked_at=self.clock.now()),
            True,
        )


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc
    except ValueError:
        return url
