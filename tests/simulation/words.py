"""The operator's commands in a seed: hold, release, skip, publish early, retry, pause; each as the real one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from bot.domain import Hold, OverrideKind, Post, Snapshot
from bot.ledger import existing_ledger, read_snapshot
from bot.planner.overrides import Proposal, pause, propose_override, resume
from bot.posts.folder import PostFolder
from tests.simulation.articles import Article
from tests.simulation.world import HOUR

if TYPE_CHECKING:
    from datetime import datetime

    from bot.config import Config
    from tests.simulation.people import People

WHO = "ann"


class Words:
    """Runs commands according to the people's habits, and records which were accepted and when."""

    def __init__(self, people: People, config: Config) -> None:
        self.people = people
        self.world = people.world
        self.config = config
        self.pauses: list[list[float]] = []  #: from, to
        self.resumed = False

    def plan(self, article: Article, near: float) -> None:
        """Draw what will be said of one post."""
        random, has = self.world.random, self.people.habits.has
        said = random.choice([word for word in ("hold", "skip", "early") if word in has] or [""])
        if not said or random.random() < 0.4:
            return
        if said == "hold":
            self.world.at(near, lambda: self._hold(article))
            self.world.at(near + random.uniform(5, 4 * HOUR), lambda: self._release(article))
        elif said == "skip":
            self.world.at(near, lambda: self._skip(article))
        else:
            at = random.uniform(0.3, 1.0) * self.world.seconds(article.due)
            self.world.at(at, lambda: self._publish_early(article))

    def plan_pause(self, at: float) -> None:
        """Everything waits for some time."""
        self.world.at(at, self._pause)
        self.world.at(at + self.world.random.uniform(30, 3 * HOUR), self.say_resume)

    def let_go(self) -> None:
        """At the end everything that is held is let go, and what was given up is tried again."""
        self.say_resume()
        snapshot = self._snapshot()
        for article in self.people.articles:
            self._release(article)
            if any(d.hold is Hold.FAILED and d.slug in article.slugs for d in snapshot.deliveries.values()):
                self._say(OverrideKind.RETRY, article)

    # -- one by one

    def _hold(self, article: Article) -> None:
        if self._say(OverrideKind.HOLD, article):
            article.holds.append([self.world.now, float("inf")])

    def _release(self, article: Article) -> None:
        if not self._say(OverrideKind.RELEASE, article):
            return
        article.let_go_at.append(self.world.now)
        if article.holds:
            article.holds[-1][1] = min(article.holds[-1][1], self.world.now)
        if article.withdrawn is None:
            article.taken_back_at = None  # that mark is off the file, and by this word the post is wanted again

    def _skip(self, article: Article) -> None:
        if self._say(OverrideKind.SKIP, article):
            article.skipped_at = self.world.now

    def _publish_early(self, article: Article) -> None:
        if not self.people.released(article) and self._say(OverrideKind.PUBLISH, article, early=True):
            article.early_at = self.world.now

    def _pause(self) -> None:
        if self._propose(lambda snapshot, now: pause(snapshot, who=WHO, now=now)):
            self.world.note("~ announce pause")
            self.pauses.append([self.world.now, float("inf")])

    def say_resume(self) -> None:
        """`announce resume`, where there is something to be resumed."""
        self.resumed = True
        if self._propose(lambda snapshot, now: resume(snapshot, who=WHO, now=now)):
            self.world.note("~ announce resume")
            if self.pauses:
                self.pauses[-1][1] = min(self.pauses[-1][1], self.world.now)

    def _say(self, said: OverrideKind, article: Article, *, early: bool = False) -> bool:
        post = self._post(article)
        if post is None:
            return False
        accounts = list(self.config.account_addresses().values())
        accepted = self._propose(
            lambda snapshot, now: propose_override(
                said, post, snapshot, who=WHO, now=now, accounts=accounts, early=early
            )
        )
        if accepted:
            self.world.note(f"~ announce {said.value} {article.slug}")
            article.touched.add("word")
        return accepted

    def _post(self, article: Article) -> Post | None:
        posts = PostFolder(self.config).scan().posts
        return next((post for post in posts if post.slug == article.slug), None)

    def _snapshot(self) -> Snapshot:
        return read_snapshot(self.config, self.world.clock)

    def _propose(self, make: Callable[[Snapshot, datetime], Proposal]) -> bool:
        if self.world.now < self.world.faults.disk_full_until:
            return False
        now = self.world.clock.now()
        with existing_ledger(self.config, self.world.clock) as ledger:
            if ledger is None:
                return False
            proposal = make(ledger.snapshot(), now)
            if not proposal.refusal:
                ledger.record(proposal.batch, now=now)
        if not proposal.refusal:
            self.people.notify(1)
        return not proposal.refusal
