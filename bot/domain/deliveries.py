"""One announcement owed to one account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from bot.domain.announcements import Announcement


class Occasion:
    """Why something is sent: part of a delivery's identity. An edit adds its revision, a reminder its id.

    What concerns a later part of a thread ends in its number, counted from 1: "publish/2", "edit:1/2", "withdraw/2".
    What concerns a reminder that is out begins with it: "reminder:last-call/edit:1", "reminder:last-call/withdraw".
    """

    PUBLISH: Final = "publish"
    WITHDRAW: Final = "withdraw"

    @staticmethod
    def edit(revision: int) -> str:
        return f"edit:{revision}"

    @staticmethod
    def reminder(reminder_id: str) -> str:
        return f"reminder:{reminder_id}"

    @staticmethod
    def of_reminder(occasion: str, reminder_id: str) -> str:
        """The same occasion for a reminder that is out."""
        return f"{Occasion.reminder(reminder_id)}/{occasion}"

    @staticmethod
    def reminder_id(occasion: str) -> str:
        """The id of the reminder that an occasion is about; empty if it is about the toot or its thread."""
        if not occasion.startswith("reminder:"):
            return ""
        return occasion.removeprefix("reminder:").partition("/")[0]

    @staticmethod
    def about(occasion: str) -> str:
        """The occasion on which the toot was posted that this one is about: "edit:1/2" → "publish/2"."""
        if occasion.startswith("reminder:"):
            return occasion.partition("/")[0]
        return Occasion.of_part(Occasion.PUBLISH, Occasion.part(occasion))

    @staticmethod
    def of_part(occasion: str, part: int) -> str:
        """The same occasion for a part of the thread."""
        return occasion if part == 1 else f"{occasion}/{part}"

    @staticmethod
    def part(occasion: str) -> int:
        """The part of the thread that an occasion is about; 1 for the toot itself."""
        _, slash, number = occasion.rpartition("/")
        return int(number) if slash and number.isdecimal() else 1


@dataclass(frozen=True, order=True, slots=True)
class DeliveryKey:
    """What makes a delivery the same delivery; unique in the ledger."""

    post_id: str
    account: str  #: the verified address, e.g. "conf@example.social"
    occasion: str


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
    SKIPPED = "skipped"  #: a person decided that it will not be sent


class Hold(Enum):
    """Why a delivery is held, which is also what lets it go."""

    BRAKE = "brake"  #: too many at once: let go by `announce resume`
    PERSON = "person"  #: a person said so: let go by name
    UNCLEAR = "unclear"  #: the post is in doubt: let go when its file is mended
    FAILED = "failed"  #: tried for too long: let go by a person


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
    reason: str = ""  #: why it is held, rejected or waiting, for a person
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
    foreign: bool = False  #: somebody tooted it by hand: counted as announced, never edited or deleted by us
