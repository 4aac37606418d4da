"""The conference's site in a seed: pages that appear late or never, and a deploy hook that builds it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Final

from bot.domain.errors import FetchError
from bot.http.client import WebClient
from bot.runtime.app import Bot
from tests.simulation.articles import Article
from tests.simulation.process import Process
from tests.simulation.world import HOUR, World

if TYPE_CHECKING:
    from tests.simulation.history import History
    from tests.simulation.server import Created

WAIT: Final = 1800.0  #: `wait_for_page`, seconds
HOOK: Final = "https://ci.example/build"
#: While something waits, the bot looks this often, seconds.
LOOK: Final = 60.0


class Site(WebClient):
    """Draws when each page is there, and judges what was asked of it and released."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self._random = Random(f"site of {world.seed}")
        self.page_missing = self._random.choice(("hold", "hold", "release"))
        self.articles: list[Article] = []
        self.calls: list[float] = []  #: that were heard
        self.faults: list[str] = []  #: what was asked too early, or released without its page
        self._later: dict[int, float] = {}  #: article → how long after its datetime its page is there; infinite: never
        self._all_at = float("inf")  #: from then on every page is there

    @property
    def settings(self) -> str:
        """Lines for the table `[release]`."""
        lines = (f'wait_for_page = "{WAIT:.0f}s"', f'page_missing = "{self.page_missing}"', f'deploy_hook = "{HOOK}"')
        return "\n".join(lines) + "\n"

    def serve(self, bot: Bot, process: Process) -> None:
        """Be the site of this bot."""

        def ask(url: str) -> None:
            process.point("page")
            article = self._of(url)
            if self.world.latest < article.due and article.early_at is None:
                self.faults.append(f"the page of {article.slug} was asked for {article.due - self.world.latest} early")
            online = self.world.now >= self.online_at(article)
            process.sleep(self._random.choice((0.05, 0.3, 5.0)))
            process.point("after page")
            if not online:
                raise FetchError(f"{url} answered 404.")

        bot.site.pages.ask = ask
        bot.site.pages.in_threads = False
        bot.site.deploy.web = _Caller(self, process)

    def online_at(self, article: Article) -> float:
        """When its page is there, seconds."""
        if article.number not in self._later:
            random = self._random
            drawn = (-60.0, -60.0, random.uniform(5, 1500), WAIT + random.uniform(60, 2 * HOUR), float("inf"))
            self._later[article.number] = random.choice(drawn)
        return min(self.world.seconds(article.due) + self._later[article.number], self._all_at)

    def build_everything(self) -> None:
        """From now on no page is missing."""
        self._all_at = self.world.now

    def is_late(self, article: Article, *, by: float = 0.0) -> bool:
        """Whether its page came so long after its datetime, or later; seconds."""
        return self.online_at(article) >= self.world.seconds(article.due) + by

    def may_be_out(self, article: Article, at: float) -> bool:
        """Whether feed and toots may show it at that time."""
        excused = bool({"hidden", "withdrawn"} & article.touched) or article.early_at is not None
        without = self.page_missing == "release" or article.skipped_at is not None
        given_up = without and at >= self.world.seconds(article.due) + WAIT
        let_go = any(said <= at for said in article.let_go_at)
        return excused or given_up or let_go or at >= self.online_at(article)

    def look_at_feed(self, shown: Mapping[str, object]) -> None:
        """See that no entry stands in the feed without its page; `shown` are the links."""
        for article in self.articles:
            if article.link in shown and not self.may_be_out(article, self.world.now):
                self.faults.append(f"{article.slug} is in the feed at {self.world.now:.0f}, before its page")

    def judge(self, history: History, toots: Mapping[tuple[int, str], list[Created]]) -> Iterator[str]:
        """Everything that is wrong at rest, of what concerns the site."""
        yield from self.faults
        for article in self.articles:
            for account in history.accounts:
                for toot in toots[article.number, account]:
                    if not self.may_be_out(article, toot.asked_at):
                        yield f"{article.slug} was tooted at {toot.asked_at:.0f}, before its page was there"
        out = [a for a in self.articles if a.here and not a.hidden and a.withdrawn is None and a.due <= self._end]
        begun = {a.number: self.world.seconds(a.due) if a.early_at is None else a.early_at for a in out}
        last = max((at for a in out for at in (*a.edited_at, begun[a.number])), default=-1.0)
        if out and not history.mishaps.stepped and (not self.calls or self.calls[-1] < last - 0.001):
            yield f"the site was last built at {self.calls[-1:]}, and what it should show changed at {last:.0f}"

    @property
    def _end(self) -> datetime:
        return self.world.clock.now() - timedelta(minutes=5)

    def call(self) -> None:
        """Receive a call of the deploy hook."""
        if not any(a.due <= self.world.latest or a.early_at is not None for a in self.articles if a.here):
            self.faults.append(f"the hook was called at {self.world.now:.0f}, before anything was due")
        self.calls.append(self.world.now)

    def _of(self, url: str) -> Article:
        return next(a for a in self.articles if any(url.endswith(f"/news/{slug}/") for slug in a.slugs))


class _Caller(WebClient):
    """Carries one bot's calls to the site."""

    def __init__(self, site: Site, process: Process) -> None:
        super().__init__()
        self._site = site
        self._process = process

    def post(self, url: str, *, headers: Mapping[str, str], content: bytes, within: timedelta) -> int:
        process, world = self._process, self._site.world
        assert url == HOOK
        process.point("hook")
        if world.faults.on and self._site._random.random() < 0.3:
            world.wrong("hook failed")
            process.sleep(10)
            raise FetchError("no answer", passing=True)
        self._site.call()
        process.sleep(0.2)
        process.point("after hook")
        return 204
