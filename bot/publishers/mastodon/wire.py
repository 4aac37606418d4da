"""What Mastodon.py cannot say, put into its requests just before they leave.

- It writes the booleans of a JSON body as "0" and "1" (2.3.3: internals.py `__generate_params`); servers that read JSON
  strictly, such as GoToSocial, refuse those.
- `status_update` has no `language` and no `content_type`: an edit would leave the language as it was, and GoToSocial
  would read the text as Markdown where that is the account's default.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from html import unescape
from typing import Any, Final
from urllib.parse import urlencode

import requests
from requests.adapters import BaseAdapter

from bot.domain import SeenStatus

_ADDRESS: Final = re.compile(r"https?://[^\s<>\"]+")
_HREF: Final = re.compile(r"""href=(?:"([^"]*)"|'([^']*)')""")
_TAG: Final = re.compile(r"<[^>]*>")
_LINKED: Final = re.compile(r"<a\b.*?</a>", re.DOTALL)
#: What may belong to the sentence around an address.
_AFTER: Final = ".,;:!?)]}'’”»…"


def seen(status: Any) -> SeenStatus:
    """One of the account's statuses, with the addresses in it but without its text."""
    content = text(status, "content")
    links = {unescape(a or b) for a, b in _HREF.findall(content)}
    # Not every address becomes a link: http://localhost and endings that the server does not know do not.
    lines = _LINKED.sub(" ", content).replace("</p>", "\n").replace("<br", "\n<br")
    for address in _ADDRESS.findall(unescape(_TAG.sub("", lines))):
        end = len(address.rstrip(_AFTER))
        links |= {address[:length] for length in range(end, len(address) + 1)}
    return SeenStatus(
        status_id=text(status, "id"),
        url=text(status, "url"),
        created_at=aware(field(status, "created_at")),
        links=frozenset(links),
        content_warning=text(status, "spoiler_text"),
        in_reply_to=text(status, "in_reply_to_id") or None,
    )


#: @user, or @user@domain; a full stop after either is the sentence's (mastodon: account.rb, MENTION_RE).
_MENTION: Final = re.compile(r"(@\w+(?:[.-]+\w+)*)(?:@\w+(?:[.-]+\w+)*(?::\d+)?)?")


def comparable(text: str) -> str:
    """A text in a form that makes what was sent and what the server keeps of it equal.

    A server strips the ends, and writes @User@its.own.domain as @user (mastodon: process_mentions_service.rb).
    """
    plain = "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").strip().split("\n"))
    return _MENTION.sub(lambda mention: mention[1].lower(), plain)


def is_status(record: Any) -> bool:
    """Whether this is a status at all."""
    return bool(text(record, "id")) and isinstance(field(record, "created_at"), datetime)


def field(record: Any, name: str) -> Any:
    """A field of a record; None if it is no record."""
    return record.get(name) if isinstance(record, dict) else None


def text(record: Any, name: str) -> str:
    """A field as plain text; empty if there is none."""
    # Ids are a str subclass with an odd repr in Mastodon.py; what is kept is plain text.
    value = field(record, name)
    return "" if value is None else str(value)


def aware(moment: Any) -> datetime:
    """A time of a record, in UTC."""
    assert isinstance(moment, datetime)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


_BOOLEANS: Final = {"0": False, "1": True}
_FLAGS: Final = ("sensitive",)


class Finishing:
    """Finishes each request of a session, between Mastodon.py and the adapter that carries it."""

    def __init__(self, session: requests.Session) -> None:
        """Put itself before all adapters that the session has now."""
        self._besides: Mapping[str, str] = {}
        for prefix, adapter in list(session.adapters.items()):
            session.mount(prefix, _Finished(self, adapter))

    @contextmanager
    def besides(self, fields: Mapping[str, str]) -> Iterator[None]:
        """While this lasts, PUT requests carry these fields too."""
        self._besides = fields
        try:
            yield
        finally:
            self._besides = {}

    def finish(self, request: requests.PreparedRequest) -> None:
        """Change the request's body where something is missing in it, or wrong."""
        besides = self._besides if request.method == "PUT" else {}
        body = request.body or ""
        text = body.decode("utf-8") if isinstance(body, bytes) and not _is_multipart(request) else body
        if not isinstance(text, str):
            return
        if _is_json(request):
            values = json.loads(text)
            values |= {name: _BOOLEANS[values[name]] for name in _FLAGS if values.get(name) in _BOOLEANS}
            _set_body(request, json.dumps(values | dict(besides)))
        elif besides:
            _set_body(request, "&".join(filter(None, [text, urlencode(besides)])))


class _Finished(BaseAdapter):
    """An adapter that finishes what it is given, and gives it to another one."""

    def __init__(self, finishing: Finishing, inner: BaseAdapter) -> None:
        super().__init__()
        self._finishing = finishing
        self._inner = inner

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        self._finishing.finish(request)
        return self._inner.send(request, *args, **options)

    def close(self) -> None:
        self._inner.close()


def _is_json(request: requests.PreparedRequest) -> bool:
    return str(request.headers.get("Content-Type", "")).startswith("application/json")


def _is_multipart(request: requests.PreparedRequest) -> bool:
    return str(request.headers.get("Content-Type", "")).startswith("multipart/")


def _set_body(request: requests.PreparedRequest, body: str) -> None:
    request.body = body.encode("utf-8")
    request.prepare_content_length(request.body)
