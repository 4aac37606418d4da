"""The actions of authors and operators in a seed: each seed draws their habits."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from tests.simulation.articles import Article, Checkout
from tests.simulation.profiles import Profile
from tests.simulation.words import Words
from tests.simulation.world import HOUR, World

if TYPE_CHECKING:
    from bot.config import Config
    from tests.simulation.server import Server

#: What a person may do with a post, besides writing it.
HABITS = (
    *("edit", "rename", "retime", "hide", "withdraw", "by hand", "branch switch", "other toots", "burst"),
    *("resume", "hold", "skip", "early", "pause", "if missed", "expires", "thread", "rethread"),
)
#: Nothing but the ledger knows of these: without it a post is known by its permalink alone, so a renamed one is new.
ONLY_IN_THE_LEDGER = frozenset({"rename", "hold", "skip", "early", "pause", "rethread"})


@dataclass
class Habits:
    """The habits of the people in this seed."""

    has: frozenset[str]
    posts: int
    late: bool  #: whether posts are written only when it is time, or later

    @staticmethod
    def draw(random: Random, profile: Profile) -> Habits:
        share = random.choice((0.15, 0.4, 0.7))
        has = frozenset(habit for habit in HABITS if random.random() < share)
        posts = random.choice((1, 2, 3, 4, 4, 6))
        return Habits(
            has=has if profile.habits is None else profile.habits,
            posts=profile.posts or posts,
            late=random.random() < 0.3 and profile.habits is None,
        )


class People:
    """Act at times drawn in advance; each act changes the files or the server, as in real use."""

    def __init__(
        self,
        world: World,
        server: Server,
        *,
        accounts: list[str],
        length: float,
        notify: Callable[[float], None],
        profile: Profile,
        config: Config,
    ) -> None:
        self.world = world
        self.server = server
        self.accounts = accounts
        self.length = length
        self.profile = profile
        self.habits = Habits.draw(world.random, profile)
        self.articles: list[Article] = []
        self.checkout = Checkout(world.root / "posts")
        self.away: list[tuple[float, float]] = []  #: when the folder was empty
        self.first_due = 0.0  #: seconds, as planned
        self.notify = notify
        self.words = Words(self, config)

    def plan(self, *, without: frozenset[str]) -> None:
        """Draw all their actions."""
        self.habits = replace(self.habits, has=self.habits.has - without)
        random, has = self.world.random, self.habits.has
        dues = self._dues(has)
        self.first_due = dues[0]
        for number, due in enumerate(dues):
            article = Article(
                number=number,
                due=self.world.moment(due).replace(microsecond=0),
                slug=f"a{number}",
                identity=random.choice(("", "", f"conf:{number}")),
                own_text=random.random() < 0.5,
                pictured=random.random() < 0.2,
            )
            if "thread" in has and self._does(0.5):
                article.parts = random.choice((1, 1, 2, 3))
            if "remind" in has:
                article.reminds_at = sorted(self._reminder_after(article) for _ in range(random.choice((0, 1, 2, 3))))
            article.slugs.append(article.slug)
            self.articles.append(article)
            self._plan_for(article, due, has)
        if "branch switch" in has:
            for _ in range(random.choice((1, 2))):
                self._branch_switch(random.uniform(0.05, 0.9) * self.length)
        if "other toots" in has:
            often = 20 if self.profile.always else random.randint(1, 8)
            for _ in range(often):
                account = random.choice(self.accounts)
                when = random.choice((*dues, random.uniform(0, self.length)))
                at = self._near(when) if self.profile.near else when + random.uniform(-60, 60)
                self.world.at(at, lambda account=account: self._toot(account, "Hello from the venue"))  # type: ignore[misc]
        if "resume" in has:
            for _ in range(random.randint(1, 3)):
                self.world.at(random.uniform(0.1, 1) * self.length, self.words.say_resume)
        if "pause" in has and random.random() < 0.5:
            self.words.plan_pause(self._near(random.choice(dues)))

    def _reminder_after(self, article: Article) -> datetime:
        ahead = self.world.random.choice((60.0, 600.0, 3 * HOUR))
        at = article.due + timedelta(seconds=self.world.random.uniform(ahead / 2, ahead))
        return min(at, self.world.moment(self.length)).replace(microsecond=0)

    def _dues(self, has: frozenset[str]) -> list[float]:
        random = self.world.random
        dues = [random.uniform(0.1, 0.9) * self.length for _ in range(self.habits.posts)]
        if "burst" in has:
            dues = [dues[0] + random.uniform(0, random.choice((1.0, 300.0, 3000.0))) for _ in dues]
        return sorted(dues)

    def _plan_for(self, article: Article, due: float, has: frozenset[str]) -> None:
        random = self.world.random
        added = random.uniform(0, max(1.0, due - 60))
        if self.habits.late and random.random() < 0.6:
            added = due + random.choice((random.uniform(-5, 30), random.uniform(0, 3 * HOUR)))
        self.world.at(added, lambda: self._add(article))
        if article.identity == "" and "rename" in has and has & {"edit", "hold", "skip", "early"}:
            article.identity = f"conf:{article.number}"  # renamed and rewritten at once it would be in doubt
        if "if missed" in has and random.random() < 0.5:
            article.if_missed = random.choice(("skip", "hold", "post"))
        if "expires" in has and random.random() < 0.4:
            article.expires = article.due + timedelta(seconds=random.choice((600, 2 * HOUR, 9 * HOUR)))

        def near() -> float:
            return max(added + 1, self._near(due))

        if "edit" in has:
            for _ in range(random.randint(1 if self.profile.always else 0, 3)):
                self.world.at(near(), lambda: self._edit(article))
        if "rename" in has and self._does(0.6):
            self.world.at(near(), lambda: self._rename(article))
        if "retime" in has and self._does(0.5):
            self.world.at(random.uniform(added, due), lambda: self._retime(article))
        self.words.plan(article, near())
        if "hide" in has and self._does(0.4):
            at = near()
            self.world.at(at, lambda: self._hide(article, hidden=True))
            if random.random() < 0.5:
                self.world.at(at + random.uniform(1, HOUR), lambda: self._hide(article, hidden=False))
        if "withdraw" in has and self._does(0.5):
            at, why = near(), random.choice(("true", f"Sorry, W{article.number} was a mistake"))
            self.world.at(at, lambda: self._withdraw(article, why))
            if random.random() < 0.3:
                self.world.at(at + random.uniform(5, 2 * HOUR), lambda: self._withdraw(article, None))
        if "by hand" in has and self._does(0.5):
            account = random.choice(self.accounts)
            self.world.at(near(), lambda: self._toot_by_hand(article, account))

    def _does(self, share: float) -> bool:
        """Whether they do what they are in the habit of."""
        return self.world.random.random() < share or self.profile.always

    def _near(self, due: float) -> float:
        """Mostly about the time of the release, when it matters most."""
        random = self.world.random
        if self.profile.near is not None:
            return due + random.uniform(*self.profile.near)
        return max(
            1.0,
            random.choice(
                (
                    due + random.uniform(-5, 60),
                    due + random.uniform(0, 600),
                    due - random.uniform(0, 2 * HOUR),
                    due + random.uniform(0, 6 * HOUR),
                )
            ),
        )

    # -- acts

    def _changed(self, what: str, article: Article | None = None) -> None:
        self.world.note(f"~ {what} {article.slug if article else ''}")
        self.checkout.write(self.articles)
        if self.world.random.random() < 0.9:
            self.notify(self.world.random.uniform(0.1, 20))

    def released(self, article: Article) -> bool:
        """Whether the machine's clock has ever shown its time."""
        return self.world.latest + timedelta(seconds=60) >= article.due or article.early_at is not None

    def _add(self, article: Article) -> None:
        article.here, article.added_at = True, self.world.now
        if self.released(article):
            article.touched.add("late")
        self._changed("adds", article)

    def _edit(self, article: Article) -> None:
        if article.withdrawn is not None or article.taken_back_at is not None:
            return
        article.revision += 1
        if article.parts and "rethread" in self.habits.has and self.world.random.random() < 0.6:
            article.parts = self.world.random.choice((0, 1, 2, 3))
            article.rethreaded = True
        article.edited_at.append(self.world.now)
        self._changed(f"edits ({article.token})", article)

    def _rename(self, article: Article) -> None:
        article.slug = f"{article.slug}x"
        article.slugs.append(article.slug)
        article.touched.add("renamed")
        self._changed("renames", article)

    def _retime(self, article: Article) -> None:
        if self.released(article):
            return
        ahead = self.world.random.uniform(120, 4 * HOUR)
        new = self.world.clock.now() + timedelta(seconds=ahead)
        article.due = min(new, self.world.moment(self.length)).replace(microsecond=0)
        if article.expires is not None:
            article.expires = max(article.expires, article.due + timedelta(seconds=600))
        article.touched.add("retimed")
        self._changed(f"moves to {article.due:%d %H:%M:%S}", article)

    def _hide(self, article: Article, *, hidden: bool) -> None:
        article.hidden = hidden
        article.touched.add("hidden")
        self._changed("hides" if hidden else "shows", article)

    def _withdraw(self, article: Article, why: str | None) -> None:
        article.withdrawn = why
        article.touched.add("withdrawn")
        self._changed(f"withdraws ({why})", article)

    def _branch_switch(self, at: float) -> None:
        lasts = self.world.random.choice((30.0, 600.0, 3 * HOUR))
        lasts = min(lasts, self.length - at - 60)
        self.away.append((at, at + lasts))

        def leave() -> None:
            self.checkout.elsewhere = True
            self._changed("switches the branch")

        def come_back() -> None:
            self.checkout.elsewhere = False
            self._changed("switches back")

        self.world.at(at, leave)
        self.world.at(at + lasts, come_back)

    def _toot_by_hand(self, article: Article, account: str) -> None:
        article.hand.setdefault(account, []).append((self.world.now, article.slug))
        article.touched.add("by hand")
        self._toot(account, f"Look at this: {article.link} (by hand)")

    def _toot(self, account: str, text: str) -> None:
        self.world.injected["toot by hand"] += 1
        with self.server.by_hand():
            status, _, body = self.server.call(
                "POST",
                "/api/v1/statuses",
                headers={
                    "Authorization": f"Bearer loopback-{account}",
                    "Content-Type": "application/x-www-form-urlencoded",
                },
                body=urlencode({"status": text}).encode(),
            )
        assert status == 200, json.loads(body)
