"""The events of the ledger's history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from bot.domain.deliveries import Occasion
from bot.domain.reasons import Reason


class EventKind(Enum):
    """The kinds of events. The values are written to the ledger and to JSON output; `wording.py` has their texts."""

    # Of posts
    RELEASED = "released"
    PICTURE_LEFT_OUT = "picture left out"
    WAITS_FOR_PAGE = "waits for its page"
    # Of deliveries
    SENT = "sent"
    CONTINUED = "continued"  #: a later part of a thread was sent
    ANSWERED = "answered"  #: withdrawn with a reason
    EDITED = "edited"
    DELETED = "deleted"
    FOUND = "found"  #: recognised among the account's statuses as sent by the bot
    FOUND_BY_HAND = "found, tooted by hand"
    ADOPTED = "adopted"  #: recorded by `announce adopt`
    HELD = "held"
    SKIPPED = "skipped"
    REJECTED = "rejected"
    NO_ANSWER = "no answer"  #: the outcome is unknown
    NOT_THERE = "not there"  #: absence is proven: the worker sends it again
    AGAIN = "again"  #: a harmless request (edit, deletion) is repeated
    WILL_RETRY = "will retry"
    # Of accounts
    BLOCKED = "blocked"
    WORKS_AGAIN = "works again"
    # Of the operator's decisions; holding and skipping a post are HELD and SKIPPED with `who`
    LET_GO = "let go"
    ORDERED = "ordered"
    TO_BE_TRIED_AGAIN = "to be tried again"
    PAUSED = "paused"
    RESUMED = "resumed"
    # Of everything else
    PROBLEM = "problem"
    SOLVED = "solved"
    FETCHED = "fetched"  #: from the posts' repository
    OLD_FEED_READ = "old feed read"
    PINGED = "pinged"  #: a WebSub hub
    DEPLOY_HOOK_CALLED = "deploy hook called"


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One line of the ledger's history."""

    at: datetime
    kind: EventKind
    slug: str = ""
    account: str = ""
    occasion: Occasion | None = None
    reason: Reason | None = None
    detail: str = ""  #: where there is no reason: a URL or the subject
    who: str = ""  #: the operator, if an operator decided
