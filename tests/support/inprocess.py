"""A whole bot in one process, on a manual clock: it calls the sandbox without a network."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from werkzeug.test import Client

from bot.config import load_config
from bot.domain.clock import ManualClock
from bot.http.client import Fetched, Measured, PageBeginning, WebClient
from bot.integrations.pages import expect_page
from bot.publishers.mastodon.publisher import MastodonPublisher
from bot.publishers.network import AccountAccess
from bot.runtime.app import Bot, make_bot
from bot.runtime.context import CycleResult
from bot.sandbox.store import Store
from tests.fakes.mastodon_server import make_fake_app
from tests.support.project import SETTINGS

SERVER = "http://127.0.0.1:3000"
_NONCE = re.compile(rb'nonce="[^"]*"')
NEAR = {"REMOTE_ADDR": "127.0.0.1"}


class InProcess(BaseAdapter):
    """Passes requests to an application as if it listened at SERVER."""

    def __init__(self, client: Client) -> None:
        super().__init__()
        self._client = client

    def send(self, request: requests.PreparedRequest, *_args: Any, **_options: Any) -> requests.Response:
        answer = self._client.open(
            request.path_url,
            base_url=SERVER,
            method=request.method or "GET",
            headers=dict(request.headers),
            data=request.body,
            environ_overrides=NEAR,
        )
        response = requests.Response()
        response.status_code = answer.status_code
        response.reason = "As it is"
        response.url = request.url or ""
        response.request = request
        response.headers = CaseInsensitiveDict(answer.headers)
        response.encoding = "utf-8"
        response._content = answer.get_data()
        return response

    def close(self) -> None:
        """Nothing to let go of."""


class Outside(WebClient):
    """The site, its hubs and all pictures, without a network: it shows the public folder as it is, and every page."""

    def __init__(self, site: str, public: Path) -> None:
        super().__init__()
        self._site = site
        self._public = public
        self.pings: list[tuple[str, str]] = []
        self.measured: list[str] = []
        self.site_requests: list[str] = []

    def get_beginning(self, url: str, *, within: timedelta) -> PageBeginning:
        self.site_requests.append(url)
        return PageBeginning(path=url, media_type="text/html", beginning=b"")

    def post(self, url: str, *, headers: Mapping[str, str], content: bytes, within: timedelta) -> int:
        self.site_requests.append(url)
        return 204

    def get(self, url: str, *, largest: int, within: timedelta, past_caches: bool = False) -> Fetched:
        assert url.startswith(f"{self._site}/")
        data = (self._public / url.removeprefix(f"{self._site}/")).read_bytes()
        return Fetched(url=url, data=data, media_type="")

    def post_form(self, url: str, fields: Mapping[str, str], *, within: timedelta) -> None:
        self.pings.append((url, fields["hub.url"]))

    def measure(self, url: str, *, within: timedelta) -> Measured:
        self.measured.append(url)
        return Measured(url=url, media_type="image/png", size=len(url))


@dataclass(frozen=True)
class Seen:
    """Everything that is publicly visible, and the requests that other servers received."""

    public: Mapping[str, bytes]
    requests: list[dict[str, Any]]  #: those that the server has had, with their queries and keys
    page: bytes  #: the server's timeline page
    pings: list[tuple[str, str]]  #: hub and feed of each ping
    measured: list[str]  #: addresses of pictures that the bot requested from other hosts
    site_requests: list[str]  #: pages and hooks of the site that the bot requested


class World:
    """A project's folder, a bot in it, and the server that it publishes to."""

    def __init__(self, root: Path, *, now: datetime, settings: Callable[[str], str] = lambda text: text) -> None:
        self.root = root
        self.clock = ManualClock(now)
        (root / "config").mkdir(parents=True)
        (root / "posts").mkdir(exist_ok=True)
        (root / "config/bot.toml").write_text(settings(SETTINGS.format(server=SERVER)), encoding="utf-8")
        self.client = Client(make_fake_app(Store(clock=self.clock)))
        config = load_config(root / "config/bot.toml")
        session = requests.Session()
        session.trust_env = False
        session.mount("http://", InProcess(self.client))
        address = next(iter(config.account_addresses().values()))
        access = AccountAccess(
            account=config.accounts["main"],
            address=address,
            token="loopback-main",
            timeout=config.delivery.timeout,
            clock=self.clock,
        )
        publisher = MastodonPublisher(access, session=session, sleep=lambda _: None)
        self.bot: Bot = make_bot(config, environ={}, clock=self.clock, publishers={address: publisher})
        self._outside = Outside(config.site.url, config.public_folder)
        self.bot.pings.web = self._outside
        assert self.bot.remote_covers is not None
        self.bot.remote_covers.web = self._outside
        self.bot.site.deploy.web = self._outside
        self.bot.site.pages.ask = partial(expect_page, web=self._outside, require_card=False)
        self.bot.site.pages.in_threads = False

    def write_post(self, name: str, published: datetime, *, title: str = "News of the day", more: str = "") -> Path:
        path = self.root / "posts" / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        words = "This is the first paragraph, which is long enough to be an excerpt of the post."
        when = published.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S+00:00")
        path.write_text(f'---\ntitle: "{title}"\npublished_datetime: {when}\n{more}---\n\n{words} {title}.\n')
        return path

    def tick(self, now: datetime) -> CycleResult:
        """One pass and its deliveries, at that time."""
        self.clock.advance(now - self.clock.now())
        result, _ = self.bot.tick()
        return result

    def seen(self) -> Seen:
        folder = self.root / "public"
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return Seen(
            public={str(path.relative_to(folder)): path.read_bytes() for path in files},
            requests=json.loads(self._read("/sandbox/requests")),
            page=_NONCE.sub(b"", self._read("/")),
            pings=list(self._outside.pings),
            measured=list(self._outside.measured),
            site_requests=list(self._outside.site_requests),
        )

    def _read(self, path: str) -> bytes:
        return self.client.get(path, base_url=SERVER, environ_overrides=NEAR).get_data()

    def close(self) -> None:
        self.bot.close()
