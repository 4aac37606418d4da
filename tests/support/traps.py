"""The stage of the traps: a bot for one account that delivers over HTTP to a sandbox, on a clock that is moved on.

One server of each kind serves many tests; each test has accounts, posts and words of its own there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from itertools import count
from pathlib import Path
from typing import Any, Final

import httpx
import requests
from PIL import Image
from requests.adapters import HTTPAdapter

from bot.delivery import DeliveryContext, DeliveryResult, deliver_pending
from bot.delivery.protocol import Timing
from bot.domain import (
    AccountState,
    Action,
    Announcement,
    CompareAndSet,
    Delivery,
    DeliveryKey,
    Event,
    Occasion,
    Picture,
    WriteBatch,
)
from bot.domain.clock import ManualClock
from bot.publishers.mastodon.publisher import MastodonPublisher
from bot.sandbox.profiles import PROFILES, ServerProfile
from tests.fakes.mastodon_server import FakeMastodon
from tests.support.publishing import Answer, access_to
from tests.support.scratch_ledger import ScratchLedger

NOW = datetime(2026, 3, 10, 14, 0, 1, tzinfo=UTC)
TIMING = Timing(
    lease=timedelta(seconds=60),
    settle=timedelta(seconds=120),
    send_within=timedelta(seconds=5),
    spacing=timedelta(minutes=2),
)
#: Never reached where the server answers, not even on a busy machine.
TIMEOUT = timedelta(seconds=10)
#: For a method whose requests hang.
SHORT = 0.3
#: Far more than any trap needs.
MOST_DRAINS = 150
_NUMBERS = count(1)
# httpx would read the machine's certificates for each client; on loopback there are none to check.
_PLAIN: Final[dict[str, Any]] = {"trust_env": False, "verify": False, "timeout": 20}

#: Sees an answer on its way back, and may change it.
Meddle = Callable[[requests.PreparedRequest, requests.Response], None]


class Line(HTTPAdapter):
    """The way to the server: notes requests, answers in the server's place, changes answers that come back."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[requests.PreparedRequest] = []
        self.instead: list[tuple[str, Answer]] = []  #: "POST /api/..." → an answer, each used once
        self.meddle: Meddle | None = None
        self.hurry = ""  #: the method of requests that hang; the bot does not wait for them

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        self.sent.append(request)
        for index, (which, answer) in enumerate(self.instead):
            if fnmatchcase(f"{request.method} {request.path_url}", which):
                del self.instead[index]
                return answer.to(request)
        if request.method == self.hurry:
            options["timeout"] = SHORT
        response = super().send(request, *args, **options)
        if self.meddle is not None and response.content is not None:  # read to its end, so that the connection is free
            self.meddle(request, response)
        return response

    def lines(self, method: str) -> list[str]:
        return [f"{one.method} {one.path_url}" for one in self.sent if one.method == method]


@dataclass
class Account:
    """An account, the bot that delivers for it, and what its followers see."""

    name: str
    server: FakeMastodon
    kind: ServerProfile
    clock: ManualClock
    ledger: ScratchLedger
    publisher: MastodonPublisher
    line: Line
    folder: Path
    http: httpx.Client
    another: Callable[[], Account]  #: makes a further account on the same server, at the same time
    said: list[Event] = field(default_factory=list)

    # -- what it is owed

    def words(self, text: str = "", **changes: Any) -> Announcement:
        """An announcement as this kind of server can have it; "{link}" in the text is the link."""
        link = f"https://conf.example.org/news/{self.name}-{next(_NUMBERS)}/"
        text = (text or "The schedule is out: {link}").replace("{link}", link)
        made = Announcement(text=text, link=link if link in text else None, language="en", length=len(text), limit=500)
        if self.kind.limits.picture_needed and "pictures" not in changes:
            changes["pictures"] = (self.picture(),)
        return replace(made, **changes)

    def picture(self, alt: str = "A stage with two chairs", *, colour: str = "teal") -> Picture:
        path = self.folder / f"{colour}.png"
        Image.new("RGB", (64, 48), colour).save(path, "PNG")
        return Picture(url=f"https://conf.example.org/{colour}.png", path=path, alt=alt, media_type="image/png")

    def owes(self, announcement: Announcement) -> DeliveryKey:
        """Add a toot that is due now."""
        key = DeliveryKey(f"https://conf.example.org/{next(_NUMBERS)}", self.publisher.address, Occasion.PUBLISH)
        return self._record(Delivery(key=key, slug=self.name, due=self.clock.now(), announcement=announcement))

    def owes_edit(self, toot: DeliveryKey, announcement: Announcement, *, number: int = 1) -> DeliveryKey:
        key = DeliveryKey(toot.post_id, toot.account, Occasion.edit(number))
        edit = Delivery(key=key, slug=self.name, due=self.clock.now(), action=Action.EDIT, announcement=announcement)
        return self._record(edit)

    def owes_deletion(self, toot: DeliveryKey) -> DeliveryKey:
        key = DeliveryKey(toot.post_id, toot.account, Occasion.WITHDRAW)
        said = self.row(toot).announcement
        return self._record(
            Delivery(key=key, slug=self.name, due=self.clock.now(), action=Action.DELETE, announcement=said)
        )

    def owes_part(self, toot: DeliveryKey, announcement: Announcement, *, part: int = 2) -> DeliveryKey:
        key = DeliveryKey(toot.post_id, toot.account, Occasion.PUBLISH.of_part(part))
        return self._record(
            Delivery(key=key, slug=self.name, due=self.clock.now(), action=Action.CONTINUE, announcement=announcement)
        )

    def _record(self, delivery: Delivery) -> DeliveryKey:
        self.ledger.record(WriteBatch(changes=(CompareAndSet(known=None, wanted=delivery),)), now=self.clock.now())
        return delivery.key

    def row(self, key: DeliveryKey) -> Delivery:
        row = self.ledger.snapshot().deliveries.get(key)
        assert row is not None
        return row

    # -- what happens

    def deliver_pending(self) -> DeliveryResult:
        return deliver_pending(
            DeliveryContext(
                ledger=self.ledger,
                publisher=self.publisher,
                clock=self.clock,
                timing=TIMING,
                owner="me",
                stopping=lambda: False,
                jitter=lambda: 0.0,
                emit=self.said.append,
            )
        )

    def deliver_to_the_end(self) -> timedelta:
        """Drain, let as much time pass as it says, and so on until nothing waits; returns how long that took."""
        began = self.clock.now()
        for _ in range(MOST_DRAINS):
            until = self.deliver_pending().wait_until
            if until is None:
                return self.clock.now() - began
            self.clock.advance(max(until - self.clock.now(), timedelta(milliseconds=1)))
        raise AssertionError(f"still waiting after {self.clock.now() - began}: {self.said[-3:]}")

    def goes_wrong(self, *faults: Mapping[str, Any]) -> None:
        """Switch these faults and settings on, and all others off; the bot does not wait for a hanging method."""
        hanging = [str(fault["on"]) for fault in faults if "hang" in str(fault.get("do"))]
        self.line.hurry = hanging[0].partition(" ")[0] if hanging else ""
        self.server.faults.switch_json(json.dumps(faults).encode())

    def mended(self) -> None:
        self.goes_wrong()

    def hand(self, **form: Any) -> httpx.Response:
        """Send a request from the account's owner with another client."""
        return self.call("POST", "/api/v1/statuses", data=form)

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer loopback-{self.name}"}
        return self.http.request(method, f"{self.server.url}{path}", headers=headers, **options)

    # -- what is there

    def toots(self) -> list[dict[str, Any]]:
        """What the account shows, oldest first, over HTTP; each with what its `source` says. Nothing goes wrong now."""
        self.mended()
        me = self.call("GET", "/api/v1/accounts/verify_credentials").raise_for_status().json()["id"]
        found: list[dict[str, Any]] = []
        query: dict[str, Any] = {"limit": 40}
        while page := self.call("GET", f"/api/v1/accounts/{me}/statuses", params=query).raise_for_status().json():
            found += page
            query["max_id"] = page[-1]["id"]
        for toot in found:
            source = self.call("GET", f"/api/v1/statuses/{toot['id']}/source").raise_for_status().json()
            toot |= {"text": source["text"], "warning": source["spoiler_text"]}
        return found[::-1]

    @property
    def posts(self) -> int:
        """How many requests to post a status have left."""
        return self.line.lines("POST").count("POST /api/v1/statuses")

    @property
    def happened(self) -> list[str]:
        return [event.kind.value for event in self.said]


@dataclass
class Stage:
    """Servers of each kind, on one clock for each."""

    folder: Path
    http: httpx.Client
    servers: dict[tuple[str, bool], tuple[FakeMastodon, ManualClock]] = field(default_factory=dict)
    stack: ExitStack = field(default_factory=ExitStack)

    def account(self, kind: str, *, limited: bool = False) -> Account:
        """A new account at the server of that kind; with `limited`, that server has its real rate limits."""
        if (kind, limited) not in self.servers:
            clock = ManualClock(NOW)
            server = FakeMastodon(profile=PROFILES[kind], limited=limited, clock=clock)
            self.servers[kind, limited] = (self.stack.enter_context(server), clock)
        # Past every window, and past what a server remembers of keys.
        self.servers[kind, limited][1].advance(timedelta(hours=7))
        return self._account(kind, limited=limited)

    def _account(self, kind: str, *, limited: bool) -> Account:
        server, clock = self.servers[kind, limited]
        name, session, line = f"trap{next(_NUMBERS)}", requests.Session(), Line()
        session.trust_env = False
        session.mount("http://", line)
        access = access_to(server.url, name=name, token=f"loopback-{name}", timeout=TIMEOUT, clock=clock)
        publisher = MastodonPublisher(access, session=session, sleep=lambda _: None)
        self.stack.callback(publisher.close)
        ledger = ScratchLedger(clock)
        new_accounts = (AccountState(address=publisher.address, joined_at=None),)
        ledger.record(WriteBatch(new_accounts=new_accounts), now=clock.now())
        made = Account(
            name=name,
            server=server,
            kind=PROFILES[kind],
            clock=clock,
            ledger=ledger,
            publisher=publisher,
            line=line,
            folder=self.folder,
            http=self.http,
            another=lambda: self._account(kind, limited=limited),
        )
        made.mended()
        return made


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    """The servers, until the end of the context."""
    with httpx.Client(**_PLAIN) as http:
        made = Stage(folder=folder, http=http)
        with made.stack:
            yield made


def words_of(toots: Sequence[Mapping[str, Any]]) -> list[str]:
    return [str(toot["text"]) for toot in toots]
