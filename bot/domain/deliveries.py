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
    """What is done to a status on an occasion; the values are those of the ledger and of JSON output."""

    PUBLISH = "publish"
    EDIT = "edit"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, kw_only=True, slots=True)
class Occasion:
    """Why something is sent: part of a delivery's identity.

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
    reminder_id: str = ""  #: of the reminder that it is about; empty: the toot or its thread

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
        """The occasion on which the toot was posted that this one is about: "edit:1/2" → "publish/2"."""
        if self.reminder_id:
            return Occasion.reminder(self.reminder_id)
        return Occasion.PUBLISH.of_part(self.part)

    def of_part(self, part: int) -> Occasion:
        """The same occasion for a part of the thread."""
        return replace(self, part=part)

    def of_reminder(self, reminder_id: str) -> Occasion:
        """The same occasion for a reminder that is out."""
        return replace(self, reminder_id=reminder_id)


_REMINDER: Final = "reminder:"
Occasion.PUBLISH = Occasion(kind=OccasionKind.PUBLISH)
Occasion.WITHDRAW = Occasion(kind=OccasionKind.WITHDRAW)


@dataclass(frozen=True, order=True, slots=True)
class DeliveryKey:
    """What makes a delivery the same delivery; unique in the ledger."""

    post_id: str
    account: str  #: the verified address, e.g. "conf@example.social"
    occasion: Occasion


class Action(Enum):
    """What is asked of the server."""

    PUBLISH = "publish"  #: post a status
    CONTINUE = "continue"  #: post the next part of a thread: a status that answers the part before
    REPLY = "reply"  #: post a status that answers the published one
    EDIT = "edit"  #: replace the published one's text; may be repeated without harm
    DELETE = "delete"  #: remove the published one; may be repeated without harm

    @property
    def posts(self) -> bool:
        """Whether a second time would make a second status."""
        return self in (Action.PUBLISH, Action.CONTINUE, Action.REPLY)


class DeliveryState(Enum):
    """Where a delivery stands."""

    DUE = "due"  #: owed; no request that could have posted it is open
    SENDING = "sending"  #: intent written; until settled the outcome is unknown: look before sending again
    SENT = "sent"  #: confirmed; it lives at `status_url`
    REJECTED = "rejected"  #: the server will not take it as it stands
    HELD = "held"  #: waits, see `hold`
    SKIPPED = "skipped"  #: it will not be sent, for a recorded reason


class Hold(Enum):
    """Why a delivery is held, which is also what lets it go."""

    BRAKE = "brake"  #: too many at once: let go by `announce resume`
    PERSON = "person"  #: the operator said so: let go by name
    UNCLEAR = "unclear"  #: the post is in doubt: let go when its file is mended
    FAILED = "failed"  #: tried for too long: let go by the operator


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
    reason: Reason | None = None  #: why it is held, rejected, skipped or waiting
    sequence: int = 0  #: order of recording; given by the ledger
    attempts: int = 0  #: intents written so far
    #: Part of the Idempotency-Key; rises only when a read-back proved absence, or after a clear no of a server that
    #: remembers the keys of tries that failed.
    generation: int = 0
    after_id: str | None = None  #: newest status id known before the first attempt: the look starts there
    intended_at: datetime | None = None  #: when the open (or last) intent was committed
    #: The same moment as a `Clock.mark()`, which clock steps do not move. Empty while it is `sending`: the server could
    #: not be read since.
    intended_mark: str = ""
    first_tried_at: datetime | None = None
    not_before: datetime | None = None  #: back-off: no attempt earlier
    status_id: str | None = None
    status_url: str | None = None
    settled_at: datetime | None = None
    ordered_by: str = ""  #: the person who let it go; lateness does not count then
    foreign: bool = False  #: tooted by hand: counted as announced, never edited or deleted by us


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
