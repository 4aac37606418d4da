"""Exponential back-off: the wait doubles after each failure, up to a limit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class Backoff:
    """The waits between the attempts of one kind of request."""

    first: timedelta
    longest: timedelta
    spread: float = 0.0  #: the largest random share that lengthens a wait, so that many clients do not retry at once

    def wait(self, failures: int, *, jitter: float = 0.0) -> timedelta:
        """Return the wait after a failure that follows `failures` earlier ones in a row; `jitter` is 0…1."""
        doublings = min(failures, 32)  # beyond that every limit is reached, and timedelta would overflow
        wait = min(self.first * (1 << doublings), self.longest)
        return wait * (1 + self.spread * jitter)


@dataclass(kw_only=True, slots=True)
class Outage:
    """A service that fails: since when, and when the caller may try again. Times are monotonic seconds."""

    backoff: Backoff
    since: float
    failures: int = 0
    retry_at: float = 0.0

    def failed(self, now: float) -> None:
        """Record that an attempt at `now` failed."""
        self.retry_at = now + self.backoff.wait(self.failures).total_seconds()
        self.failures += 1

    def may_retry(self, now: float) -> bool:
        """Whether the wait is over."""
        return now >= self.retry_at

    def has_lasted(self, now: float, longer_than: timedelta) -> bool:
        """Whether the service has failed for at least `longer_than`."""
        return now - self.since >= longer_than.total_seconds()
