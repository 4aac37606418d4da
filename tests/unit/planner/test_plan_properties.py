"""What holds for every plan, whatever the posts and the history: also of what people said and what servers did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain import (
    Action,
    Announcement,
    Delivery,
    DeliveryState,
    Hold,
    MastodonOptions,
    Missed,
    Occasion,
    Override,
    OverrideKind,
    Post,
    Snapshot,
    WriteBatch,
)
from bot.domain.clock import ManualClock
from bot.domain.durations import Daytime
from bot.domain.errors import ComposeError
from bot.domain.reasons import text_reason
from bot.domain.wording import reason_words
from bot.planner.overrides import Proposal, propose_override, resume
from bot.planner.plan import Plan, PlanInput, make_plan
from bot.planner.ruling import Policy, Verdict
from tests.support.digests import both
from tests.support.effort import examples
from tests.support.planning import usual
from tests.support.scratch_ledger import ScratchLedger

NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ACCOUNTS = ("conf@example.social", "kids@example.social")
POLICY = Policy(
    catch_up=timedelta(hours=72),
    burst_limit=3,
    daytime=Daytime(begin=time(8), end=time(15), zone=ZoneInfo("UTC")),
)

#: Hours from now; dense around the moment itself and around the end of catch-up.
hours = st.sampled_from([-1000, -73, -72, -71, -2, -1, 0, 0, 0, 1, 2, 100])

shapes = st.fixed_dictionaries(
    {
        "hours": st.one_of(st.none(), hours),
        "broken": st.booleans(),
        "hidden": st.booleans(),
        "skip": st.booleans(),
        "withdrawn": st.sampled_from([None, None, None, "", "the room is gone"]),
        "if_missed": st.sampled_from([None, *Missed]),
        "expires": st.sampled_from([None, None, -1, 3]),
        "explicit_id": st.sampled_from([None, None, "x", "y"]),
        "words": st.integers(0, 3),
        "slug": st.integers(0, 8),
    }
)
#: One folder at several moments; a shape's file is post-SLUG.md.
folders = st.lists(shapes, max_size=7, unique_by=lambda shape: str(shape["slug"]))
deeds = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(OverrideKind), st.integers(0, 8), st.booleans()),
        st.tuples(st.sampled_from(["send", "begin", "refuse", "give up", "by hand", "fail"]), st.integers(0, 9)),
        st.just(("resume",)),
    ),
    max_size=6,
)
seasons = st.lists(st.tuples(folders, deeds), min_size=1, max_size=5)
Season = list[tuple[list[dict[str, Any]], list[tuple[Any, ...]]]]


def compose(post: Post, account: str) -> Announcement:
    if post.title.startswith("broken"):
        raise ComposeError(post.title, kind="no-words")
    return Announcement(text=f"{post.title} {account}", link=post.url, length=1, limit=500)


def folder(make_post: Callable[..., Post], shapes: list[dict[str, Any]]) -> list[Post]:
    return [
        make_post(
            f"post-{shape['slug']}",
            published=None if shape["hours"] is None else NOW + shape["hours"] * HOUR,
            title=f"{'broken' if shape['broken'] else 'fine'} {shape['words']}",
            html=f"<p>{shape['words']}</p>",
            digests=both(f"{shape['words']}"),
            hidden=shape["hidden"] or shape["withdrawn"] is not None,
            withdrawn=shape["withdrawn"],
            if_missed=shape["if_missed"],
            expires=None if shape["expires"] is None else NOW + shape["expires"] * HOUR,
            mastodon=MastodonOptions(skip=shape["skip"]),
            explicit_id=shape["explicit_id"],
        )
        for shape in shapes
    ]


class World:
    """A ledger that people and servers do things to between the passes."""

    def __init__(self) -> None:
        self.clock = ManualClock(NOW)
        self.ledger = ScratchLedger(self.clock)
        self.sent: Counter[object] = Counter()

    def plan(self, posts: list[Post], snapshot: Snapshot | None = None) -> Plan:
        known = snapshot or self.ledger.snapshot()
        return make_plan(
            PlanInput(
                posts=posts,
                snapshot=known,
                now=self.clock.now(),
                accounts=usual(ACCOUNTS),
                policy=POLICY,
                compose=compose,
            )
        )

    def record(self, plan: Plan) -> None:
        assert self.ledger.record(plan.batch, now=self.clock.now()).refused == ()

    def do(self, deed: tuple[Any, ...], posts: list[Post]) -> None:
        now = self.clock.now()
        if deed[0] == "resume":
            self._hear(resume(self.ledger.snapshot(), who="amy", now=now))
        elif isinstance(deed[0], OverrideKind):
            said, number, early = deed
            for post in posts:
                if post.slug == f"post-{number}":
                    self._hear(
                        propose_override(
                            said, post, self.ledger.snapshot(), who="amy", now=now, accounts=list(ACCOUNTS), early=early
                        )
                    )
        else:
            self._serve(*deed)

    def _hear(self, proposal: Proposal) -> None:
        if not proposal.refusal:
            self.ledger.record(proposal.batch, now=self.clock.now())

    def _serve(self, deed: str, number: int) -> None:
        pending = [d for account in ACCOUNTS for d in self.ledger.account_view(account).open]
        if not pending:
            return
        delivery = pending[number % len(pending)]
        lease = self.ledger.acquire_lease(delivery.key.account, owner="test", duration=HOUR)
        if delivery.state is DeliveryState.DUE:
            self.ledger.write_intent(lease, delivery, after_id="0", now=self.clock.now())
        ended = self._ended(deed, self.ledger.snapshot().deliveries.get(delivery.key))
        if ended is not None:
            self.sent[delivery.key] += ended.state is DeliveryState.SENT and not ended.foreign
            self.ledger.settle(lease, ended, event=None, now=self.clock.now())
        self.ledger.release_lease(lease)

    def _ended(self, deed: str, delivery: Delivery | None) -> Delivery | None:
        assert delivery is not None
        now = self.clock.now()
        match deed:
            case "send":
                return replace(delivery, state=DeliveryState.SENT, settled_at=now)
            case "by hand" if delivery.action is Action.PUBLISH:
                return replace(delivery, state=DeliveryState.SENT, settled_at=now, foreign=True)
            case "refuse":
                return replace(delivery, state=DeliveryState.REJECTED, settled_at=now, reason=text_reason("no"))
            case "give up":
                return replace(
                    delivery,
                    state=DeliveryState.HELD,
                    hold=Hold.FAILED,
                    settled_at=now,
                    reason=text_reason("tried for long"),
                )
            case "fail":
                return replace(delivery, state=DeliveryState.DUE, not_before=now + HOUR, reason=text_reason("away"))
            case _:
                return None


def live(make_post: Callable[..., Post], season: Season, look: Callable[[World, list[Post], Plan], None]) -> World:
    """A pass for each folder, an hour apart; people and servers act after each. `look` comes before the recording."""
    world = World()
    for shapes, deeds in season:
        posts = folder(make_post, shapes)
        plan = world.plan(posts)
        look(world, posts, plan)
        world.record(plan)
        for deed in deeds:
            world.do(deed, posts)
        after_deeds = world.plan(posts)
        look(world, posts, after_deeds)
        world.record(after_deeds)
        world.clock.advance(HOUR)
    return world


@given(seasons)
@settings(max_examples=examples(50))
def test_planning_again_finds_nothing_left_to_write(make_post: Callable[..., Post], season: Season) -> None:
    def look(world: World, posts: list[Post], plan: Plan) -> None:
        ledger = ScratchLedger(world.clock, world.ledger.snapshot())
        assert ledger.record(plan.batch, now=world.clock.now()).refused == ()
        again = world.plan(posts, ledger.snapshot())
        assert not again.batch
        assert again.released == ()

    live(make_post, season, look)


@given(seasons)
@settings(max_examples=examples(50))
def test_nothing_is_tooted_twice_and_nothing_that_may_be_out_is_touched(
    make_post: Callable[..., Post], season: Season
) -> None:
    out = (DeliveryState.SENT, DeliveryState.SENDING)

    def look(_world: World, _posts: list[Post], plan: Plan) -> None:
        for change in plan.batch.changes:
            superseded_reason = change.known is not None and change.known.action is not Action.PUBLISH
            assert change.known is None or change.known.state not in out or superseded_reason
        due = Counter(change.key for change in plan.batch.changes)
        assert max(due.values(), default=0) <= 1

    world = live(make_post, season, look)
    assert max(world.sent.values(), default=0) <= 1
    publishes = Counter(
        (key.post_id, key.account) for key in world.ledger.snapshot().deliveries if key.occasion == Occasion.PUBLISH
    )
    assert max(publishes.values(), default=0) <= 1


@given(seasons)
@settings(max_examples=examples(50))
def test_nothing_of_a_future_post_is_in_a_recording_but_that_it_is_to_come(
    make_post: Callable[..., Post], season: Season
) -> None:
    def look(world: World, posts: list[Post], plan: Plan) -> None:
        now, known = world.clock.now(), world.ledger.snapshot()
        early = {post_id for post_id, word in known.overrides.items() if word.early}
        recording = replace(plan.batch, upcoming=None, overrides=())
        assert all(entry.published <= now for entry in recording.entries)
        assert all(change.wanted is None or change.wanted.due <= now for change in recording.changes)
        assert all(
            (post.published is not None and post.published <= now) or post.post_id in early for post in plan.released
        )
        if plan.doubt or clashes(posts, known):
            return
        # The same comes out if the posts to come are altered in all but their names and dates.
        others = [
            post
            if post.published is None or post.published <= now or post.post_id in early
            else replace(post, title="SECRET", html="SECRET", digests=both("SECRET"), hidden=False, expires=None)
            for post in posts
        ]
        assert replace(world.plan(others, known).batch, upcoming=None, overrides=()) == recording
        assert "SECRET" not in repr(world.plan(others, known).batch)

    live(make_post, season, look)


@given(seasons)
def test_no_more_than_the_brake_allows_becomes_due_within_an_hour(
    make_post: Callable[..., Post], season: Season
) -> None:
    world = World()
    for shapes, _ in season:
        world.record(world.plan(folder(make_post, shapes)))
        due = Counter(
            delivery.key.account
            for delivery in world.ledger.snapshot().deliveries.values()
            if delivery.state is DeliveryState.DUE
        )
        assert all(due[account] <= POLICY.burst_limit for account in ACCOUNTS)


@given(folders, st.randoms(use_true_random=False))
def test_the_order_of_the_files_decides_nothing_but_whose_id_it_is(
    make_post: Callable[..., Post], shapes: list[dict[str, Any]], random: object
) -> None:
    posts = [replace(post, explicit_id=None) for post in folder(make_post, shapes)]
    shuffled = list(posts)
    getattr(random, "shuffle")(shuffled)  # noqa: B009 — the strategy's type is private
    one, other = (World().plan(files) for files in (posts, shuffled))
    assert one.items == other.items
    assert {change.key: change for change in one.batch.changes} == {
        change.key: change for change in other.batch.changes
    }
    assert {entry.post_id for entry in one.batch.entries} == {entry.post_id for entry in other.batch.entries}


@given(seasons)
def test_whatever_is_held_skipped_or_refused_has_a_reason(make_post: Callable[..., Post], season: Season) -> None:
    def look(_world: World, _posts: list[Post], plan: Plan) -> None:
        for item in plan.items:
            if item.verdict in (Verdict.HELD, Verdict.SKIPPED, Verdict.REJECTED):
                assert reason_words(item.reason), item
            assert (item.hold is not None) is (item.verdict is Verdict.HELD)

    live(make_post, season, look)


@given(seasons)
def test_nobody_is_held_by_a_person_who_did_not_say_so(make_post: Callable[..., Post], season: Season) -> None:
    def look(world: World, _posts: list[Post], plan: Plan) -> None:
        words = world.ledger.snapshot().overrides
        for item in plan.items:
            if item.hold is Hold.OPERATOR and "`if_missed: hold`" not in reason_words(item.reason):
                assert any(word.who in reason_words(item.reason) for word in words.values())

    live(make_post, season, look)


@given(seasons, st.integers(0, 8))
def test_what_is_held_before_its_time_stays_out_whatever_else_happens(
    make_post: Callable[..., Post], season: Season, number: int
) -> None:
    slug, url = f"post-{number}", make_post(f"post-{number}").url
    world = World()
    word = Override(post_id=url, kind=OverrideKind.HOLD, who="amy", at=NOW)
    world.ledger.record(WriteBatch(overrides=(word,)), now=NOW)
    for shapes, deeds in season:
        posts = [replace(p, explicit_id=None) for p in folder(make_post, shapes)]
        plan = world.plan(posts)
        assert all(post.slug != slug for post in plan.released)
        world.record(plan)
        for deed in deeds:
            if not (isinstance(deed[0], OverrideKind) and deed[1] == number):
                world.do(deed, posts)
        # By identity: a file that looks like a renamed one carries on the other's deliveries under its own name.
        assert all(delivery.key.post_id != url for delivery in world.ledger.snapshot().deliveries.values())
        world.clock.advance(HOUR)


def clashes(posts: list[Post], known: Snapshot) -> bool:
    """Whether two files share an id or a released entry's names: then one may keep another out, which is a finding."""
    ids = [post.post_id for post in posts if post.published is not None]
    taken = {name for entry in known.entries.values() for name in (entry.post_id, entry.slug)}
    names = [name for post in posts for name in {post.post_id, post.url, post.slug} if name in taken]
    return len(ids) != len(set(ids)) or len(names) != len(set(names))
