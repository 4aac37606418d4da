"""What counts as a page that is online, and how many are asked for, how often, and in which order that is told."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event

import httpx
import pytest

from bot.domain import PageRequest
from bot.domain.clock import ManualClock, SystemClock
from bot.domain.errors import FetchError
from bot.http.client import USER_AGENT, WebClient, is_same_site
from bot.http.policy import ConnectPolicy, anywhere
from bot.integrations.pages import MAX_OPEN_REQUESTS, RETRY_INTERVAL, PageChecker, expect_page, has_card
from tests.support.conference_site import HTML, ConferenceSite, Shown, conference_site
from tests.support.timeouts import patient

NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
CARD = b'<html><head><meta content="Tickets" property="og:title"></head>'


@pytest.fixture(scope="module")
def running() -> Iterator[ConferenceSite]:
    with conference_site() as site:
        yield site


@pytest.fixture
def site(running: ConferenceSite) -> ConferenceSite:
    running.pages.clear()
    running.asked.clear()
    return running


def to(location: str) -> Shown:
    return Shown(status=302, headers={"Location": location}, body=b"")


def why_not(site: ConferenceSite, *, require_card: bool = False, path: str = "/news/tickets/") -> str:
    """Why the page does not count as online; empty if it does."""
    web = WebClient(ConnectPolicy(may_reach=anywhere, schemes=("http", "https")))
    try:
        expect_page(f"{site.url}{path}", web=web, require_card=require_card)
    except FetchError as error:
        return error.message
    return ""


@pytest.mark.parametrize(
    ("shown", "card", "why"),
    [
        (Shown(), False, ""),
        (Shown(headers={"Content-Type": "application/xhtml+xml"}), False, ""),
        (Shown(headers={"Content-Type": "application/json"}), False, "is no HTML page, but application/json"),
        (Shown(headers={}), False, "is no HTML page, but of no type"),
        (Shown(status=404), False, "answered 404"),
        (Shown(status=203), False, "answered 203"),
        (Shown(status=503), False, "answered 503"),
        (Shown(), True, "has no og:title"),
        (Shown(body=CARD), True, ""),
        (Shown(body=b"<p>" * 200_000 + CARD), True, "has no og:title"),
        (to("/news/tickets"), False, ""),
        (to("/"), False, "leads to the site's front page"),
        (to("http://127.0.0.1:9/news/tickets/"), False, "leads to another site"),
        (to("https://conf.example/news/tickets/"), False, "leads to another site, conf.example"),
        (to("/news/tickets/"), False, "redirects more than 3 times"),
    ],
)
def test_what_counts_as_online(site: ConferenceSite, shown: Shown, card: bool, why: str) -> None:
    site.pages = {"/news/tickets/": shown, "/news/tickets": Shown(), "/": Shown()}
    found = why_not(site, require_card=card)
    assert why in found
    assert bool(why) == bool(found)
    assert site.agents == {USER_AGENT}


@pytest.mark.parametrize(
    ("here", "there", "stays"),
    [
        ("https://conf.example/a", "https://conf.example/b", True),
        ("https://conf.example/a", "https://www.conf.example/a", True),
        ("https://www.conf.example/a", "https://conf.example/a", True),
        ("http://conf.example/a", "https://conf.example/a", True),
        ("https://conf.example/a", "http://conf.example/a", False),
        ("https://conf.example/a", "https://conf.example:8443/a", False),
        ("http://conf.example:8080/a", "https://conf.example/a", False),
        ("https://conf.example/a", "https://2027.conf.example/a", False),
        ("https://conf.example/a", "https://www.conf.example.org/a", False),
    ],
)
def test_which_redirects_stay_on_the_site(here: str, there: str, stays: bool) -> None:
    assert is_same_site(httpx.URL(here), httpx.URL(there)) is stays


def test_a_page_that_is_written_for_ever_is_read_no_further_than_its_beginning(site: ConferenceSite) -> None:
    site.pages = {"/news/tickets/": Shown(body=HTML + b" " * 20_000_000)}
    begun = time.monotonic()
    assert why_not(site, require_card=True).endswith("(`require_card`).")
    assert time.monotonic() - begun < patient(3)


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ('<meta property="og:title" content="Tickets">', True),
        ("<META CONTENT='Tickets' PROPERTY='OG:Title' />", True),
        ('<meta name="og:title" content="Tickets">', True),
        ('<meta property="og:title" content=" ">', False),
        ('<meta property="og:title">', False),
        ('<!-- <meta property="og:title" content="Tickets"> -->', False),
        ('<meta property="og:description" content="Tickets">', False),
        ('<p property="og:title" content="Tickets">', False),
        ('<meta property="og:title" content="Tick', False),
    ],
)
def test_which_pages_have_a_card(html: str, found: bool) -> None:
    assert has_card(html) is found


@dataclass
class Stage:
    """Pages that are asked for in the caller's own time, on a clock that stands still."""

    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))
    online: set[str] = field(default_factory=set)
    discard_event: bool = False
    asked: list[str] = field(default_factory=list)
    news: int = 0
    pages: PageChecker = field(init=False)

    def __post_init__(self) -> None:
        self.pages = PageChecker(self._ask, clock=self.clock, on_news=self._heard, in_threads=False)

    def _ask(self, url: str) -> None:
        self.asked.append(url)
        if url not in self.online:
            raise FetchError("it answered 404.", passing=self.discard_event)

    def _heard(self) -> None:
        self.news += 1

    def want(self, *urls: str, due: datetime = NOW, until: datetime = NOW + 60 * SECOND) -> None:
        self.pages.watch([PageRequest(url=url, due=due, until=until) for url in urls])

    def after(self, by: timedelta = timedelta()) -> list[str]:
        """What is asked for in a step, so much later."""
        self.clock.advance(by)
        self.asked.clear()
        self.pages.step()
        return list(self.asked)


def test_a_page_is_selected_again_and_again_until_it_is_online_and_never_then() -> None:
    stage = Stage()
    stage.want("a")
    assert stage.after() == ["a"]
    assert stage.news == 1, "why it waits is news, the same again is none"
    assert stage.after(RETRY_INTERVAL - SECOND) == []
    assert stage.after(SECOND) == ["a"]
    assert stage.news == 1
    stage.online.add("a")
    assert stage.after(RETRY_INTERVAL) == ["a"]
    assert (stage.news, stage.pages.page_answers["a"].online) == (2, True)
    assert stage.after(RETRY_INTERVAL) == []


def test_an_answer_of_the_same_kind_in_other_words_is_no_news() -> None:
    stage = Stage()
    answers = iter(
        [
            FetchError("a cannot be fetched: timed out.", passing=True),
            FetchError("a cannot be fetched: refused.", passing=True),
            FetchError("a answered 404.", status=404),
            FetchError("a answered 503.", status=503),
            FetchError("a has no og:title.", kind="no-card"),
        ]
    )

    def fail(url: str) -> None:
        raise next(answers)

    stage.pages.ask = fail
    stage.want("a")
    heard = []
    for _ in range(5):
        stage.after(RETRY_INTERVAL)
        heard.append((stage.news, stage.pages.page_answers["a"].kind))
    assert heard == [(1, "unreachable"), (1, "unreachable"), (2, "404"), (3, "503"), (4, "no-card")]


def test_it_is_selected_once_more_at_the_deadline_and_not_after_it() -> None:
    stage = Stage()
    stage.want("a", until=NOW + 14 * SECOND)
    assert stage.after() == ["a"]
    assert stage.after(RETRY_INTERVAL) == ["a"]
    assert stage.pages.step() == 4 * SECOND
    assert stage.after(4 * SECOND) == ["a"]
    assert stage.news == 2, "the last answer counts, though it is the same"
    assert stage.after(RETRY_INTERVAL) == []


def test_no_page_is_selected_before_its_time_whatever_became_of_the_clock() -> None:
    stage = Stage()
    stage.clock.step_to(NOW - 5 * SECOND)
    stage.want("a")
    assert stage.after() == []
    assert stage.after(4 * SECOND) == []
    assert stage.after(SECOND) == ["a"]


def test_what_is_not_wanted_any_more_is_forgotten() -> None:
    stage = Stage(online={"a"})
    stage.want("a")
    stage.after()
    stage.want()
    assert stage.after() == []
    assert stage.pages.page_answers == {}
    stage.want("a", due=NOW + RETRY_INTERVAL)
    assert stage.after(RETRY_INTERVAL) == ["a"]


def test_while_the_site_is_silent_only_new_pages_are_asked_for() -> None:
    stage = Stage(discard_event=True)
    stage.want("a", "b")
    stage.after()
    stage.after(RETRY_INTERVAL - SECOND)
    stage.want("a", "b", "c")
    assert stage.after() == ["c"]
    assert stage.after(SECOND) == [], "the site rests"
    assert sorted(stage.after(SECOND)) == ["a", "b"]


def test_an_unexpected_error_is_an_answer_like_any_other() -> None:
    stage = Stage()

    def fail(url: str) -> None:
        raise ValueError("odd")

    stage.pages.ask = fail
    stage.want("a")
    stage.after()
    assert stage.pages.page_answers["a"].why == "a cannot be asked for (ValueError)."


class Asking:
    """Pages that are asked for in threads."""

    def __init__(self, ask: Callable[[str], None], *urls: str) -> None:
        now = datetime.now(UTC)
        self.news: list[list[str]] = []
        self.pages = PageChecker(ask, clock=SystemClock(), on_news=self._heard)
        self.pages.watch([PageRequest(url=url, due=now, until=now + 60 * SECOND) for url in urls])

    def _heard(self) -> None:
        self.news.append(sorted(self.pages.page_answers))

    def until(self, condition: Callable[[], object]) -> None:
        end = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < end
            self.pages.step()
            time.sleep(0.005)


def test_a_slow_page_holds_up_no_other_and_answers_of_one_moment_are_told_together() -> None:
    gate = Event()

    def ask(url: str) -> None:
        if url == "slow":
            gate.wait(10)
        elif url == "a":
            time.sleep(0.02)

    asking = Asking(ask, "slow", "a", "b", "c")
    asking.until(lambda: asking.news)
    assert asking.news == [["a", "b", "c"]], "though a answered last"
    gate.set()
    asking.until(lambda: len(asking.news) == 2)
    assert asking.news[1] == ["a", "b", "c", "slow"]


def test_so_many_are_asked_for_at_once_and_no_more() -> None:
    at_once, most = [0], [0]

    def ask(url: str) -> None:
        at_once[0] += 1
        most[0] = max(most[0], at_once[0])
        time.sleep(0.02)
        at_once[0] -= 1

    asking = Asking(ask, *(str(number) for number in range(3 * MAX_OPEN_REQUESTS)))
    asking.until(lambda: len(asking.pages.page_answers) == 3 * MAX_OPEN_REQUESTS)
    assert 1 < most[0] <= MAX_OPEN_REQUESTS
