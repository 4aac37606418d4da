"""What an operator decides about a post, or about everything, and the effects of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from bot.domain.deliveries import DeliveryState


class OverrideKind(Enum):
    """What an operator may order for one post."""

    HOLD = "hold"  #: neither release nor toot it until RELEASE
    RELEASE = "release"  #: end the hold, however late the post is
    PUBLISH = "publish"  #: toot it, however late the post is
    SKIP = "skip"  #: do not toot it
    RETRY = "retry"  #: try rejected deliveries, and those that failed for too long, again


@dataclass(frozen=True, kw_only=True, slots=True)
class Override:
    """An operator's latest override for a post; it beats every rule but `withdrawn:` and `expires:`."""

    post_id: str
    kind: OverrideKind
    early: bool = False  #: with PUBLISH: release it before its datetime
    who: str
    at: datetime


class EffectKind(Enum):
    """What an operator's command would do; `bot/domain/wording.py` makes the words."""

    HOLD = "hold"
    SEND_ON_TIME = "send_on_time"
    SEND_NOW = "send_now"
    SKIP = "skip"
    RETRY = "retry"
    HOLD_REMINDERS = "hold_reminders"  #: the post itself is announced
    SEND_REMINDERS = "send_reminders"
    SKIP_REMINDERS = "skip_reminders"
    STATE = "state"  #: no effect, but how the announcement stands on an account now
    END_BURST_HOLD = "end_burst_hold"
    PAUSE = "pause"
    END_PAUSE = "end_pause"
    ACCEPT_CLOCK = "accept_clock"


@dataclass(frozen=True, kw_only=True, slots=True)
class Effect:
    """One thing that a command would do; the fields that its kind does not have keep their defaults."""

    kind: EffectKind
    slug: str = ""
    title: str = ""
    account: str = ""
    state: DeliveryState | None = None
    who: str = ""  #: who paused everything, and when
    at: datetime | None = None  #: UTC
