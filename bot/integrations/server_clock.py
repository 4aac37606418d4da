"""The time according to the accounts' servers, from the `Date` of their answers (RFC 9110, section 6.6.1).

Each is stored with the machine's monotonic time, so a later jump of the wall clock shows at once, without a new answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from threading import Lock
from typing import Final

from bot.domain.clock import Clock
from bot.domain.durations import SERVER_TOLERANCE
from bot.domain.errors import FetchError
from bot.http.client import WebClient
from bot.http.policy import FROM_OPERATOR

#: The bot asks a server that gave no answer, or another time than this machine's, again after this time.
RETRY_INTERVAL: Final = timedelta(minutes=1)


class ServerTimes:
    """The present time of each account's server. Safe across threads."""

    def __init__(
        self,
        clock: Clock,
        servers: Mapping[str, str] | None = None,
        *,
        timeout: timedelta,
        web: WebClient | None = None,
    ) -> None:
        """`servers` is account → the address to ask for its server's time; other servers' times are ignored."""
        self._web = web or WebClient(FROM_OPERATOR)
        self._clock = clock
        self._servers = dict(servers or {})
        self._timeout = timeout
        self._lock = Lock()
        self._answers: dict[str, tuple[datetime, float]] = {}  #: the server's time, and monotonic seconds then
        self._asked_at: float | None = None

    @property
    def asked(self) -> bool:
        """Whether `ask` has been called, or there is no server to ask."""
        return self._asked_at is not None or not self._servers

    def note(self, account: str, headers: Mapping[str, str]) -> None:
        """Store the time of an answer of this account's server."""
        moment = _moment_of(headers)
        if moment is not None and account in self._servers:
            with self._lock:
                self._answers[account] = (moment, self._clock.monotonic())

    def now(self) -> dict[str, datetime]:
        """Return the present time according to each server that has answered, by account."""
        with self._lock:
            later = self._clock.monotonic()
            return {account: moment + timedelta(seconds=later - at) for account, (moment, at) in self._answers.items()}

    def ask(self) -> None:
        """Ask the servers that have not answered or disagree with this machine's clock, at most once a minute.

        The requests run in parallel, so the call takes one timeout at most. Servers that do not answer are skipped.
        """
        if not self._may_ask():
            return
        ours, known = self._clock.now(), self.now()
        wanted = [a for a in self._servers if a not in known or abs(known[a] - ours) > SERVER_TOLERANCE]
        if wanted:
            with ThreadPoolExecutor(max_workers=len(wanted)) as pool:
                list(pool.map(self._ask, wanted))

    def _may_ask(self) -> bool:
        with self._lock:
            now = self._clock.monotonic()
            if self._asked_at is not None and now - self._asked_at < RETRY_INTERVAL.total_seconds():
                return False
            self._asked_at = now
            return bool(self._servers)

    def _ask(self, account: str) -> None:
        try:
            headers = self._web.headers_of(self._servers[account], within=self._timeout)
        except FetchError:
            return
        self.note(account, headers)


def _moment_of(headers: Mapping[str, str]) -> datetime | None:
    """Return the time at which an answer was given; None if its headers are missing or malformed."""
    try:
        moment = parsedate_to_datetime(headers["Date"])
        # A cache keeps the Date of the original answer, and reports the time since in Age (RFC 9111, section 5.1).
        age = timedelta(seconds=int(headers.get("Age", "0")))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC) + age
    except (KeyError, ValueError, OverflowError):
        return None
