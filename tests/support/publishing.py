"""Helpers for tests of publishers: a publisher on loopback, announcements, pictures, and doctored answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import requests
from PIL import Image
from requests.adapters import HTTPAdapter

from bot.config import Account
from bot.domain import Announcement, Picture, Visibility
from bot.domain.clock import Clock, SystemClock
from bot.http.client import WebClient
from bot.publishers.mastodon.publisher import MastodonPublisher
from bot.publishers.network import AccountAccess

TOKEN = "loopback-conf"
#: Never reached where the server answers, not even on a busy machine.
TIMEOUT = timedelta(seconds=10)


def access_to(
    server: str,
    *,
    name: str = "conf",
    acct: str | None = None,
    token: str = TOKEN,
    timeout: timedelta = TIMEOUT,
    clock: Clock | None = None,
) -> AccountAccess:
    # Not validated: some tests name servers that the settings would refuse.
    account = Account.model_construct(server=server, acct=acct)
    return AccountAccess(
        account=account,
        address=f"{name}@{urlsplit(server).netloc}",
        token=token,
        timeout=timeout,
        clock=clock or SystemClock(),
    )


@contextmanager
def on_loopback(
    server: str,
    *,
    acct: str | None = None,
    token: str = TOKEN,
    timeout: timedelta = TIMEOUT,
    clock: Clock | None = None,
    session: requests.Session | None = None,
    sleep: Callable[[float], None] = lambda _: None,
    web: WebClient | None = None,
) -> Iterator[MastodonPublisher]:
    """A MastodonPublisher that is closed at the end and that never really sleeps."""
    access = access_to(server, acct=acct, token=token, timeout=timeout, clock=clock)
    publisher = MastodonPublisher(access, session=session, sleep=sleep, web=web)
    try:
        yield publisher
    finally:
        publisher.close()


def announcement(
    text: str = "The schedule is out. https://conf.example.org/news/schedule/",
    *,
    link: str | None = "https://conf.example.org/news/schedule/",
    content_warning: str | None = None,
    visibility: Visibility = Visibility.PUBLIC,
    language: str | None = "en",
) -> Announcement:
    return Announcement(
        text=text,
        link=link,
        content_warning=content_warning,
        visibility=visibility,
        language=language,
        length=len(text),
        limit=500,
    )


def picture(folder: Path, *, name: str = "cover.png", alt: str = "A stage with two chairs") -> Picture:
    """A real, small PNG."""
    path = folder / name
    Image.new("RGB", (8, 6), "teal").save(path, "PNG")
    return Picture(url=f"https://conf.example.org/{name}", path=path, alt=alt, media_type="image/png")


def pictured(folder: Path, *alts: str, content_warning: str | None = None) -> Announcement:
    """An announcement with pictures that have these alt texts."""
    pictures = tuple(picture(folder, name=f"{number}.png", alt=alt) for number, alt in enumerate(alts))
    return replace(announcement("With pictures.", link=None, content_warning=content_warning), pictures=pictures)


# httpx would read the machine's certificates on each call; on loopback there are none to check.
_CALL: dict[str, Any] = {"trust_env": False, "verify": False}


def public_statuses(server: str) -> list[dict[str, Any]]:
    """Return the statuses that are public on the server, read over HTTP."""
    answer = httpx.get(f"{server}/api/v1/timelines/public", params={"limit": 40}, **_CALL)
    answer.raise_for_status()
    statuses: list[dict[str, Any]] = answer.json()
    return statuses


def status_shown(server: str, status_id: str) -> dict[str, Any]:
    """A status as its author sees it, over HTTP."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = httpx.get(f"{server}/api/v1/statuses/{status_id}", headers=headers, **_CALL)
    answer.raise_for_status()
    status: dict[str, Any] = answer.json()
    return status


def requests_seen(server: str, *, method: str = "*", path: str = "*") -> list[str]:
    """The API requests that really arrived, as "GET /api/...", without those of these tests."""
    seen = httpx.get(f"{server}/sandbox/requests", **_CALL).json()
    return [
        f"{request['method']} {request['path']}"
        for request in seen
        if fnmatchcase(request["method"], method)
        and fnmatchcase(request["path"], path)
        and request["path"] != "/api/v1/timelines/public"
    ]


def forget_requests(server: str) -> None:
    httpx.delete(f"{server}/sandbox/requests", **_CALL).raise_for_status()


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer in the place of the server's."""

    status: int = 200
    body: object = b""  #: bytes as they are, anything else as JSON
    headers: Mapping[str, str] = field(default_factory=dict)

    def to(self, request: requests.PreparedRequest) -> requests.Response:
        response = requests.Response()
        response.status_code = self.status
        response.reason = "Because"
        response.url = request.url or ""
        response.request = request
        is_bytes = isinstance(self.body, bytes)
        response.headers["Content-Type"] = "text/html" if is_bytes else "application/json"
        response.headers.update(self.headers)
        response._content = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        return response


Doctor = Callable[[requests.PreparedRequest], "Answer | None"]


class DoctoredAdapter(HTTPAdapter):
    """Notes every request; answers where `doctor` has an answer (or raises), else asks the real server."""

    def __init__(self, doctor: Doctor) -> None:
        super().__init__()
        self.sent: list[requests.PreparedRequest] = []
        self._doctor = doctor

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        self.sent.append(request)
        answer = self._doctor(request)
        return super().send(request, *args, **options) if answer is None else answer.to(request)

    def lines(self, what: str = "*") -> list[str]:
        """The requests as "GET /api/...", with their queries."""
        lines = [f"{request.method} {request.path_url}" for request in self.sent]
        return [line for line in lines if fnmatchcase(line, what)]


def doctored(doctor: Doctor = lambda _: None) -> tuple[requests.Session, DoctoredAdapter]:
    """A session whose answers the doctor sees first."""
    session, adapter = requests.Session(), DoctoredAdapter(doctor)
    session.trust_env = False
    session.mount("http://", adapter)
    return session, adapter


def answering(**answers: Answer | list[Answer]) -> Doctor:
    """Return a doctor that matches the end of the path: `answering(statuses=...)` for "…/statuses".

    A list is used up answer by answer; then the real server is asked again.
    """

    def doctor(request: requests.PreparedRequest) -> Answer | None:
        answer = answers.get((request.path_url or "").partition("?")[0].rstrip("/").rpartition("/")[2])
        if isinstance(answer, list):
            return answer.pop(0) if answer else None
        return answer

    return doctor


def form(request: requests.PreparedRequest) -> dict[str, list[str]]:
    """The fields of a request's form."""
    body = request.body
    assert isinstance(body, str)
    return parse_qs(body, keep_blank_values=True, strict_parsing=True)
