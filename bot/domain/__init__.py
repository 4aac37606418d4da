"""The records that travel through the bot: frozen, keyword-only, one for each moment.

Every datetime in them is aware and in UTC. Texts are plain unless the name says html.
"""

from __future__ import annotations

from bot.domain.accounts import AccountFacts, AccountState, Lease, Receipt, SeenStatus
from bot.domain.announcements import GIF_PIXELS, Abilities, Announcement, Capabilities, Dialect, Limits
from bot.domain.deliveries import Action, Delivery, DeliveryKey, DeliveryState, Hold, Occasion, OccasionKind
from bot.domain.entries import Entry, OldEntry, OldFeed, PageAnswer, PageRequest, PageWaitRecord, RemotePicture
from bot.domain.events import Event, EventKind
from bot.domain.ledger import (
    AccountView,
    CompareAndSet,
    Instance,
    NoteKind,
    NotesChange,
    OverridesSeen,
    Snapshot,
    Upcoming,
    WriteBatch,
    WriteResult,
)
from bot.domain.overrides import Effect, EffectKind, Override, OverrideKind
from bot.domain.posts import (
    Digests,
    MastodonOptions,
    Missed,
    Picture,
    PictureFault,
    Poll,
    Post,
    QuotePolicy,
    Reminder,
    StatusOptions,
    Visibility,
)
from bot.domain.reasons import Reason, ReasonCode
from bot.domain.rules import Finding, Severity

__all__ = [
    "GIF_PIXELS",
    "Abilities",
    "AccountFacts",
    "AccountState",
    "AccountView",
    "Action",
    "Announcement",
    "Capabilities",
    "CompareAndSet",
    "Delivery",
    "DeliveryKey",
    "DeliveryState",
    "Dialect",
    "Digests",
    "Effect",
    "EffectKind",
    "Entry",
    "Event",
    "EventKind",
    "Finding",
    "Hold",
    "Instance",
    "Lease",
    "Limits",
    "MastodonOptions",
    "Missed",
    "NoteKind",
    "NotesChange",
    "Occasion",
    "OccasionKind",
    "OldEntry",
    "OldFeed",
    "Override",
    "OverrideKind",
    "OverridesSeen",
    "PageAnswer",
    "PageRequest",
    "PageWaitRecord",
    "Picture",
    "PictureFault",
    "Poll",
    "Post",
    "QuotePolicy",
    "Reason",
    "ReasonCode",
    "Receipt",
    "Reminder",
    "RemotePicture",
    "SeenStatus",
    "Severity",
    "Snapshot",
    "StatusOptions",
    "Upcoming",
    "Visibility",
    "WriteBatch",
    "WriteResult",
]
