"""Profiles: a profile fixes some of the values that a seed draws, so that one risky situation occurs often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Profile:
    """The fixed values of a seed; None: the seed draws the value."""

    two: bool | None = None
    rivals: bool | None = None  #: two, with a ledger each
    at_once: bool = False  #: these send at the same moment, not by turns
    lossy: bool | None = None
    keys: str | None = None
    brake: int | None = None
    spacing: int | None = None
    posts: int | None = None
    habits: frozenset[str] | None = None
    always: bool = False  #: people apply every habit to every post
    near: tuple[float, float] | None = None  #: when they do it, seconds after the release
    requests: Mapping[str, float] | None = None
    crash: float | None = None
    crash_at: frozenset[str] | None = None  #: nowhere else
    stall: float | None = None
    stall_at: frozenset[str] | None = None  #: nowhere else
    turn: float | None = None
    down_after_crash: float | None = None
    outage: bool | None = None  #: the server is away when the first posts are due
    quiet: bool = False  #: no other mishaps of the machine
    refreshes_first: bool | None = None  #: whether an incremental refresh goes ahead of each cycle
    pages: bool = False  #: releases wait for their pages, which come late or never


_LATE: Final = {"504, carried out late": 0.35, "carried out late": 0.1}

_HARMLESS: Final = frozenset({"by hand", "burst", "other toots"})

#: Name → what is fixed. The empty name fixes nothing.
PROFILES: Final[Mapping[str, Profile]] = {
    "": Profile(),
    # Requests that take effect long after everybody has given them up, on a server that ignores keys.
    "late gateways": Profile(
        two=False,
        rivals=False,
        lossy=False,
        keys="ignored",
        posts=6,
        habits=frozenset(),
        requests=_LATE,
        crash=0,
        stall=0,
        quiet=True,
    ),
    # Other toots of the account between a request that is lost and the look for it.
    "strangers": Profile(
        two=False,
        rivals=False,
        lossy=False,
        posts=6,
        habits=frozenset({"other toots"}),
        always=True,
        near=(0.2, 20),
        requests={"lost": 0.3, "answer lost": 0.1},
        crash=0.004,
        stall=0,
    ),
    # Several posts fall due while the server is away, and all are late then.
    "after an outage": Profile(
        two=False,
        rivals=False,
        lossy=False,
        brake=20,
        posts=6,
        habits=frozenset({"burst"}),
        requests={},
        crash=0,
        stall=0,
        outage=True,
        quiet=True,
    ),
    # Words change within the seconds in which a toot is on its way.
    "edited under way": Profile(
        rivals=False,
        lossy=False,
        keys="ignored",
        brake=20,
        posts=5,
        habits=frozenset({"edit"}),
        always=True,
        near=(0, 60),
        requests={"slow before": 0.2, "slow after": 0.2, "answer lost": 0.1, "carried out late": 0.1},
        crash=0.08,
        crash_at=frozenset({"after write_intent", "after POST /api/v1/statuses", "settle"}),
        stall=0.005,
        down_after_crash=60,
        quiet=True,
    ),
    # Words change when the toot is out; the process dies between the incremental refresh that shows them and the cycle.
    "shown at once": Profile(
        rivals=False,
        lossy=False,
        brake=20,
        posts=6,
        habits=frozenset({"edit"}),
        always=True,
        near=(-60, 7200),
        requests={"answer lost": 0.05},
        crash=0.05,
        crash_at=frozenset({"record", "after record", "replace", "after replace", "snapshot"}),
        stall=0,
        down_after_crash=60,
        quiet=True,
        refreshes_first=True,
    ),
    # Toots are taken back within the seconds in which they are on their way.
    "withdrawn under way": Profile(
        two=False,
        rivals=False,
        lossy=False,
        brake=20,
        posts=6,
        habits=frozenset({"withdraw"}),
        always=True,
        near=(-1, 40),
        requests={"slow before": 0.2, "answer too late": 0.2, "carried out late": 0.1, "answer lost": 0.1},
        crash=0.05,
        crash_at=frozenset({"after write_intent", "after POST /api/v1/statuses", "settle"}),
        stall=0,
        down_after_crash=60,
        quiet=True,
    ),
    # Two processes, either of which may stand still for minutes just before it writes what became of a request.
    "two that stall": Profile(
        two=True,
        rivals=False,
        lossy=False,
        keys="ignored",
        brake=20,
        spacing=0,
        posts=5,
        habits=frozenset({"withdraw", "edit"}),
        always=True,
        near=(200, 900),
        requests={"refused": 0.3, "429 without reset": 0.03, "answer lost": 0.1},
        crash=0,
        stall=0.12,
        stall_at=frozenset({"settle"}),
        turn=0.02,
        quiet=True,
    ),
    # Two installations by mistake, with a ledger each, that come by turns: the keys of one mean nothing to the other.
    "two ledgers": Profile(
        rivals=True,
        lossy=False,
        keys="ignored",
        habits=_HARMLESS | {"edit", "retime", "hide"},
    ),
    # The same at the same moment, on a server that honours keys. A key's generation rises with each attempt that is
    # proven not to have arrived, and the one cannot know that of the other: so no request is lost here on its way.
    "two ledgers at once": Profile(
        rivals=True,
        at_once=True,
        lossy=False,
        keys="honoured",
        habits=_HARMLESS,
        requests={"refused": 0.1, "429 with reset": 0.05, "answer lost": 0.1, "slow before": 0.1, "slow after": 0.1},
        crash=0,
        quiet=True,
    ),
    # Pages that come late or never, and a hook that lets the site be built.
    "pages": Profile(rivals=False, pages=True),
    # Reminders, some within the minutes in which the toot itself is on its way.
    "reminders": Profile(
        two=False,
        rivals=False,
        lossy=False,
        brake=99,
        posts=4,
        habits=frozenset({"remind", "edit", "withdraw", "by hand"}),
        requests={"slow before": 0.1, "answer lost": 0.15, "carried out late": 0.1, "refused": 0.1, "lost": 0.1},
        crash=0.004,
        stall=0.005,
        down_after_crash=60,
    ),
    # The same, and the ledger is lost: what is there is known by its link, its words and its time.
    "reminders without a ledger": Profile(
        two=False,
        rivals=False,
        lossy=True,
        brake=99,
        posts=4,
        habits=frozenset({"remind", "edit", "other toots"}),
        requests={"answer lost": 0.15, "carried out late": 0.1, "refused": 0.1},
        crash=0.004,
        stall=0,
        down_after_crash=60,
    ),
    # Threads that grow and shrink while their parts are on their way.
    "threads under way": Profile(
        two=False,
        rivals=False,
        lossy=False,
        brake=20,
        posts=4,
        habits=frozenset({"thread", "rethread", "edit"}),
        always=True,
        near=(0, 400),
        requests={"slow before": 0.1, "answer lost": 0.1, "carried out late": 0.1, "refused": 0.05, "lost": 0.1},
        crash=0.05,
        crash_at=frozenset({"after write_intent", "after POST /api/v1/statuses", "settle", "after settle", "record"}),
        stall=0.005,
        down_after_crash=60,
        quiet=True,
    ),
}
