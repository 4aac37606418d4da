"""Never twice, never lost: a drain may die at any step, and the server may do anything to a request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from bot.clock import SetClock
from bot.drain import Drain, Drained, drain
from bot.errors import AccountBlockedError, OutcomeUnknownError, TransientError
from bot.ledger import Ledger
from bot.ledgers.memory import MemoryLedger
from bot.ledgers.sqlite import SqliteLedger
from bot.model import (
    AccountState,
    Announcement,
    Delivery,
    DeliveryState,
    Picture,
    Receipt,
    Recording,
    SeenStatus,
)
from bot.protocol import Timing
from bot.publisher import Publisher
from bot.publishers.recording import RecordingPublisher

ACCOUNT = "conf@example.social"
NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
TIMING = Timing(lease=60 * SECOND, settle=120 * SECOND, send_within=5 * SECOND, spacing=120 * SECOND)
#: Steps of a server that is as slow as the protocol allows.
LATE = 100 * SECOND

MakeDelivery = Callable[..., Delivery]


class Crash(BaseException):
    """The process is gone: nothing that it would still do happens."""


@dataclass
class Fuse:
    """Burns down with each effect, before it and after it, or blows at a named one; then the process is gone."""

    left: int | None = None
    at: str = ""
    blown: bool = False

    def burn(self, name: str) -> None:
        if self.left is not None and not self.blown:
            self.left -= 1
            self.blown = self.left < 0
        self.blown = self.blown or name == self.at
        if self.blown:
            raise Crash


class Mortal:
    """Whatever is called through it burns a fuse, so a crash may come before or after each effect."""

    def __init__(self, inner: object, fuse: Fuse) -> None:
        self._inner = inner
        self._fuse = fuse

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._inner, name)
        if not callable(attribute):
            return attribute

        def call(*args: Any, **named: Any) -> Any:
            self._fuse.burn(f"before {name}")
            result = attribute(*args, **named)
            self._fuse.burn(f"after {name}")
            return result

        return call


@dataclass
class FaultyServer(RecordingPublisher):
    """Ignores idempotency keys, and does to each post what `faults` says, one each."""

    faults: list[str] = field(default_factory=list)
    coming: list[tuple[datetime, float, Announcement]] = field(default_factory=list)
    by_hand: set[str] = field(default_factory=set)

    def arrive(self) -> None:
        """Requests that the server was still chewing on become statuses."""
        ready = [item for item in self.coming if item[1] <= self.clock.monotonic()]
        self.coming = [item for item in self.coming if item not in ready]
        for _, _, announcement in ready:
            self._post(announcement)

    def hand(self, text: str) -> None:
        """A person toots."""
        self.arrive()
        receipt = self._post(Announcement(text=text, link=None, length=1, limit=500))
        self.by_hand.add(receipt.status_id)

    def newest_status_id(self) -> str:
        self.arrive()
        return super().newest_status_id()

    def look(self, announcement: Announcement, *, after_id: str) -> tuple[SeenStatus, ...]:
        self.arrive()
        return super().look(announcement, after_id=after_id)

    def publish(self, announcement: Announcement, *, media_ids: tuple[str, ...], key: str, repeat: bool) -> Receipt:
        self.arrive()
        fault = self.faults.pop(0) if self.faults else "none"
        if fault == "unreachable":
            raise TransientError("the server cannot be reached.")
        if fault == "rate limit":
            raise TransientError("the rate limit is reached.", retry_after=300 * SECOND)
        if fault == "blocked":
            raise AccountBlockedError("bad token.")
        if fault == "request lost":
            raise OutcomeUnknownError("no answer.")
        if fault == "late":
            at = self.clock.monotonic() + LATE.total_seconds()
            self.coming.append((self.clock.now(), at, announcement))
            raise OutcomeUnknownError("no answer.")
        receipt = self._post(announcement)
        if fault == "answer lost":
            raise OutcomeUnknownError("no answer.")
        return receipt

    def _post(self, announcement: Announcement) -> Receipt:
        return super().publish(announcement, media_ids=(), key="", repeat=False)


@dataclass
class World:
    """One account with its server, and bots that come and go."""

    clock: SetClock
    ledger: Ledger
    server: FaultyServer

    def drain(self, owner: str, *, fuse: Fuse | None = None) -> Drained | None:
        """One drain by a process of that name; None if it died."""
        fuse = fuse or Fuse()
        tools = Drain(
            ledger=cast(Ledger, Mortal(self.ledger, fuse)),
            publisher=cast(Publisher, Mortal(self.server, fuse)),
            clock=self.clock,
            timing=TIMING,
            owner=owner,
            stopping=lambda: False,
            jitter=lambda: 0.5,
            say=lambda _: None,
        )
        try:
            return drain(tools)
        except Crash:
            return None

    def settle_down(self) -> None:
        """No more faults: drain until nothing is left, within a bound."""
        self.server.faults.clear()
        for number in range(60):
            if not self.ledger.open_deliveries(ACCOUNT):
                return
            self.drain(f"calm {number}")
            self.clock.advance(timedelta(minutes=5))
        pytest.fail("something is never sent, though all is well again")

    def check(self, expected: int) -> None:
        """The oracle: what the server shows, and that the ledger knows where each delivery lives."""
        self.server.arrive()
        ours = {status.status_id for status in self.server.statuses} - self.server.by_hand
        rows = list(self.ledger.snapshot().deliveries.values())
        assert len(rows) == expected
        assert {row.state for row in rows} == {DeliveryState.SENT}
        assert sorted(cast(str, row.status_id) for row in rows) == sorted(ours), "each exactly once"
        texts = {status.status_id: status.text for status in self.server.statuses}
        assert all(texts[cast(str, row.status_id)] == row.announcement.text for row in rows)


def world_of(ledger: Ledger, clock: SetClock, *deliveries: Delivery) -> World:
    joining = AccountState(address=ACCOUNT, joined_at=None)
    ledger.record(Recording(joining=(joining,), deliveries=deliveries), now=NOW)
    return World(clock=clock, ledger=ledger, server=FaultyServer(address=ACCOUNT, clock=clock))


def quick_sqlite(path: Path, clock: SetClock) -> SqliteLedger:
    """An SQLite ledger that does not wait for the disk: here the process dies, not the machine."""
    ledger = SqliteLedger(path, clock)
    ledger._connection().execute("PRAGMA synchronous = OFF")
    return ledger


def three(make_delivery: MakeDelivery) -> tuple[Delivery, ...]:
    """One with a picture and a link, two that say the same without a link."""
    picture = Picture(url="https://conf.example/a.png", path=Path("a.png"), alt="a")
    same = Announcement(text="Good morning!", link=None, length=13, limit=500)
    plain = make_delivery("pictured", due=NOW)
    return (
        replace(plain, announcement=replace(plain.announcement, pictures=(picture,))),
        make_delivery("same", due=NOW, announcement=same),
        make_delivery("same-again", due=NOW, announcement=same),
    )


@pytest.mark.parametrize(
    ("keeper", "fault"),
    [
        *(("memory", fault) for fault in ("none", "answer lost", "request lost", "late", "unreachable", "blocked")),
        ("sqlite", "answer lost"),
    ],
)
def test_a_crash_at_any_step_sends_nothing_twice_and_loses_nothing(
    tmp_path: Path, make_delivery: MakeDelivery, fault: str, keeper: str
) -> None:
    for point in count():
        clock = SetClock(NOW)
        ledger: Ledger = MemoryLedger(clock) if keeper == "memory" else quick_sqlite(tmp_path / f"{point}.db", clock)
        world = world_of(ledger, clock, *three(make_delivery))
        world.server.faults = ["none", fault]
        fuse = Fuse(left=point)
        world.drain("mortal", fuse=fuse)
        clock.advance(TIMING.lease - SECOND)
        world.drain("too early")
        world.settle_down()
        world.check(3)
        ledger.close()
        if not fuse.blown:
            break
    assert point > 30, "it died at its effects one by one"


@pytest.mark.parametrize("fault", ["none", "answer lost", "request lost", "late"])
def test_a_second_crash_while_finding_out_sends_nothing_twice_either(make_delivery: MakeDelivery, fault: str) -> None:
    for point in count():
        clock = SetClock(NOW)
        world = world_of(MemoryLedger(clock), clock, *three(make_delivery))
        world.server.faults = [fault, fault]
        world.drain("first", fuse=Fuse(at="before settle"))
        clock.advance(TIMING.settle)
        fuse = Fuse(left=point)
        world.drain("second", fuse=fuse)
        clock.advance(TIMING.lease)
        world.settle_down()
        world.check(3)
        if not fuse.blown:
            break
    assert point > 20


def test_a_crash_leaves_the_lease_to_run_out(make_delivery: MakeDelivery) -> None:
    clock = SetClock(NOW)
    world = world_of(MemoryLedger(clock), clock, *three(make_delivery))
    world.drain("mortal", fuse=Fuse(at="after introduce"))
    refused = world.drain("next")
    assert refused is not None
    assert refused.wait_until == NOW + TIMING.lease


steps = st.one_of(
    st.tuples(
        st.just("drain"),
        st.sampled_from(["a", "b"]),
        st.one_of(st.none(), st.integers(0, 45)),
        st.lists(
            st.sampled_from(
                ["none", "none", "answer lost", "request lost", "late", "unreachable", "rate limit", "blocked"]
            ),
            max_size=3,
        ),
    ),
    st.tuples(st.just("wait"), st.sampled_from([1, 15, 31, 59, 61, 110, 121, 301, 4000])),
    st.tuples(st.just("step the clock"), st.sampled_from([-3600, -5, 5, 3600])),
    st.tuples(st.just("toot by hand"), st.sampled_from(["lunch is served", "Good evening!"])),
    st.tuples(st.just("edit"), st.sampled_from(["pictured", "same", "same-again"]), st.integers(0, 2)),
)


@settings(max_examples=500)
@given(st.lists(steps, max_size=14))
def test_whatever_happens_every_delivery_ends_exactly_once_on_the_server(
    make_delivery: MakeDelivery, steps: list[tuple[Any, ...]]
) -> None:
    clock = SetClock(NOW)
    world = world_of(MemoryLedger(clock), clock, *three(make_delivery))
    for step in steps:
        match step:
            case ("drain", owner, fuse, faults):
                world.server.faults = list(faults)
                died = world.drain(owner, fuse=Fuse(left=fuse)) is None
                event("died" if died else "lived")
            case ("wait", seconds):
                clock.advance(seconds * SECOND)
            case ("step the clock", seconds):
                clock.step_to(clock.now() + seconds * SECOND)
            case ("toot by hand", text):
                world.server.hand(text)
            case ("edit", slug, number):
                edit(world, slug, f"edited {slug} {number}")
    world.settle_down()
    world.check(3)


def edit(world: World, slug: str, text: str) -> None:
    """A plan that composes a delivery anew, from the ledger as it stands."""
    (row,) = (row for row in world.ledger.snapshot().deliveries.values() if row.slug == slug)
    changed = replace(row, announcement=replace(row.announcement, text=text))
    world.ledger.record(Recording(deliveries=(changed,)), now=world.clock.now())
