"""The causes of holds and skips: each one in a seed needs a cause among the actions of people and the mishaps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from bot.domain.wording import reason_words
from bot.planner.builder import PlanItem
from bot.planner.ruling import Verdict
from tests.simulation.articles import Article
from tests.simulation.site import WAIT
from tests.simulation.world import HOUR

if TYPE_CHECKING:
    from tests.simulation.history import History

Trigger = Callable[["Triggers", Article], bool]


class Triggers:
    """Knows what happened in a seed."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.people = history.people
        self.seconds = history.world.seconds
        self.end = history.world.clock.now()

    def unfounded(self) -> Iterator[str]:
        """Holds when the faults ended, and skips at rest, that nothing explains."""
        for item in self.history.held:
            if not self._is_founded(item, HOLDS):
                yield f"{item.slug} on {item.account} was held without cause: {reason_words(item.reason)}"
        for name, result in self.history.last_cycles.items():
            for item in result.plan.of(Verdict.SKIPPED):
                if not self._is_founded(item, SKIPS):
                    why = reason_words(item.reason)
                    yield f"{item.slug} on {item.account} is skipped by {name} without cause: {why}"

    def may_be_left_out(self, article: Article) -> bool:
        """Whether a post need not be tooted at all."""
        touched = bool({"hidden", "withdrawn"} & article.touched) or article.hidden
        return touched or article.skipped_at is not None or self.has_expired(article) or self.is_skipped_late(article)

    def has_expired(self, article: Article) -> bool:
        """Whether the post expired before any cycle could toot it."""
        if article.expires is None or article.expires > self.end:
            return False
        held_up = (
            self.may_be_braked()
            or bool(article.holds or article.skipped_at or self.history.mishaps.lost_at)
            or bool({"withdrawn", "hidden"} & article.touched)
            or self.is_skipped_late(article)
            or self.is_held_late(article)
            or self._was_paused(article)
            or self.waits_for_page(article)
        )
        # A cycle that decided in time may have been held up before it sent.
        return held_up or self._was_missed(article, within=(article.expires - article.due).total_seconds(), sent=True)

    def _was_paused(self, article: Article) -> bool:
        """Whether all was paused at some time between its datetime and its end."""
        assert article.expires is not None
        return self._paused_between(self.seconds(article.due), self.seconds(article.expires))

    def may_be_refused(self, slug: str) -> bool:
        """Whether its key may belong to a toot that was taken back: only the lost ledger knew that it has been used."""
        article = next(one for one in self.people.articles if slug in one.slugs)
        return bool(self.history.mishaps.lost_at) and "withdrawn" in article.touched

    def is_skipped_late(self, article: Article) -> bool:
        return article.if_missed == "skip" and self._was_missed(article, within=HOUR)

    def is_held_late(self, article: Article) -> bool:
        return article.if_missed == "hold" and self._was_missed(article, within=HOUR)

    def may_be_braked(self) -> bool:
        posts = [article for article in self.people.articles if article.here]
        edits = sum(len(article.edited_at) for article in posts)
        return len(posts) + edits > self.history.brake

    def _was_missed(self, article: Article, *, within: float, sent: bool = False) -> bool:
        """Whether no cycle decided (or sent) it and had nothing left to wait for, so soon after its datetime."""
        if self.history.mishaps.stepped or self.history.mishaps.lost_at or "hidden" in article.touched:
            return True
        due = self.seconds(article.due)
        in_time = (
            slugs
            for decided, ended, slugs in self.history.served
            if due <= decided
            and (ended if sent else decided) < due + within
            and not self._paused_between(decided, ended)
        )
        return all(slugs.isdisjoint(article.slugs) for slugs in in_time)

    def _paused_between(self, begin: float, end: float) -> bool:
        """Whether the operator paused everything in between: then a cycle ends before it has sent everything."""
        return any(since < end and begin < until for since, until in self.people.words.pauses)

    def was_away(self, article: Article) -> bool:
        return bool(self.people.away) or "renamed" in article.touched

    def waits_for_page(self, article: Article, *, by: float = 0.0) -> bool:
        site = self.history.site
        return site is not None and site.is_late(article, by=by)

    def was_given_up(self, article: Article) -> bool:
        return (self.end - article.due).total_seconds() > 24 * HOUR

    def _is_founded(self, item: PlanItem, table: dict[str, Trigger]) -> bool:
        article = next(one for one in self.people.articles if item.slug in one.slugs)
        return any(words in reason_words(item.reason) and trigger(self, article) for words, trigger in table.items())


HOLDS: dict[str, Trigger] = {
    "new toots within an hour": lambda here, _: here.may_be_braked(),
    "held by": lambda here, article: any(end >= here.history.held_at for _, end in article.holds),
    "if_missed: hold": Triggers.is_held_late,
    "its file is gone": Triggers.was_away,
    "it has the datetime of": Triggers.was_away,
    # Holds everything, whichever posts it was that got another name.
    "upcoming posts are gone": lambda here, _: any(here.was_away(article) for article in here.people.articles),
    "its page is missing": lambda here, article: here.waits_for_page(article, by=WAIT) or here.history.mishaps.stepped,
    "tried for": Triggers.was_given_up,
    "paused by": lambda here, _: any(end >= here.history.held_at for _, end in here.people.words.pauses),
    "the clock is behind": lambda here, _: here.history.mishaps.stepped,
}
SKIPS: dict[str, Trigger] = {
    "withdrawn": lambda _, article: "withdrawn" in article.touched,
    "hidden": lambda _, article: "hidden" in article.touched,
    "expired on": Triggers.has_expired,
    "if_missed: skip": Triggers.is_skipped_late,
    "skipped by": lambda _, article: article.skipped_at is not None,
    "its toot was taken back": lambda _, article: "withdrawn" in article.touched,
    "its toot was not sent: withdrawn": lambda _, article: "withdrawn" in article.touched,
    # The oracle knows when the toot was sent, and asks for what was owed.
    "its toot went out later than this": lambda _, article: bool(article.reminds_at),
}
