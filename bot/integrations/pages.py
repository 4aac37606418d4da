"""Checking whether pages are online: several at a time, in threads, each repeatedly until it is online."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from html.parser import HTMLParser
from queue import SimpleQueue
from threading import Thread
from typing import Final

from bot.domain import PageAnswer, PageRequest
from bot.domain.clock import Clock
from bot.domain.errors import FetchError
from bot.http.client import WebClient

#: The bot requests a page that is not online again after this time.
RETRY_INTERVAL: Final = timedelta(seconds=10)
#: How long the bot waits for one answer.
ANSWER_TIMEOUT: Final = timedelta(seconds=5)
#: How many pages the bot requests at the same time.
MAX_OPEN_REQUESTS: Final = 8
#: Answers to requests that began together are reported together within this time, so that posts keep their order.
ANSWER_GROUPING: Final = timedelta(seconds=1)
#: How long repeated requests pause after the site gave no answer; first requests do not pause.
PAUSE_AFTER_NO_ANSWER: Final = timedelta(seconds=2)
_HTML: Final = ("text/html", "application/xhtml+xml")


def expect_page(url: str, *, web: WebClient, require_card: bool) -> None:
    """Return if the page is online: 200 with HTML and, if `require_card`, an og:title. Raises FetchError."""
    seen = web.get_beginning(url, within=ANSWER_TIMEOUT)
    if seen.media_type not in _HTML:
        raise FetchError(f"{url} is no HTML page, but {seen.media_type or 'of no type'}.", kind="no-page")
    if seen.path in ("", "/"):
        # Some sites redirect every missing page to the front page.
        raise FetchError(f"{url} leads to the site's front page.", kind="front-page")
    if require_card and not has_card(seen.beginning.decode("utf-8", "replace")):
        raise FetchError(f"{url} has no og:title, so there is no link card (`require_card`).", kind="no-card")


def has_card(html: str) -> bool:
    """Whether the page has a title for link cards (the Open Graph protocol: `<meta property="og:title">`)."""
    reader = _CardReader()
    reader.feed(html)
    return reader.found


class _CardReader(HTMLParser):
    found = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        is_title = (named.get("property") or named.get("name") or "").strip().lower() == "og:title"
        self.found = self.found or (tag == "meta" and is_title and bool((named.get("content") or "").strip()))


@dataclass
class _PageRequests:
    """The requests for one page."""

    times: int = 0
    again_at: float = 0.0  #: monotonic seconds
    is_open: bool = False


@dataclass
class _RequestGroup:
    """Requests that began together; `begun` is in monotonic seconds."""

    begun: float
    open: set[str] = field(default_factory=set)
    answers: dict[str, PageAnswer] = field(default_factory=dict)


class PageChecker:
    """Requests the wanted pages in threads of its own; one thread at a time may call `step`."""

    def __init__(
        self,
        ask: Callable[[str], None],
        *,
        clock: Clock,
        on_news: Callable[[], None],
        on_answer: Callable[[], None] = lambda: None,
        stopping: Callable[[], bool] = lambda: False,
        in_threads: bool = True,
    ) -> None:
        """`ask` returns if the page is online, else it raises FetchError.

        `step` calls `on_news` after answers that change something; any thread calls `on_answer` when `step` has an
        answer to process. Without `in_threads`, `step` itself requests one page after the other.
        """
        self.ask = ask
        self.in_threads = in_threads
        self._clock = clock
        self._on_news = on_news
        self._on_answer = on_answer
        self._stopping = stopping
        self._wanted: Mapping[str, PageRequest] = {}
        self._latest: Mapping[str, PageAnswer] = {}
        self._requests: dict[str, _PageRequests] = {}
        self._groups: list[_RequestGroup] = []
        self._answers: SimpleQueue[tuple[_RequestGroup, str, PageAnswer, bool]] = SimpleQueue()
        self._silent_until = 0.0

    @property
    def page_answers(self) -> Mapping[str, PageAnswer]:
        """The latest answers, by address. Safe from any thread."""
        return self._latest

    def watch(self, pages: Iterable[PageRequest]) -> None:
        """Set the pages to check; what is known of all others is dropped. Safe from any thread."""
        self._wanted = {page.url: page for page in pages}

    def step(self) -> timedelta | None:
        """Start due requests, report answers; return the wait until the next step is due, None if none is."""
        wanted = self._wanted
        self._forget_all_but(wanted)
        self._begin(wanted)
        while not self._answers.empty():
            self._note(*self._answers.get())
        for group in list(self._groups):
            self._report(group, wanted)
        return self._next(wanted)

    @property
    def is_busy(self) -> bool:
        """Whether a wanted page that is due was not requested yet, or an answer is outstanding."""
        known = self._requests
        return bool(self._groups) or any(
            url not in known for url, page in self._wanted.items() if page.due <= self._clock.now()
        )

    def _forget_all_but(self, wanted: Mapping[str, PageRequest]) -> None:
        self._requests = {url: known for url, known in self._requests.items() if url in wanted or known.is_open}
        if not self._latest.keys() <= wanted.keys():
            self._latest = {url: answer for url, answer in self._latest.items() if url in wanted}

    def _begin(self, wanted: Mapping[str, PageRequest]) -> None:
        now, free = self._clock.monotonic(), self._free()
        ready = [page for page in wanted.values() if not self._stopping() and self._ready_at(page) <= now]
        # Pages with the fewest requests come first, so that pages that stay offline do not delay new ones.
        ready.sort(key=lambda page: (self._requests.get(page.url, _PageRequests()).times, page.due))
        group = _RequestGroup(begun=now)
        for page in ready[:free]:
            known = self._requests.setdefault(page.url, _PageRequests())
            known.times, known.is_open = known.times + 1, True
            group.open.add(page.url)
        for url in tuple(group.open):
            if self.in_threads:
                Thread(target=self._ask, args=(group, url), name="page", daemon=True).start()
            else:
                self._ask(group, url)
        self._groups += [group] if group.open else []

    def _free(self) -> int:
        """How many more requests may begin now."""
        if not self.in_threads:
            return len(self._wanted)
        return max(0, MAX_OPEN_REQUESTS - sum(known.is_open for known in self._requests.values()))

    def _ready_at(self, page: PageRequest) -> float:
        """When the page may be requested, in monotonic seconds; infinite if it need not be."""
        answer, known = self._latest.get(page.url), self._requests.get(page.url)
        is_over = answer is not None and (answer.online or answer.at >= page.until)
        if is_over or (known is not None and known.is_open):
            return float("inf")
        # The clock may have been set back since the plan was made.
        early = max(0.0, (page.due - self._clock.now()).total_seconds())
        not_before = max(known.again_at, self._silent_until) if known is not None else 0.0
        return max(not_before, self._clock.monotonic() + early if early else 0.0)

    def _ask(self, group: _RequestGroup, url: str) -> None:
        at, passing = self._clock.now(), False
        answer = PageAnswer(at=at, online=True)
        try:
            self.ask(url)
        except FetchError as error:
            answer, passing = replace(answer, online=False, kind=error.kind, why=error.message), error.passing
        except Exception as error:  # noqa: BLE001 — an error with one page must not stop the requests for the others
            name = type(error).__name__
            answer = replace(answer, online=False, kind=name, why=f"{url} cannot be asked for ({name}).")
        self._answers.put((group, url, answer, passing))
        self._on_answer()

    def _note(self, group: _RequestGroup, url: str, answer: PageAnswer, passing: bool) -> None:
        now = self._clock.monotonic()
        group.open.discard(url)
        group.answers[url] = answer
        page, known = self._wanted.get(url), self._requests.setdefault(url, _PageRequests())
        left = RETRY_INTERVAL if page is None else page.until - self._clock.now()
        # The last request is made at the deadline.
        pause = left if timedelta() < left < RETRY_INTERVAL else RETRY_INTERVAL
        known.is_open, known.again_at = False, now + pause.total_seconds()
        if passing:
            self._silent_until = now + PAUSE_AFTER_NO_ANSWER.total_seconds()

    def _report(self, group: _RequestGroup, wanted: Mapping[str, PageRequest]) -> None:
        if group.open and self._clock.monotonic() - group.begun < ANSWER_GROUPING.total_seconds():
            return
        # The post's datetime may have moved to a later time since the request.
        answers = {u: answer for u, answer in group.answers.items() if u in wanted and answer.at >= wanted[u].due}
        group.answers = {}
        if not group.open:
            self._groups.remove(group)
        news = any(self._is_news(self._latest.get(url), answer, wanted[url]) for url, answer in answers.items())
        self._latest = {**self._latest, **answers}
        if news:
            self._on_news()

    @staticmethod
    def _is_news(before: PageAnswer | None, answer: PageAnswer, page: PageRequest) -> bool:
        return before is None or answer.online or answer.kind != before.kind or answer.at >= page.until

    def _next(self, wanted: Mapping[str, PageRequest]) -> timedelta | None:
        now = self._clock.monotonic()
        moments = [self._ready_at(page) for page in wanted.values()] if self._free() else []
        moments += [group.begun + ANSWER_GROUPING.total_seconds() for group in self._groups if group.answers]
        soonest = min(moments, default=float("inf"))
        return None if soonest == float("inf") else timedelta(seconds=max(0.01, soonest - now))
