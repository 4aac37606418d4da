"""WebSub (W3C): notifies the hubs in the settings that a feed has changed, once its address serves the new bytes.

There is no queue: a ping is due while the public folder differs from the latest ping of the hub, which the ledger
keeps. So a restart loses nothing, and a failed ping stays due until it succeeds. A repeated ping is harmless.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final, SupportsBytes
from urllib.parse import urlsplit

from bot.domain import Event, EventKind, NoteKind, NotesChange, WriteBatch
from bot.domain.backoff import Backoff, Outage
from bot.domain.clock import Clock
from bot.domain.errors import FetchError
from bot.domain.wording import count_words
from bot.feeds.document import FeedFile
from bot.files.public_paths import State, read_state
from bot.http.client import WebClient
from bot.ledger import Ledger

#: How long the bot waits for one answer.
ANSWER_TIMEOUT: Final = timedelta(seconds=10)
#: The waits between tries.
BACKOFF: Final = Backoff(first=timedelta(seconds=2), longest=timedelta(minutes=10))
#: The history records a hub or feed that has been failing for this long.
REPORT_AFTER: Final = timedelta(minutes=15)


def topics_of(files: Mapping[str, SupportsBytes]) -> dict[str, str]:
    """Return the address of each feed that names a hub → its file below the public folder."""
    return {
        file.document.url_of(file.format.FILE_NAME): name
        for name, file in files.items()
        if isinstance(file, FeedFile) and file.document.hubs
    }


@dataclass
class _Trouble:
    """The failures of a hub, or of the address of a feed."""

    outage: Outage
    why: str = ""
    reported: bool = False


@dataclass
class WebSubPings:
    """Sends the pings that are due. One thread may use it at a time."""

    hubs: tuple[str, ...]
    public: Path
    web: WebClient
    ledger: Ledger
    clock: Clock
    emit: Callable[[Event], None]
    stopping: Callable[[], bool] = lambda: False
    _digests: dict[str, tuple[State, str]] = field(default_factory=dict)
    _troubles: dict[str, _Trouble] = field(default_factory=dict)

    def send(self, topics: Mapping[str, str]) -> timedelta | None:
        """Send the pings that are due and possible; return the wait until the next try, None if no ping is left.

        `topics` is each feed's address → its file below the public folder. Raises LedgerError.
        """
        due_pings = self._due_pings(topics)
        served = self._served({topic: digest for due in due_pings.values() for topic, digest in due.items()}, topics)
        for hub, due in due_pings.items():
            self._notify(hub, {topic: digest for topic, digest in due.items() if topic in served})
        left = self._due_pings(topics)
        names = {*left, *(f"{topic} {digest}" for due in left.values() for topic, digest in due.items())}
        self._troubles = {name: trouble for name, trouble in self._troubles.items() if name in names}
        if not left:
            return None
        # Without a known failure a feed has changed during this call: it is due again after the shortest wait.
        waits = [trouble.outage.retry_at - self.clock.monotonic() for trouble in self._troubles.values()]
        return max(BACKOFF.first, timedelta(seconds=min(waits, default=0.0)))

    def troubles(self) -> tuple[str, ...]:
        """The reasons why pings are still due."""
        return tuple(trouble.why for trouble in self._troubles.values())

    def _due_pings(self, topics: Mapping[str, str]) -> dict[str, dict[str, str]]:
        """Return hub → feed's address → digest of its bytes, for the feeds whose bytes the hub was not notified of."""
        now = {topic: digest for topic, name in topics.items() if (digest := self._digest(name))}
        pinged = self.ledger.notes(NoteKind.PINGED) if self.hubs and now else {}
        due_pings = {hub: {t: d for t, d in now.items() if pinged.get(_note_key(hub, t)) != d} for hub in self.hubs}
        return {hub: due for hub, due in due_pings.items() if due}

    def _digest(self, name: str) -> str:
        """Return the digest of the file on the disk; empty if it cannot be read."""
        path = self.public / name
        state = read_state(path)
        if state is None:
            return ""
        known = self._digests.get(name)
        if known is None or known[0] != state:
            try:
                known = (state, hashlib.sha256(path.read_bytes()).hexdigest())
            except OSError:
                return ""
            self._digests[name] = known
        return known[1]

    def _served(self, due: Mapping[str, str], topics: Mapping[str, str]) -> set[str]:
        """Return the feeds whose own address serves the bytes that are on the disk."""
        served: set[str] = set()
        silent: set[str] = set()  # hosts that gave no answer: their other feeds would time out too
        for topic, digest in due.items():
            # New bytes are checked at once, regardless of the wait after earlier failures.
            name = f"{topic} {digest}"
            host = urlsplit(topic).netloc
            if self.stopping() or host in silent or not self._may_try(name):
                continue
            try:
                size = (self.public / topics[topic]).stat().st_size
                # The limit leaves room for a longer version; a feed beyond it has other bytes anyway.
                seen = self.web.get(topic, largest=2 * size + 1024 * 1024, within=ANSWER_TIMEOUT, past_caches=True)
            except (FetchError, OSError) as error:
                if isinstance(error, FetchError) and error.passing:
                    silent.add(host)
                self._note_failure(name, f"{error} Its hubs are told once it shows the feed.")
                continue
            if hashlib.sha256(seen.data).hexdigest() == digest:
                self._troubles.pop(name, None)
                served.add(topic)
            else:
                words = f"{topic} does not show the feed as it is in the public folder yet"
                self._note_failure(name, f"{words}; its hubs are told once it does.")
        return served

    def _notify(self, hub: str, due: Mapping[str, str]) -> None:
        notified: dict[str, str] = {}
        for topic, digest in due.items() if self._may_try(hub) else ():
            if self.stopping():
                break
            try:
                self.web.post_form(hub, {"hub.mode": "publish", "hub.url": topic}, within=ANSWER_TIMEOUT)
            except FetchError as error:
                self._note_failure(hub, f"the hub could not be told of news: {error}")
                if error.passing:
                    break
                # The refusal may concern this feed only, so go on with the next.
            else:
                notified[topic] = digest
        if len(notified) == len(due):
            self._troubles.pop(hub, None)
        if notified:
            number = count_words(len(notified), "feed")
            event = Event(at=self.clock.now(), kind=EventKind.PINGED, detail=f"{hub}: {number}")
            notes = NotesChange(
                kind=NoteKind.PINGED, changes={_note_key(hub, topic): digest for topic, digest in notified.items()}
            )
            self.ledger.record(WriteBatch(notes=notes, events=(event,)), now=event.at)
            self.emit(event)

    def _may_try(self, name: str) -> bool:
        trouble = self._troubles.get(name)
        return trouble is None or trouble.outage.may_retry(self.clock.monotonic())

    def _note_failure(self, name: str, why: str) -> None:
        now = self.clock.monotonic()
        trouble = self._troubles.setdefault(name, _Trouble(outage=Outage(backoff=BACKOFF, since=now)))
        trouble.why = why
        if trouble.outage.may_retry(now):
            trouble.outage.failed(now)
        if not trouble.reported and trouble.outage.has_lasted(now, REPORT_AFTER):
            trouble.reported = True
            event = Event(at=self.clock.now(), kind=EventKind.PROBLEM, detail=why)
            self.ledger.record(WriteBatch(events=(event,)), now=event.at)
            self.emit(event)


def _note_key(hub: str, topic: str) -> str:
    # Neither address contains a space.
    return f"{hub} {topic}"
