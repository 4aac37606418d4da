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
class Asked:
    """What the limits look at in a request."""

    method: str
    path: str
    paged: bool  #: whether it names a page, min_id, max_id or since_id
    account: str | None  #: account id; None without a valid token
    address: str  #: of the caller
    token: str = ""  #: what tells tokens of one account apart

    @property
    def whoever(self) -> str:
        return self.account or self.address


@dataclass(frozen=True, kw_only=True, slots=True)
class Rate:
    """At most `limit` in each `window` for whom `counts_for` names; None: the request does not count."""

    name: str
    limit: int
    window: timedelta
    counts_for: Callable[[Asked], str | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
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


def _upload(asked: Asked) -> str | None:
    return asked.whoever if asked.method == "POST" and re.fullmatch(r"/api/v\d/media", asked.path) else None


def _deletion(asked: Asked) -> str | None:
    return asked.whoever if asked.method == "DELETE" and asked.path.startswith("/api/v1/statuses/") else None


def _registration(asked: Asked) -> str | None:
    return asked.address if asked.method == "POST" and asked.path == "/api/v1/apps" else None


def _status_action(asked: Asked) -> str | None:
    changes = asked.method in ("POST", "PUT", "DELETE") and asked.path.startswith("/api/v1/statuses")
    return asked.account if changes else None


#: Counted for every request, whatever becomes of it.
REQUEST_RATES: Final = (
    Rate(
        name="api",
        limit=300,
        window=timedelta(minutes=5),
        counts_for=lambda asked: f"{asked.account}{asked.token}" if asked.account else None,
    ),
    Rate(
        name="anonymous",
        limit=300,
        window=timedelta(minutes=5),
        counts_for=lambda asked: None if asked.account else asked.address,
    ),
    Rate(name="media", limit=30, window=timedelta(minutes=30), counts_for=_upload),
    Rate(name="deletions", limit=30, window=timedelta(minutes=30), counts_for=_deletion),
    Rate(
        name="pages",
        limit=300,
        window=timedelta(minutes=15),
        counts_for=lambda asked: asked.whoever if asked.paged else None,
    ),
    Rate(name="user", limit=1500, window=timedelta(minutes=5), counts_for=lambda asked: asked.account),
    Rate(name="applications", limit=5, window=timedelta(minutes=10), counts_for=_registration),
)

#: Counted for every status that came into being and every real edit; failed validations are free.
STATUS_RATE: Final = Rate(name="statuses", limit=300, window=timedelta(hours=3), counts_for=lambda asked: asked.account)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rates:
    """What one kind of server limits, and how it tells."""

    requests: tuple[Rate, ...] = ()
    statuses: Rate | None = None
    headers: bool = True  #: whether it sends X-RateLimit headers
    text: str = "Too many requests"


MASTODON_RATES: Final = Rates(requests=REQUEST_RATES, statuses=STATUS_RATE)

#: Per address, signed in or not (internal/middleware/ratelimit.go of GoToSocial).
GOTOSOCIAL_RATES: Final = Rates(
    requests=(Rate(name="address", limit=300, window=timedelta(minutes=5), counts_for=lambda asked: asked.address),),
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
    """Counts in memory; safe to use from several threads. Without `limited` it counts nothing and limits nobody."""

    def __init__(self, *, limited: bool = True) -> None:
        self.limited = limited
        self._used: dict[tuple[str, str], tuple[int, int]] = {}  # (limit, who) → (window, used)
        self._lock = Lock()

    def count(self, rate: Rate, who: str, now: datetime) -> Standing:
        """Count one and tell where that leads."""
        return self._standing(rate, who, now, more=1)

    def look(self, rate: Rate, who: str, now: datetime) -> Standing:
        """Tell how it stands, counting nothing."""
        return self._standing(rate, who, now, more=0)

    def _standing(self, rate: Rate, who: str, now: datetime, *, more: int) -> Standing:
        seconds = int(rate.window.total_seconds())
        window, into = divmod(int(now.timestamp()), seconds)
        with self._lock:
            known, used = self._used.get((rate.name, who), (window, 0))
            used = (used if known == window else 0) + more
            self._used[rate.name, who] = (window, used)
        return Standing(limit=rate.limit, used=used, reset=now + timedelta(seconds=seconds - into))


def rate_headers(standings: Iterable[Standing]) -> Mapping[str, str]:
    """The three headers for the limit nearest to exhaustion; none if nothing is counted."""
    nearest = min(standings, key=lambda standing: standing.remaining, default=None)
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
