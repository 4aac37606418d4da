"""The records that travel through the bot: frozen, keyword-only, one for each moment.

Every datetime in them is aware and in UTC. Texts are plain unless the name says html.
"""

from __future__ import annotations

from bot.model.accounts import AccountFacts, AccountState, Lease, Receipt, SeenStatus
from bot.model.announcements import GIF_PIXELS, Announcement, Limits
from bot.model.deliveries import Action, Delivery, DeliveryKey, DeliveryState, Hold, Occasion
from bot.model.entries import Entry, OldEntry, OldFeed, RemotePicture
from bot.model.findings import Finding, Severity
from bot.model.ledger import Change, Event, Heard, Recorded, Recording, Said, Snapshot, Told, Upcoming, Word
from bot.model.posts import MastodonOptions, Missed, Picture, Poll, Post, QuotePolicy, Reminder, Visibility
from bot.model.site import PageLook, Waiting, WantedPage

__all__ = [
    "GIF_PIXELS",
    "AccountFacts",
    "AccountState",
    "Action",
    "Announcement",
    "Change",
    "Delivery",
    "DeliveryKey",
    "DeliveryState",
    "Entry",
    "Event",
    "Finding",
    "Heard",
    "Hold",
    "Lease",
    "Limits",
    "MastodonOptions",
    "Missed",
    "Occasion",
    "OldEntry",
    "OldFeed",
    "PageLook",
    "Picture",
    "Poll",
    "Post",
    "QuotePolicy",
    "Receipt",
    "Recorded",
    "Recording",
    "Reminder",
    "RemotePicture",
    "Said",
    "SeenStatus",
    "Severity",
    "Snapshot",
    "Told",
    "Upcoming",
    "Visibility",
    "Waiting",
    "WantedPage",
    "Word",
]
