"""Never twice, never lost: a drain may die at any step, and the server may do anything to a request.

Posts are edited and taken back meanwhile, people toot by hand, clocks are set, and ledgers are lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from bot.delivery import DeliveryContext, DeliveryResult, deliver_pending
from bot.delivery.protocol import Timing
from bot.domain import (
    AccountState,
    Action,
    Announcement,
    CompareAndSet,
    Delivery,
    DeliveryKey,
    DeliveryState,
    Occasion,
    Picture,
    Receipt,
    SeenStatus,
    WriteBatch,
)
from bot.domain.clock import ManualClock
from bot.domain.errors import AccountBlockedError, OutcomeUnknownError, PublishError, TransientError
from bot.ledger.contract import Ledger
from bot.publishers.contract import Publisher
from tests.support.effort import examples
from tests.support.recording_publisher import RecordingPublisher
from tests.support.scratch_ledger import ScratchLedger

ACCOUNT = "conf@example.social"
NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
TIMING = Timing(lease=60 * SECOND, settle=120 * SECOND, send_within=5 * SECOND, spacing=120 * SECOND)
#: Steps of a server that is as slow as the protocol allows.
LATE = 100 * SECOND

MakeDelivery = Callable[..., Delivery]
Answered = TypeVar("Answered")


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
    coming: list[tuple[float, Callable[[], object]]] = field(default_factory=list)
    by_hand: set[str] = field(default_factory=set)

    def arrive(self) -> None:
        """Requests that the server was still chewing on are carried out."""
        ready = [item for item in self.coming if item[0] <= self.clock.monotonic()]
        self.coming = [item for item in self.coming if item not in ready]
        for _, request in ready:
            with suppress(PublishError):
                request()

    def hand(self, text: str) -> None:
        """A person toots."""
        self.arrive()
        receipt = self._post(Announcement(text=text, link=None, length=1, limit=500))
        self.by_hand.add(receipt.status_id)

    def newest_status_id(self) -> str:
        self.arrive()
        return super().newest_status_id()

    def read_back(self, announcement: Announcement, *, after_id: str) -> tuple[SeenStatus, ...]:
        self.arrive()
        return super().read_back(announcement, after_id=after_id)

    def list_recent(self, *, since: datetime) -> tuple[SeenStatus, ...]:
        self.arrive()
        return super().list_recent(since=since)

    def publish(
        self,
        announcement: Announcement,
        *,
        media_ids: tuple[str, ...],
        key: str,
        repeat: bool,
        in_reply_to: str | None = None,
    ) -> Receipt:
        return self._through(lambda: self._post(announcement, in_reply_to))

    def edit(self, status_id: str, announcement: Announcement, *, shown: Announcement | None) -> Receipt:
        carry_out = super().edit
        return self._through(lambda: carry_out(status_id, announcement, shown=shown))

    def delete(self, status_id: str) -> None:
        carry_out = super().delete
        self._through(lambda: carry_out(status_id))

    def _through(self, request: Callable[[], Answered]) -> Answered:
        self.arrive()
        fault = self.faults.pop(0) if self.faults else "none"
        if fault == "unreachable":
            raise TransientError("the server cannot be reached.")
        if fault == "rate limit":
            raise TransientError("the rate limit is reached.", retry_after=300 * SECOND)
        if fault == "blocked":
            raise AccountBlockedError("bad token.")
        if fault == "late":
            self.coming.append((self.clock.monotonic() + LATE.total_seconds(), request))
        if fault in ("late", "request lost"):
            raise OutcomeUnknownError("no answer.")
        answer = request()
        if fault == "answer lost":
            raise OutcomeUnknownError("no answer.")
        return answer

    def _post(self, announcement: Announcement, in_reply_to: str | None = None) -> Receipt:
        return super().publish(announcement, media_ids=(), key="", repeat=False, in_reply_to=in_reply_to)


@dataclass
class Story:
    """A post as its author has it now."""

    publish: Delivery
    revision: int = 0
    withdrawn: bool = False

    @property
    def words(self) -> Announcement:
        text = f"edited {self.publish.slug} {self.revision}" if self.revision else self.publish.announcement.text
        return replace(self.publish.announcement, text=text)


@dataclass
class World:
    """One account with its server, its posts, and bots that come and go."""

    clock: ManualClock
    ledger: Ledger
    server: FaultyServer
    stories: dict[str, Story]

    def deliver_pending(self, owner: str, *, fuse: Fuse | None = None) -> DeliveryResult | None:
        """One drain by a process of that name; None if it died."""
        fuse = fuse or Fuse()
        tools = DeliveryContext(
            ledger=cast(Ledger, Mortal(self.ledger, fuse)),
            publisher=cast(Publisher, Mortal(self.server, fuse)),
            clock=self.clock,
            timing=TIMING,
            owner=owner,
            stopping=lambda: False,
            jitter=lambda: 0.5,
            emit=lambda _: None,
        )
        try:
            return deliver_pending(tools)
        except Crash:
            return None

    def plan(self) -> bool:
        """What a pass writes for the posts as they are now; returns whether there was anything to write."""
        changes = tuple(change for story in self.stories.values() for change in self._changes(story))
        if changes:
            assert self.ledger.record(WriteBatch(changes=changes), now=self.clock.now()).refused == ()
        return bool(changes)

    def _changes(self, story: Story) -> Iterator[CompareAndSet]:
        known = self.ledger.snapshot().deliveries.get(story.publish.key)
        if known is None:
            if not story.withdrawn:
                yield CompareAndSet(known=None, wanted=replace(story.publish, announcement=story.words))
        elif known.state in (DeliveryState.SENT, DeliveryState.SENDING):
            if not known.foreign:
                yield from self._afterwards(story, known)
        elif story.withdrawn:
            if known.state is not DeliveryState.SKIPPED:
                yield CompareAndSet(known=known, wanted=replace(known, state=DeliveryState.SKIPPED, hold=None))
        elif known.announcement != story.words or known.state is DeliveryState.HELD:
            # One that was given up is let go by a person.
            due = replace(known, announcement=story.words, state=DeliveryState.DUE, hold=None)
            yield CompareAndSet(known=known, wanted=due if known.hold is None else replace(due, first_tried_at=None))

    def _afterwards(self, story: Story, publish: Delivery) -> Iterator[CompareAndSet]:
        if story.withdrawn:
            wanted = self._following(story, Occasion.WITHDRAW, Action.DELETE)
            if self.ledger.snapshot().deliveries.get(wanted.key) is None:
                yield CompareAndSet(known=None, wanted=wanted)
            return
        edits = [
            delivery
            for delivery in self.ledger.snapshot().deliveries.values()
            if delivery.action is Action.EDIT and delivery.key.post_id == publish.key.post_id
        ]
        latest = max(edits, key=lambda delivery: delivery.sequence, default=publish)
        if latest.announcement == story.words and latest.state is not DeliveryState.HELD:
            return
        if latest is not publish and latest.state in (DeliveryState.DUE, DeliveryState.HELD):
            wanted = replace(latest, announcement=story.words, state=DeliveryState.DUE, hold=None, first_tried_at=None)
            yield CompareAndSet(known=latest, wanted=wanted)
        elif latest.announcement != story.words:
            yield CompareAndSet(known=None, wanted=self._following(story, Occasion.edit(len(edits) + 1), Action.EDIT))

    def _following(self, story: Story, occasion: Occasion, action: Action) -> Delivery:
        key = DeliveryKey(story.publish.key.post_id, ACCOUNT, occasion)
        due = self.clock.now()
        return replace(story.publish, key=key, action=action, announcement=story.words, due=due)

    def lose_the_ledger(self) -> None:
        """The disk is new. It takes people longer to find that out than a server works on a request."""
        self.clock.advance(TIMING.settle)
        self.ledger = ScratchLedger(self.clock)
        self.ledger.record(
            WriteBatch(new_accounts=(AccountState(address=ACCOUNT, joined_at=None),)), now=self.clock.now()
        )

    def settle_down(self) -> None:
        """No more faults: plan and drain until nothing is left, within a bound."""
        self.server.faults.clear()
        for number in range(60):
            if not self.plan() and not self.ledger.account_view(ACCOUNT).open:
                return
            self.deliver_pending(f"calm {number}")
            self.clock.advance(timedelta(minutes=5))
        pytest.fail("something is never sent, though all is well again")

    @property
    def ours(self) -> dict[str, SeenStatus]:
        """What the server shows, but for what people tooted."""
        self.server.arrive()
        return {one.status_id: one for one in self.server.statuses if one.status_id not in self.server.by_hand}

    def check(self) -> None:
        """The oracle: what the server shows, and that the ledger knows where each delivery lives."""
        standing = [story for story in self.stories.values() if not story.withdrawn]
        rows = [self.ledger.snapshot().deliveries.get(story.publish.key) for story in standing]
        assert {row.state for row in rows if row} <= {DeliveryState.SENT}
        lives = {row.status_id or "": story.words.text for row, story in zip(rows, standing, strict=True) if row}
        assert {status_id: status.text for status_id, status in self.ours.items()} == lives, "each exactly once"
        assert len(lives) == len(standing)


def world_of(ledger: Ledger, clock: ManualClock, *deliveries: Delivery) -> World:
    ledger.record(WriteBatch(new_accounts=(AccountState(address=ACCOUNT, joined_at=None),)), now=NOW)
    stories = {delivery.slug: Story(publish=delivery) for delivery in deliveries}
    server = FaultyServer(address=ACCOUNT, clock=clock)
    world = World(clock=clock, ledger=ledger, server=server, stories=stories)
    world.plan()
    return world


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


@pytest.mark.parametrize("fault", ["none", "answer lost", "request lost", "late", "unreachable", "blocked"])
def test_a_crash_at_any_step_sends_nothing_twice_and_loses_nothing(make_delivery: MakeDelivery, fault: str) -> None:
    for point in count():
        clock = ManualClock(NOW)
        world = world_of(ScratchLedger(clock), clock, *three(make_delivery))
        world.server.faults = ["none", fault]
        fuse = Fuse(left=point)
        world.deliver_pending("mortal", fuse=fuse)
        clock.advance(TIMING.lease - SECOND)
        world.deliver_pending("too early")
        world.settle_down()
        world.check()
        if not fuse.blown:
            break
    assert point > 30, "it died at its effects one by one"


@pytest.mark.parametrize("fault", ["none", "answer lost", "request lost", "late"])
def test_a_second_crash_while_finding_out_sends_nothing_twice_either(make_delivery: MakeDelivery, fault: str) -> None:
    for point in count():
        clock = ManualClock(NOW)
        world = world_of(ScratchLedger(clock), clock, *three(make_delivery))
        world.server.faults = [fault, fault]
        world.deliver_pending("first", fuse=Fuse(at="before settle"))
        clock.advance(TIMING.settle)
        fuse = Fuse(left=point)
        world.deliver_pending("second", fuse=fuse)
        clock.advance(TIMING.lease)
        world.settle_down()
        world.check()
        if not fuse.blown:
            break
    assert point > 20


def test_a_crash_leaves_the_lease_to_run_out(make_delivery: MakeDelivery) -> None:
    clock = ManualClock(NOW)
    world = world_of(ScratchLedger(clock), clock, *three(make_delivery))
    world.deliver_pending("mortal", fuse=Fuse(at="after verify_account"))
    refused = world.deliver_pending("next")
    assert refused is not None
    assert refused.wait_until == NOW + TIMING.lease


@pytest.mark.parametrize("change", ["edited", "withdrawn"])
@pytest.mark.parametrize("fault", ["none", "answer lost", "request lost", "late", "unreachable"])
def test_a_crash_while_a_toot_is_edited_or_deleted_leaves_the_last_words(
    make_delivery: MakeDelivery, fault: str, change: str
) -> None:
    for point in count():
        clock = ManualClock(NOW)
        world = world_of(ScratchLedger(clock), clock, *three(make_delivery))
        world.deliver_pending("first")
        if change == "withdrawn":
            world.stories["same"].withdrawn = True
        world.stories["pictured"].revision = 1
        world.plan()
        world.server.faults = [fault]
        fuse = Fuse(left=point)
        world.deliver_pending("mortal", fuse=fuse)
        clock.advance(TIMING.lease)
        world.stories["pictured"].revision = 2
        world.settle_down()
        clock.advance(LATE)
        world.check()
        if not fuse.blown:
            break
    assert point > 20


FAULTS = ["none", "none", "answer lost", "request lost", "late", "unreachable", "rate limit", "blocked"]
SLUGS = st.sampled_from(["pictured", "same", "same-again"])
HAPPENING = (
    st.tuples(
        st.just("drain"),
        st.sampled_from(["a", "b"]),
        st.one_of(st.none(), st.integers(0, 60)),
        st.lists(st.sampled_from(FAULTS), max_size=3),
    ),
    st.tuples(st.just("wait"), st.sampled_from([1, 15, 31, 59, 61, 110, 121, 301, 4000])),
    st.tuples(st.just("step the clock"), st.sampled_from([-3600, -5, 5, 3600])),
    st.tuples(st.just("toot by hand"), st.sampled_from(["lunch is served", "Good evening!"])),
    st.tuples(st.just("edit"), SLUGS),
    st.tuples(st.just("withdraw"), SLUGS),
)


def happens(world: World, step: tuple[Any, ...]) -> None:
    match step:
        case ("drain", owner, fuse, faults):
            world.plan()
            world.server.faults = list(faults)
            died = world.deliver_pending(owner, fuse=Fuse(left=fuse)) is None
            event("died" if died else "lived")
        case ("wait", seconds):
            world.clock.advance(seconds * SECOND)
        case ("step the clock", seconds):
            world.clock.step_to(world.clock.now() + seconds * SECOND)
        case ("toot by hand", text):
            world.server.hand(text)
        case ("edit", slug):
            world.stories[slug].revision += 1
        case ("withdraw", slug):
            world.stories[slug].withdrawn = True
        case ("lose the ledger",):
            world.lose_the_ledger()


#: The first edit arrives late, after the time of day was set forward by more than any pause.
LATE_EDIT = [
    ("drain", "a", None, []),
    ("edit", "pictured"),
    ("drain", "a", None, ["late"]),
    ("step the clock", 3600),
    ("edit", "pictured"),
]


@settings(max_examples=examples(150))
@given(st.lists(st.one_of(*HAPPENING), max_size=14))
@example(LATE_EDIT)
def test_whatever_happens_every_delivery_ends_exactly_once_on_the_server(
    make_delivery: MakeDelivery, steps: list[tuple[Any, ...]]
) -> None:
    clock = ManualClock(NOW)
    world = world_of(ScratchLedger(clock), clock, *three(make_delivery))
    for step in steps:
        happens(world, step)
    world.settle_down()
    world.check()


@settings(max_examples=examples(150))
@given(st.lists(st.one_of(st.just(("lose the ledger",)), *HAPPENING), max_size=14))
def test_whatever_ledgers_are_lost_nothing_is_there_twice(
    make_delivery: MakeDelivery, steps: list[tuple[Any, ...]]
) -> None:
    # With their links: words without one that were edited meanwhile are recognised by nothing.
    clock = ManualClock(NOW)
    linked = [make_delivery(slug, due=NOW) for slug in ("pictured", "same", "same-again")]
    world = world_of(ScratchLedger(clock), clock, *linked)
    for step in steps:
        happens(world, step)
        links = [link for status in world.ours.values() for link in status.links]
        assert len(links) == len(set(links)), "not even for a moment"
    world.settle_down()
    links = [link for status in world.ours.values() for link in status.links]
    expected = {story.publish.announcement.link for story in world.stories.values() if not story.withdrawn}
    assert expected <= set(links)
    assert len(links) == len(set(links))
