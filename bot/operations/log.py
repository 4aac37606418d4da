"""The log of what was done: the ledger's events as lines that people and programs read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.config import Config
from bot.domain import Event, Occasion
from bot.domain.clock import Clock
from bot.domain.wording import event_detail, event_words
from bot.ledger import existing_ledger


@dataclass(frozen=True, kw_only=True, slots=True)
class LogLine:
    """One event, in words. The fields are those of `announce log --json`."""

    at: datetime  #: UTC
    what: str  #: the kind of the event: "released", "sent", "held", ...
    slug: str
    account: str  #: the account's address; empty: the feeds
    occasion: str  #: "publish", "reminder:week", ...; empty where the event concerns no delivery
    detail: str  #: a link, or a reason in words
    who: str  #: the operator, where an operator decided


def read_events(config: Config, clock: Clock, *, limit: int) -> tuple[Event, ...]:
    """The latest events, oldest first; none without a ledger. Raises LedgerError."""
    with existing_ledger(config, clock) as ledger:
        return tuple(ledger.events(limit=limit)) if ledger is not None else ()


def line_of(event: Event) -> LogLine:
    """An event in words."""
    return LogLine(
        at=event.at,
        what=event.kind.value,
        slug=event.slug,
        account=event.account,
        occasion="" if event.occasion is None else str(event.occasion),
        detail=event_detail(event),
        who=event.who,
    )


def describe(event: Event) -> str:
    """An outcome in one line: what, which post, where, and a link or reason."""
    occasion = "" if event.occasion in (None, Occasion.PUBLISH) else f" ({event.occasion})"
    place = " → ".join(filter(None, (event.slug + occasion, event.account)))
    who = f"by {event.who}" if event.who else ""
    return "  ".join(filter(None, (event_words(event.kind), place, event_detail(event), who)))
