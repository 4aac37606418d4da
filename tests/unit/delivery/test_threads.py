"""Threads, from the post to the server: planned, sent part by part, edited, shortened, taken back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.delivery import DeliveryContext, DeliveryResult, deliver_pending
from bot.domain import Announcement, DeliveryState, Hold, MastodonOptions, Occasion, OverrideKind, Post
from bot.domain.errors import OutcomeUnknownError, PublishError, RejectedError, TransientError
from bot.planner.ruling import Verdict
from tests.support.delivery_stage import TIMING, Server, raising, saying
from tests.support.digests import both
from tests.support.planning import ACCOUNT, DAY, HOUR, MINUTE, NOW, POLICY, Season, verdicts
from tests.support.scratch_ledger import ScratchLedger

MakePost = Callable[..., Post]
LOST = OutcomeUnknownError("no answer.")
BUSY = TransientError("the server is busy.")


def compose(post: Post, account: str) -> Announcement:
    parts = tuple(saying(part) for part in post.mastodon.thread)
    return replace(saying(post.title, link=post.url), thread=parts)


@dataclass
class Stage:
    """A season whose account is really drained."""

    season: Season = field(default_factory=Season)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.season.compose = compose
        self.server = Server(address=ACCOUNT, clock=self.season.clock)

    def run(self, *posts: Post, after: timedelta = timedelta()) -> DeliveryResult:
        """A pass and a drain."""
        self.season.run(*posts, after=after)
        return deliver_pending(
            DeliveryContext(
                ledger=self.season.ledger,
                publisher=self.server,
                clock=self.season.clock,
                timing=TIMING,
                owner="test",
                stopping=lambda: False,
                jitter=lambda: 0.0,
                emit=lambda event: self.said.append(f"{event.kind.value} {event.slug} {event.occasion}".strip()),
            )
        )

    def until_done(self, *posts: Post) -> None:
        """Passes, until nothing is left to do."""
        for _ in range(30):
            result = self.run(*posts)
            if result.wait_until is None and not self.season.look(*posts).batch:
                return
            wait = result.wait_until or self.season.now
            self.season.clock.advance(max(wait - self.season.now, timedelta(seconds=1)))
        raise AssertionError(f"still waiting: {result.why}")

    def loses_its_ledger(self) -> None:
        self.season.ledger = ScratchLedger(self.season.clock)

    @property
    def chain(self) -> list[str | None]:
        """The texts of the thread, each an answer to the one before; fails if anything else is there."""
        texts, before = [], None
        statuses = list(self.server.statuses)
        while statuses:
            following = [status for status in statuses if status.in_reply_to == before]
            assert len(following) == 1, self.server.statuses
            texts.append(following[0].text)
            before = following[0].status_id
            statuses.remove(following[0])
        return texts

    def state(self, occasion: Occasion) -> DeliveryState | None:
        return self.season.state("tickets", occasion)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def threaded(make_post: MakePost, *parts: str, title: str = "one", **changes: Any) -> Post:
    options = MastodonOptions(thread=parts)
    return make_post(title=title, mastodon=options, digests=both(f"{title} {parts}"), **changes)


class TestSending:
    def test_all_parts_go_out_at_once_each_an_answer_to_the_one_before(self, stage: Stage, make_post: MakePost) -> None:
        result = stage.run(threaded(make_post, "two", "three"))
        assert stage.chain == ["one", "two", "three"]
        assert result.wait_until is None
        assert stage.said == ["sent tickets publish", "continued tickets publish/2", "continued tickets publish/3"]
        assert not stage.season.look(threaded(make_post, "two", "three")).batch

    def test_a_late_thread_is_not_spaced(self, stage: Stage, make_post: MakePost) -> None:
        stage.season.clock.advance(HOUR)
        stage.run(threaded(make_post, "two"), make_post("other", published=NOW + MINUTE))
        assert stage.server.texts == ["one", "two"]

    def test_one_thread_is_not_broken_by_another_toot_on_time(self, stage: Stage, make_post: MakePost) -> None:
        stage.run(threaded(make_post, "two"), make_post("aaa"), make_post("zzz"))
        assert stage.server.texts == ["About aaa", "one", "two", "About zzz"]

    def test_a_thread_is_one_announcement_for_the_brake(self, stage: Stage, make_post: MakePost) -> None:
        others = [make_post(f"zz{number}") for number in range(POLICY.burst_limit - 1)]
        stage.run(threaded(make_post, *"abcdefgh"), *others)
        assert len(stage.server.statuses) == 9 + POLICY.burst_limit - 1

    def test_a_held_toot_owes_no_parts(self, stage: Stage, make_post: MakePost) -> None:
        post = threaded(make_post, "two")
        stage.season.emit(OverrideKind.HOLD, post)
        stage.run(post)
        assert stage.season.snapshot.deliveries == {}
        stage.season.emit(OverrideKind.RELEASE, post)
        stage.run(post)
        assert stage.chain == ["one", "two"]

    def test_after_a_toot_by_hand_no_part_follows(self, stage: Stage, make_post: MakePost) -> None:
        post = threaded(make_post, "two", "three")
        stage.server.hand(saying("faster", link=post.url))
        stage.until_done(post)
        assert stage.server.texts == ["faster"]
        assert not stage.season.look(post).batch, "nothing flaps"

    def test_words_that_change_before_it_is_sent_are_the_ones_that_go_out(
        self, stage: Stage, make_post: MakePost
    ) -> None:
        stage.season.run(threaded(make_post, "old", "older"))
        stage.run(threaded(make_post, "new"))
        assert stage.chain == ["one", "new"]
        assert stage.state(Occasion.PUBLISH.of_part(3)) is None


class TestFailures:
    @pytest.mark.parametrize("arrived", [True, False])
    @pytest.mark.parametrize("part", [1, 2, 3])
    def test_a_part_without_answer_is_looked_for_and_the_rest_follows(
        self, stage: Stage, make_post: MakePost, part: int, arrived: bool
    ) -> None:
        stage.server.posts_first = arrived
        # The double takes failures in turn, one for each send.
        sends = [lambda: None] * (part - 1) + [lambda: stage.server.failures.append(LOST)]
        stage.server.during("publish", *sends)
        stage.until_done(threaded(make_post, "two", "three"))
        assert stage.chain == ["one", "two", "three"]
        assert stage.server.posted == 3

    def test_while_a_part_backs_off_others_go_on(self, stage: Stage, make_post: MakePost) -> None:
        post = threaded(make_post, "two", "three")
        stage.server.during("publish", lambda: None, raising(BUSY))
        stage.run(post)
        stage.run(post, make_post("zzz", published=NOW + MINUTE / 20), after=MINUTE / 20)
        assert stage.server.texts == ["one", "About zzz"]
        stage.until_done(post, make_post("zzz", published=NOW + MINUTE / 20))
        assert stage.server.texts == ["one", "About zzz", "two", "three"]
        assert stage.server.statuses[2].in_reply_to == stage.server.statuses[0].status_id

    def test_after_a_refused_part_nothing_follows_until_a_person_says_so(
        self, stage: Stage, make_post: MakePost
    ) -> None:
        post = threaded(make_post, "two", "three")
        stage.server.during("publish", lambda: None, raising(RejectedError("too rude.")))
        stage.run(post)
        assert stage.chain == ["one"]
        assert stage.state(Occasion.PUBLISH.of_part(2)) is DeliveryState.REJECTED
        stage.run(post, after=HOUR)
        assert not stage.season.look(post).batch, "nothing flaps"
        assert verdicts(stage.season.look(post))["tickets publish/2"] is Verdict.REJECTED
        stage.season.emit(OverrideKind.RETRY, post)
        stage.run(post)
        assert stage.chain == ["one", "two", "three"]

    def test_a_part_that_is_given_up_is_told_and_tried_again_on_word(self, stage: Stage, make_post: MakePost) -> None:
        post = threaded(make_post, "two", "three")
        stage.server.during("publish", lambda: None, *[raising(BUSY)] * 300)
        stage.run(post)
        for _ in range(120):
            stage.run(post, after=HOUR / 4)
        held = stage.season.delivery("tickets", Occasion.PUBLISH.of_part(2))
        assert held is not None
        assert held.hold is Hold.FAILED
        assert stage.state(Occasion.PUBLISH.of_part(3)) is not DeliveryState.SENT
        stage.server.answers.clear()
        stage.season.emit(OverrideKind.RETRY, post)
        stage.until_done(post)
        assert stage.chain == ["one", "two", "three"]


class TestALostLedger:
    @pytest.mark.parametrize("there", [1, 2, 3])
    def test_the_thread_goes_on_at_the_part_that_is_missing(
        self, stage: Stage, make_post: MakePost, there: int
    ) -> None:
        parts = ("two", "three")
        stage.run(threaded(make_post, *parts[: there - 1]))
        assert len(stage.chain) == there
        stage.loses_its_ledger()
        stage.until_done(threaded(make_post, *parts))
        assert stage.chain == ["one", "two", "three"]
        assert stage.server.posted == 3

    def test_a_part_in_other_words_is_not_said_twice(self, stage: Stage, make_post: MakePost) -> None:
        stage.run(threaded(make_post, "two, as it was", "three"))
        stage.loses_its_ledger()
        stage.until_done(threaded(make_post, "two, as it is", "three"))
        assert stage.chain == ["one", "two, as it was", "three"]

    def test_but_an_answer_by_hand_to_a_toot_of_this_ledger_is_no_part(self, stage: Stage, make_post: MakePost) -> None:
        post = threaded(make_post, "two")

        def somebody_answers() -> None:
            stage.server.answers.clear()
            Server.publish(stage.server, saying("Questions?"), media_ids=(), key="", repeat=False, in_reply_to="1")
            raise BUSY

        stage.server.during("publish", lambda: None, somebody_answers)
        stage.until_done(post)
        assert stage.server.texts == ["one", "Questions?", "two"]


class TestEdits:
    def test_only_the_parts_that_changed_are_edited(self, stage: Stage, make_post: MakePost) -> None:
        stage.run(threaded(make_post, "two", "three"))
        stage.said.clear()
        stage.until_done(threaded(make_post, "two, mended", "three"))
        assert stage.chain == ["one", "two, mended", "three"]
        assert stage.said == ["edited tickets edit:1", "edited tickets edit:1/2"]

    def test_new_parts_are_added(self, stage: Stage, make_post: MakePost) -> None:
        stage.run(make_post(title="one"))
        stage.until_done(threaded(make_post, "two", "three"))
        assert stage.chain == ["one", "two", "three"]

    def test_parts_that_are_gone_are_deleted_and_may_come_back(self, stage: Stage, make_post: MakePost) -> None:
        stage.run(threaded(make_post, "two", "three", "four"))
        stage.until_done(threaded(make_post, "two"))
        assert stage.chain == ["one", "two"]
        stage.until_done(threaded(make_post, "two", "three again"))
        assert stage.chain == ["one", "two", "three again"]

    def test_edits_that_the_brake_holds_hold_their_parts(self, stage: Stage, make_post: MakePost) -> None:
        first, *others = [make_post(f"zz{number}") for number in range(POLICY.burst_limit - 1)]
        stage.run(threaded(make_post, "two"), first, *others)
        stage.run(threaded(make_post, "mended"), first, *others)
        assert stage.state(Occasion.edit(1)) is DeliveryState.HELD
        assert "two" in stage.server.texts
        stage.season.resume()
        stage.until_done(threaded(make_post, "mended"), first, *others)
        assert "mended" in stage.server.texts
        assert "two" not in stage.server.texts

    def test_a_part_under_way_is_edited_once_it_is_there(self, stage: Stage, make_post: MakePost) -> None:
        stage.server.posts_first = True
        stage.server.during("publish", lambda: None, lambda: stage.server.failures.append(LOST))
        stage.server.during("read_back", raising(BUSY))
        stage.run(threaded(make_post, "two"))
        assert stage.state(Occasion.PUBLISH.of_part(2)) is DeliveryState.SENDING
        stage.until_done(threaded(make_post, "mended"))
        assert stage.chain == ["one", "mended"]


class TestTakingBack:
    def test_the_whole_thread_is_deleted(self, stage: Stage, make_post: MakePost) -> None:
        stage.run(threaded(make_post, "two", "three"))
        stage.until_done(threaded(make_post, "two", "three", withdrawn="", hidden=True))
        assert stage.server.texts == []
        stage.until_done(threaded(make_post, "two", "three"))
        assert stage.server.texts == [], "taking the mark away never toots again"

    def test_a_reason_answers_the_toot_and_keeps_the_thread(self, stage: Stage, make_post: MakePost) -> None:
        stage.run(threaded(make_post, "two"))
        stage.until_done(threaded(make_post, "two", withdrawn="it was wrong", hidden=True))
        assert stage.server.texts == ["one", "two", "it was wrong"]
        assert stage.server.statuses[2].in_reply_to == stage.server.statuses[0].status_id

    @pytest.mark.parametrize("reason", ["", "it was wrong"])
    def test_what_was_not_sent_yet_is_never_sent(self, stage: Stage, make_post: MakePost, reason: str) -> None:
        stage.server.during("publish", lambda: None, raising(BUSY))
        stage.run(threaded(make_post, "two", "three"))
        stage.until_done(threaded(make_post, "two", "three", withdrawn=reason, hidden=True))
        stage.until_done(threaded(make_post, "two", "three"))
        assert [text for text in stage.server.texts if text != "one"] == ([reason] if reason else [])


FAILURES: Sequence[PublishError] = (LOST, BUSY)
WORDS = st.sampled_from(["red", "green", "blue"])
HAPPENINGS = st.one_of(
    st.tuples(st.just("write"), st.lists(WORDS, max_size=4)),
    st.tuples(st.just("pass"), st.integers(0, 300)),
    st.tuples(st.just("fail"), st.lists(st.sampled_from(FAILURES), max_size=3)),
    st.tuples(st.just("fail after"), st.lists(st.sampled_from(FAILURES[:1]), max_size=3)),
    st.tuples(st.just("title"), WORDS),
)


@settings(max_examples=150)
@given(happenings=st.lists(HAPPENINGS, min_size=3, max_size=14))
def test_whatever_happens_the_thread_says_in_the_end_what_the_post_says(
    make_post: MakePost, happenings: list[tuple[str, Any]]
) -> None:
    stage, title = Stage(season=Season(policy=replace(POLICY, burst_limit=99))), "one"
    parts: tuple[str, ...] = ("two",)
    for what, how in happenings:
        match what:
            case "write":
                parts = tuple(f"{word} {number}" for number, word in enumerate(how))
            case "title":
                title = how
            case "fail" | "fail after":
                stage.server.failures, stage.server.posts_first = list(how), what == "fail after"
            case "pass":
                stage.run(threaded(make_post, *parts, title=title), after=timedelta(seconds=how))
    stage.server.failures = []
    stage.season.clock.advance(DAY / 2)
    stage.until_done(threaded(make_post, *parts, title=title))
    assert stage.chain == [title, *parts]
