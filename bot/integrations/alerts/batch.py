"""What to alert: the causes that are new, those that have ended, and the text about both."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from bot.domain import NoteKind, NotesChange, WriteBatch
from bot.ledger import Ledger
from bot.planner.alerts import Alert


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertBatch:
    """The changes since the last alerts."""

    alerts: tuple[Alert, ...] = ()
    recovered: tuple[str, ...] = ()  #: the `what` of causes that have ended

    def __bool__(self) -> bool:
        return bool(self.alerts or self.recovered)


#: Attempts to write the notes while another process changes them; then this process leaves the alerts to it.
_TRIES: Final = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class _SentAlert:
    """An alert that was sent, as the ledger's note records it."""

    what: str  #: the text that was sent
    at: datetime  #: when it was last sent
    there: bool  #: whether its cause was present in the latest cycle
    other_key: bool = False  #: upgraded from version 8 of the ledger, where the same cause may have another key

    def to_text(self) -> str:
        return json.dumps({**asdict(self), "at": self.at.isoformat()}, ensure_ascii=False)

    @staticmethod
    def from_text(text: str) -> _SentAlert:
        values = json.loads(text)
        return _SentAlert(
            what=values["what"],
            at=datetime.fromisoformat(values["at"]),
            there=bool(values["there"]),
            other_key=bool(values.get("other_key")),
        )


def note_alerts(
    ledger: Ledger, causes: Mapping[str, str], *, quiet: timedelta, now: datetime
) -> tuple[frozenset[str], tuple[str, ...]]:
    """Record the present causes (key → text) in the ledger; return the keys to alert, and the texts of recoveries.

    A cause that persists is alerted once. A cause that ends and returns is alerted again, but not within `quiet` of
    the last alert. Raises LedgerError.
    """
    for _ in range(_TRIES):
        known = ledger.notes(NoteKind.ALERT)
        sent = {key: _SentAlert.from_text(text) for key, text in known.items()}
        after, new, recovered = _dedupe(sent, causes, quiet=quiet, now=now)
        if after == sent:
            return new, recovered
        values = {key: one.to_text() for key, one in after.items()}
        notes = NotesChange(
            kind=NoteKind.ALERT, changes={**dict.fromkeys(known.keys() - values.keys()), **values}, known=known
        )
        if not ledger.record(WriteBatch(notes=notes), now=now).outdated:
            return new, recovered
    return frozenset(), ()


def _dedupe(
    sent: Mapping[str, _SentAlert], causes: Mapping[str, str], *, quiet: timedelta, now: datetime
) -> tuple[dict[str, _SentAlert], frozenset[str], tuple[str, ...]]:
    """Return the notes after this cycle, the keys of new causes, and the texts of those that have recovered."""
    # The keys of version 8 were made of words, so the text alone tells which cause an upgraded alert is about.
    # Redacted alerts can have equal texts.
    upgraded: dict[str, list[str]] = {}
    for key, one in sent.items():
        if one.other_key and key not in causes:
            upgraded.setdefault(one.what, []).append(key)
    renamed = {
        upgraded[what].pop(): cause for cause, what in causes.items() if cause not in sent and upgraded.get(what)
    }
    sent = {
        renamed.get(key, key): replace(one, other_key=key not in renamed) if one.other_key else one
        for key, one in sent.items()
    }
    after: dict[str, _SentAlert] = {}
    new: set[str] = set()
    recovered: list[str] = []
    for cause, what in causes.items():
        known = sent.get(cause)
        if known is not None and (known.there or known.at > now - quiet):
            # A cause that returns within the quiet time stays marked as absent until that time is over.
            after[cause] = known
        else:
            new.add(cause)
            after[cause] = _SentAlert(what=what, at=now, there=True)
    for cause, known in sent.items():
        if cause not in causes:
            if known.there:
                recovered.append(known.what)
            if known.at > now - quiet:
                after[cause] = replace(known, there=False)
    return after, frozenset(new), tuple(sorted(recovered))


def format_text(news: AlertBatch, *, site: str) -> str:
    """Format the alerts as plain text: what happened, what it means, what to do."""
    lines = [f"announce, {site}"]
    for alert in news.alerts:
        lines += ["", f"What happened: {alert.what}"]
        lines += [f"What it means: {alert.means}"] if alert.means else []
        lines += [f"What to do: {alert.todo}"] if alert.todo else []
    # Not "solved": a cause may also end because its post or deadline has passed.
    lines += [f"\nNo longer so: {what}" for what in news.recovered]
    return "\n".join(lines) + "\n"
