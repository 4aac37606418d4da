"""What Mastodon.py cannot say, put into its requests just before they leave.

- It writes the booleans of a JSON body as "0" and "1" (2.3.3: internals.py `__generate_params`); servers that read JSON
  strictly, such as GoToSocial, refuse those.
- `status_update` has no `language` and no `content_type`: an edit would leave the language as it was, and GoToSocial
  would read the text as Markdown where that is the account's default.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlencode

import requests
from requests.adapters import BaseAdapter

_BOOLEANS: Final = {"0": False, "1": True}
_FLAGS: Final = ("sensitive",)


class RequestFinisher:
    """Finishes each request of a session, between Mastodon.py and the adapter that carries it."""

    def __init__(self, session: requests.Session) -> None:
        """Put itself before all adapters that the session has now."""
        self._added: Mapping[str, str] = {}
        for prefix, adapter in list(session.adapters.items()):
            session.mount(prefix, _FinishingAdapter(self, adapter))

    @contextmanager
    def adding(self, fields: Mapping[str, str]) -> Iterator[None]:
        """Add these fields to the PUT requests that are made within the context."""
        self._added = fields
        try:
            yield
        finally:
            self._added = {}

    def finish(self, request: requests.PreparedRequest) -> None:
        """Correct and complete the request's body."""
        added = self._added if request.method == "PUT" else {}
        body = request.body or ""
        text = body.decode("utf-8") if isinstance(body, bytes) and not _is_multipart(request) else body
        if not isinstance(text, str):
            return
        if _is_json(request):
            values = json.loads(text)
            values |= {name: _BOOLEANS[values[name]] for name in _FLAGS if values.get(name) in _BOOLEANS}
            _set_body(request, json.dumps(values | dict(added)))
        elif added:
            _set_body(request, "&".join(filter(None, [text, urlencode(added)])))


class _FinishingAdapter(BaseAdapter):
    """Finishes each request, and passes it to the adapter that sends it."""

    def __init__(self, finisher: RequestFinisher, inner: BaseAdapter) -> None:
        super().__init__()
        self._finisher = finisher
        self._inner = inner

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        self._finisher.finish(request)
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
