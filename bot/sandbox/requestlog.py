"""The requests that the API has seen: what tests look at to learn what really arrived."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from threading import Lock
from typing import Final

_KEPT: Final = 20_000


@dataclass(frozen=True, kw_only=True, slots=True)
class SeenRequest:
    """One request. Tokens are never kept."""

    method: str
    path: str
    query: str
    at: datetime
    account: str | None  #: username
    idempotency_key: str | None
    fault: str | None  #: what went wrong with it, on purpose
    status: int | None = None  #: None: not answered yet, or the connection was closed without an answer


class RequestLog:
    """The newest requests in the order of their arrival. Safe to use from several threads."""

    def __init__(self) -> None:
        self._seen: OrderedDict[int, SeenRequest] = OrderedDict()
        self._numbers = count()
        self._lock = Lock()

    def arrived(self, request: SeenRequest) -> int:
        """Note a request; returns its number."""
        with self._lock:
            number = next(self._numbers)
            self._seen[number] = request
            if len(self._seen) > _KEPT:
                self._seen.popitem(last=False)
            return number

    def answered(self, number: int, status: int) -> None:
        with self._lock:
            if number in self._seen:
                self._seen[number] = replace(self._seen[number], status=status)

    def all(self) -> list[SeenRequest]:
        with self._lock:
            return list(self._seen.values())

    def clear(self) -> None:
        with self._lock:
            self._seen.clear()
