"""Rate limits, counted as Mastodon counts them: in fixed windows that are aligned to the Unix epoch.

Sources: config/initializers/rack_attack.rb, app/lib/rate_limiter.rb, app/controllers/concerns/api/rate_limit_headers.rb
of mastodon/mastodon. The tables of the other servers stand below Mastodon's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Final


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestFacts:
    """What the limits need to know of a request."""

    method: str
    path: str
    paged: bool  #: whether it names a page, min_id, max_id or since_id
    account: str | None  #: account id; None without a valid token
    address: str  #: of the caller
    token: str = ""  #: distinguishes the tokens of one account

    @property
    def caller(self) -> str:
        """The account, or the address of an anonymous caller."""
        return self.account or self.address


@dataclass(frozen=True, kw_only=True, slots=True)
class Rate:
    """At most `limit` requests in each `window`, counted by the key that `counts_for` returns; None: not counted."""

    name: str
    limit: int
    window: timedelta
    counts_for: Callable[[RequestFacts], str | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class RateUsage:
    """How much of a limit has been used."""

    limit: int
    used: int
    reset: datetime

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)

    @property
    def exceeded(self) -> bool:
        return self.used > self.limit


def _upload(facts: RequestFacts) -> str | None:
    return facts.caller if facts.method == "POST" and re.fullmatch(r"/api/v\d/media", facts.path) else None


def _deletion(facts: RequestFacts) -> str | None:
    return facts.caller if facts.method == "DELETE" and facts.path.startswith("/api/v1/statuses/") else None


def _registration(facts: RequestFacts) -> str | None:
    return facts.address if facts.method == "POST" and facts.path == "/api/v1/apps" else None


def _status_action(facts: RequestFacts) -> str | None:
    changes = facts.method in ("POST", "PUT", "DELETE") and facts.path.startswith("/api/v1/statuses")
    return facts.account if changes else None


#: Counted for every request, even a failing one.
REQUEST_RATES: Final = (
    Rate(
        name="api",
        limit=300,
        window=timedelta(minutes=5),
        counts_for=lambda facts: f"{facts.account}{facts.token}" if facts.account else None,
    ),
    Rate(
        name="anonymous",
        limit=300,
        window=timedelta(minutes=5),
        counts_for=lambda facts: None if facts.account else facts.address,
    ),
    Rate(name="media", limit=30, window=timedelta(minutes=30), counts_for=_upload),
    Rate(name="deletions", limit=30, window=timedelta(minutes=30), counts_for=_deletion),
    Rate(
        name="pages",
        limit=300,
        window=timedelta(minutes=15),
        counts_for=lambda facts: facts.caller if facts.paged else None,
    ),
    Rate(name="user", limit=1500, window=timedelta(minutes=5), counts_for=lambda facts: facts.account),
    Rate(name="applications", limit=5, window=timedelta(minutes=10), counts_for=_registration),
)

#: Counted for every status created and every edit that changes something; failed validations are free.
STATUS_RATE: Final = Rate(name="statuses", limit=300, window=timedelta(hours=3), counts_for=lambda facts: facts.account)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rates:
    """What one kind of server limits, and how it says so."""

    requests: tuple[Rate, ...] = ()
    statuses: Rate | None = None
    headers: bool = True  #: whether it sends X-RateLimit headers
    text: str = "Too many requests"


MASTODON_RATES: Final = Rates(requests=REQUEST_RATES, statuses=STATUS_RATE)

#: Per address, signed in or not (internal/middleware/ratelimit.go of GoToSocial).
GOTOSOCIAL_RATES: Final = Rates(
    requests=(Rate(name="address", limit=300, window=timedelta(minutes=5), counts_for=lambda facts: facts.address),),
    text="Too Many Requests: rate limit reached",
)

#: config/config.exs of Pleroma, `statuses_actions`.
PLEROMA_RATES: Final = Rates(
    requests=(Rate(name="status actions", limit=15, window=timedelta(seconds=10), counts_for=_status_action),),
    headers=False,
    text="Throttled",
)

NO_RATES: Final = Rates(headers=False)


class RateCounter:
    """Counts in memory. Safe to use from several threads."""

    def __init__(self) -> None:
        self._used: dict[tuple[str, str], tuple[int, int]] = {}  # (limit, key) → (window, used)
        self._lock = Lock()

    def count(self, rate: Rate, key: str, now: datetime) -> RateUsage:
        """Count one request; returns the usage after it."""
        return self._usage(rate, key, now, more=1)

    def usage(self, rate: Rate, key: str, now: datetime) -> RateUsage:
        """The usage so far; nothing is counted."""
        return self._usage(rate, key, now, more=0)

    def _usage(self, rate: Rate, key: str, now: datetime, *, more: int) -> RateUsage:
        seconds = int(rate.window.total_seconds())
        window, into = divmod(int(now.timestamp()), seconds)
        with self._lock:
            known, used = self._used.get((rate.name, key), (window, 0))
            used = (used if known == window else 0) + more
            self._used[rate.name, key] = (window, used)
        return RateUsage(limit=rate.limit, used=used, reset=now + timedelta(seconds=seconds - into))


def rate_headers(usages: Iterable[RateUsage]) -> Mapping[str, str]:
    """The three headers for the limit nearest to exhaustion; none if nothing is counted."""
    nearest = min(usages, key=lambda usage: usage.remaining, default=None)
    if nearest is None:
        return {}
    return {
        "X-RateLimit-Limit": str(nearest.limit),
        "X-RateLimit-Remaining": str(nearest.remaining),
        "X-RateLimit-Reset": format_reset(nearest.reset),
    }


def format_reset(moment: datetime) -> str:
    """ISO 8601 in UTC with six decimals, as in X-RateLimit-Reset."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
