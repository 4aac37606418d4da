"""What the ledger's history tells: one line for each thing that happened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from bot.domain.deliveries import Occasion
from bot.domain.reasons import Reason


class EventKind(Enum):
    """What happened. The values stand in the ledger and in JSON output; the words for people are in `wording.py`."""

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
    FOUND = "found"  #: recognised among the account's statuses as ours
    FOUND_BY_HAND = "found, tooted by hand"
    ADOPTED = "adopted"  #: taken over by `announce adopt`
    HELD = "held"
    SKIPPED = "skipped"
    REJECTED = "rejected"
    NO_ANSWER = "no answer"  #: the outcome is unknown
    NOT_THERE = "not there"  #: absence is proven: it is sent again
    AGAIN = "again"  #: what may be repeated without harm is repeated
    WILL_RETRY = "will retry"
    # Of accounts
    BLOCKED = "blocked"
    WORKS_AGAIN = "works again"
    # Of the operator's decisions; holding and skipping a post are HELD and SKIPPED, with a name
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
    detail: str = ""  #: where there is no reason: a URL, or what it was about
    who: str = ""  #: the operator, where an operator decided
