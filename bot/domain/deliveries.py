"""One announcement owed to one account."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from functools import lru_cache
from typing import ClassVar, Final

from bot.domain.announcements import Announcement
from bot.domain.reasons import Reason


class OccasionKind(Enum):
    """The kinds of occasions. The values are written to the ledger and to JSON output."""

    PUBLISH = "publish"
    EDIT = "edit"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, kw_only=True, slots=True)
class Occasion:
    """The reason for a request to a server: part of a delivery's identity.

    `str()` gives its text in the ledger and in JSON output, and `Occasion.parse` reads it back: "publish", "edit:1",
    "withdraw"; with the number of a later part of a thread "publish/2", "edit:1/2", "withdraw/2"; about a reminder
    "reminder:last-call", "reminder:last-call/edit:1", "reminder:last-call/withdraw".
    """

    PUBLISH: ClassVar[Occasion]
    WITHDRAW: ClassVar[Occasion]

    #: Left out of the hash, for a plan looks up thousands of keys, and the hash of an enum member is slow.
    kind: OccasionKind = field(hash=False)
    revision: int = 0  #: of an edit: which one, from 1
    part: int = 1  #: of the post's thread
    reminder_id: str = ""  #: the reminder that is sent or changed; empty: the toot or its thread

    @staticmethod
    def edit(revision: int) -> Occasion:
        """An edit of the post's toot."""
        return Occasion(kind=OccasionKind.EDIT, revision=revision)

    @staticmethod
    def reminder(reminder_id: str) -> Occasion:
        """The publishing of a reminder."""
        return Occasion(kind=OccasionKind.PUBLISH, reminder_id=reminder_id)

    @staticmethod
    @lru_cache(maxsize=1024)
    def parse(text: str) -> Occasion:
        """Read the text that `str()` gives; raises ValueError for any other."""
        reminder_id, rest = "", text
        if text.startswith(_REMINDER):
            reminder_id, _, rest = text.removeprefix(_REMINDER).partition("/")
        action, part = rest or OccasionKind.PUBLISH.value, 1
        head, slash, number = action.rpartition("/")
        if slash:
            action, part = head, int(number)
        kind, _, revision = action.partition(":")
        found = Occasion(
            kind=OccasionKind(kind), revision=int(revision) if revision else 0, part=part, reminder_id=reminder_id
        )
        if str(found) != text:
            raise ValueError(f"not an occasion: {text!r}")
        return found

    def __str__(self) -> str:
        action = f"{self.kind.value}:{self.revision}" if self.kind is OccasionKind.EDIT else self.kind.value
        action += f"/{self.part}" if self.part > 1 else ""
        if not self.reminder_id:
            return action
        return f"{_REMINDER}{self.reminder_id}" + ("" if action == OccasionKind.PUBLISH.value else f"/{action}")

    def __lt__(self, other: Occasion) -> bool:
        return str(self) < str(other)

    @property
    def about(self) -> Occasion:
        """The occasion that posted the toot which this one changes: "edit:1/2" → "publish/2"."""
        if self.reminder_id:
            return Occasion.reminder(self.reminder_id)
        return Occasion.PUBLISH.of_part(self.part)

    def of_part(self, part: int) -> Occasion:
        """The same occasion for a part of the thread."""
        return replace(self, part=part)

    def of_reminder(self, reminder_id: str) -> Occasion:
        """The same occasion for a sent reminder."""
        return replace(self, reminder_id=reminder_id)


_REMINDER: Final = "reminder:"
Occasion.PUBLISH = Occasion(kind=OccasionKind.PUBLISH)
Occasion.WITHDRAW = Occasion(kind=OccasionKind.WITHDRAW)


@dataclass(frozen=True, order=True, slots=True)
class DeliveryKey:
    """The identity of a delivery, unique in the ledger."""

    post_id: str
    account: str  #: the verified address, e.g. "conf@example.social"
    occasion: Occasion


class Action(Enum):
    """What the bot requests of the server."""

    PUBLISH = "publish"  #: post a status
    CONTINUE = "continue"  #: post the next part of a thread, as a reply to the part before
    REPLY = "reply"  #: post a reply to the published status
    EDIT = "edit"  #: replace the published status's text; may be repeated without harm
    DELETE = "delete"  #: delete the published status; may be repeated without harm

    @property
    def posts(self) -> bool:
        """Whether a repeated request would create a second status."""
        return self in (Action.PUBLISH, Action.CONTINUE, Action.REPLY)


class DeliveryState(Enum):
    """The state of a delivery."""

    DUE = "due"  #: owed; no request for it is open
    SENDING = "sending"  #: intent written, outcome unknown until settled: read back before sending again
    SENT = "sent"  #: confirmed; the status is at `status_url`
    REJECTED = "rejected"  #: the server does not accept it in its present form
    HELD = "held"  #: waits, see `hold`
    SKIPPED = "skipped"  #: will not be sent, for a recorded reason


class Hold(Enum):
    """Why a delivery is held; each kind of hold ends in another way."""

    BURST_LIMIT = "brake"  #: exceeds the burst limit; ends with `announce resume`
    OPERATOR = "person"  #: ordered by the operator or the post; ends with `announce release`
    UNCLEAR = "unclear"  #: the post is in doubt; ends once the author corrects its file
    FAILED = "failed"  #: failed for too long; ends with the operator's order


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One announcement owed to one account."""

    key: DeliveryKey
    slug: str
    due: datetime
    action: Action = Action.PUBLISH
    announcement: Announcement
    state: DeliveryState = DeliveryState.DUE
    hold: Hold | None = None
    reason: Reason | None = None  #: of its hold, rejection, skipping or waiting
    sequence: int = 0  #: order of recording; assigned by the ledger
    attempts: int = 0  #: intents written so far
    #: Part of the Idempotency-Key. Rises only after a read-back has proved absence, after a rejection by a server that
    #: stores the keys of rejected requests, and with a retry that the operator orders.
    generation: int = 0
    after_id: str | None = None  #: newest status id known before the first attempt: read-backs start there
    intended_at: datetime | None = None  #: when the open (or last) intent was committed
    #: The same moment as a `Clock.mark()`, which clock steps do not move. Empty while `sending`: the server could
    #: not be read since.
    intended_mark: str = ""
    first_tried_at: datetime | None = None
    not_before: datetime | None = None  #: no attempt before this time (back-off, hours of the day)
    status_id: str | None = None
    status_url: str | None = None
    settled_at: datetime | None = None
    ordered_by: str = ""  #: the operator who ordered it; lateness does not count then
    foreign: bool = False  #: tooted by hand: counts as announced, the bot never edits or deletes it

    @property
    def is_reminder(self) -> bool:
        """Whether it posts a reminder."""
        return self.action is Action.PUBLISH and bool(self.key.occasion.reminder_id)


def newer_id(known: str | None, seen: str) -> str:
    """Return the newer of two status ids, which grow with time on every server.

    Numbers compare by size, other ids (ULIDs) as text. "0" is older than any other id.
    """
    if known is None or known == "0":
        return seen
    if seen == "0":
        return known
    if known.isdecimal() and seen.isdecimal():
        return str(max(int(known), int(seen)))
    return max(known, seen)
