"""The Mastodon-compatible server that tests talk to: the sandbox, and what only tests need of a server.

It logs the requests that arrived (`/sandbox/requests`), can do without rate limits, and has settings besides the
documented ones: `{"texts": "de"}`, `{"spam": "free tickets"}`, `{"markdown": "main"}`.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import count
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Literal

from flask import Blueprint, Flask, Response, jsonify
from pydantic import TypeAdapter, with_config
from werkzeug.wrappers import Request

from bot.domain.clock import Clock
from bot.sandbox.app import make_app
from bot.sandbox.context import PLAIN_PAGE, Hooks, TimelinePage
from bot.sandbox.fault_injection import STRUCK_BY
from bot.sandbox.faults import STRICT, Fault, Faults, Setting
from bot.sandbox.ids import username_for
from bot.sandbox.oauth import bearer_token, token_digest
from bot.sandbox.params import Params
from bot.sandbox.profiles import MASTODON, RepeatPolicy, ServerProfile
from bot.sandbox.rates import NO_RATES, format_reset
from bot.sandbox.records import Account, Status
from bot.sandbox.server import SandboxServer
from bot.sandbox.store import Store
from bot.sandbox.view import View

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_LOGGED: Final = 20_000  #: requests; older ones are forgotten


class FakeMastodon(SandboxServer):
    """A running server for tests: `with FakeMastodon() as server: ... server.url`; see `SandboxServer`.

    With `limited=False` it has no rate limits, for tests that send many requests.
    """

    def __init__(
        self,
        *,
        limited: bool = True,
        clock: Clock | None = None,
        state: Path | None = None,
        profile: ServerProfile = MASTODON,
        timeline: TimelinePage = PLAIN_PAGE,
    ) -> None:
        faults = make_faults()
        super().__init__(
            clock=clock,
            state=state,
            profile=profile if limited else replace(profile, rates=NO_RATES),
            timeline=timeline,
            faults=faults,
            hooks=hooks_of(faults),
        )
        log_requests(self.app, self.store)


def make_fake_app(store: Store, *, repeat: RepeatPolicy | None = None) -> Flask:
    """The application alone, for tests that call it without a socket. It has no rate limits."""
    faults = make_faults(repeat=repeat)
    app = make_app(store, faults=faults, hooks=hooks_of(faults), profile=replace(MASTODON, rates=NO_RATES))
    log_requests(app, store)
    return app


# -- settings of tests


@with_config(STRICT)
@dataclass(frozen=True, kw_only=True, slots=True)
class TextsSetting:
    """The language of error texts, regardless of Accept-Language: a client must not rely on their words."""

    texts: Literal["en", "de"]


@with_config(STRICT)
@dataclass(frozen=True, kw_only=True, slots=True)
class SpamSetting:
    """Posts with these words that mention or answer others are answered as usual, and never kept.

    Source: mastodon/mastodon app/lib/antispam.rb.
    """

    spam: str


@with_config(STRICT)
@dataclass(frozen=True, kw_only=True, slots=True)
class MarkdownSetting:
    """Statuses of this account (or "*": of every account) are Markdown, unless the request says text/plain.

    An account's own default on GoToSocial (internal/processing/status/create.go).
    """

    markdown: str


_TestSetting = TextsSetting | SpamSetting | MarkdownSetting
_KNOWN: Final[TypeAdapter[list[Any]]] = TypeAdapter(list[Fault | Setting | _TestSetting])
_EMPHASIS: Final = re.compile(r"(?<!\w)(\*\*|__|\*|_)(?=\S)(.+?)(?<=\S)\1(?!\w)")


def make_faults(*, repeat: RepeatPolicy | None = None) -> Faults:
    """Faults that also know the settings of tests."""
    return Faults(repeat=repeat, known=_KNOWN)


def hooks_of(faults: Faults) -> Hooks:
    """Return the hooks that apply the settings of tests."""

    def rewrite_text(text: str, account: Account, params: Params) -> str:
        is_default = any(one.markdown in ("*", account.username) for one in faults.settings(MarkdownSetting))
        is_plain = not is_default or params.text("content_type") == "text/plain"
        return text if is_plain else _EMPHASIS.sub(r"\2", text)

    def keeps(status: Status, view: View) -> bool:
        if not any(setting.spam in status.draft.text for setting in faults.settings(SpamSetting)):
            return True
        mentioned = {account.id for account in view.mentions(status.draft.text)}
        return not {*mentioned, status.target.in_reply_to_account_id} - {status.account_id, None}

    def error_text(text: str) -> str:
        return in_german(text) if any(one.texts == "de" for one in faults.settings(TextsSetting)) else text

    return Hooks(rewrite_text=rewrite_text, keeps=keeps, error_text=error_text)


_FAILED: Final = "Validation failed: "
_GERMAN: Final = {
    "The access token is invalid": "Das Zugriffstoken ist ungültig",
    "The access token was revoked": "Das Zugriffstoken wurde widerrufen",
    "This action is outside the authorized scopes": "Diese Aktion geht über die Berechtigungen hinaus",
    "This method requires an authenticated user": "Dafür muss ein Konto angemeldet sein",
    "Record not found": "Eintrag nicht gefunden",
    "Too many requests": "Zu viele Anfragen",
    "Text can't be blank": "Text darf nicht leer sein",
    "There was a temporary problem serving your request, please try again": "Vorübergehend gestört, bitte noch einmal",
    "Cannot attach files that have not finished processing. Try again in a moment!": (
        "Dateien, die noch verarbeitet werden, lassen sich nicht anhängen"
    ),
}
_GERMAN_PATTERNS: Final = (
    (re.compile(r"Text character limit of (\d+) exceeded"), r"Text ist länger als \1 Zeichen"),
    (re.compile(r"Cannot attach more than (\d+) files"), r"Mehr als \1 Dateien können nicht angehängt werden"),
    (
        re.compile(r"Media (.+) not found or already attached to another post"),
        r"Medien \1 nicht gefunden oder schon an einen anderen Beitrag angehängt",
    ),
    (re.compile(r"Description is too long \(maximum is (\d+) characters\)"), r"Beschreibung ist länger als \1 Zeichen"),
)


def in_german(text: str) -> str:
    """An error text in German; unchanged if it is not translated (translations of real servers are partial too)."""
    if text.startswith(_FAILED):
        faults = text.removeprefix(_FAILED).split(", ")
        return "Gültigkeitsprüfung fehlgeschlagen: " + ", ".join(map(in_german, faults))
    for pattern, replacement in _GERMAN_PATTERNS:
        if pattern.fullmatch(text):
            return pattern.sub(replacement, text)
    return _GERMAN.get(text, text)


# -- the request log


@dataclass(frozen=True, kw_only=True, slots=True)
class SeenRequest:
    """A request that arrived. Tokens are never kept."""

    method: str
    path: str
    query: str
    at: datetime
    account: str | None  #: username
    idempotency_key: str | None
    fault: str | None = None  #: the fault that struck it
    status: int | None = None  #: None: not answered yet, or the connection was closed without an answer


class RequestLog:
    """The newest requests in the order of their arrival. Safe to use from several threads."""

    def __init__(self) -> None:
        self._seen: OrderedDict[int, SeenRequest] = OrderedDict()
        self._numbers = count()
        self._lock = Lock()

    def add(self, request: SeenRequest) -> int:
        """Record a request; return its number."""
        with self._lock:
            number = next(self._numbers)
            self._seen[number] = request
            if len(self._seen) > _LOGGED:
                self._seen.popitem(last=False)
            return number

    def update(self, number: int, *, fault: str | None, status: int | None) -> None:
        """Record the outcome of a request, unless the log has already dropped it."""
        with self._lock:
            if number in self._seen:
                self._seen[number] = replace(self._seen[number], fault=fault, status=status)

    def all(self) -> list[SeenRequest]:
        with self._lock:
            return list(self._seen.values())

    def clear(self) -> None:
        with self._lock:
            self._seen.clear()


class _Logging:
    """Middleware outside of the fault injection, so that the log shows what really arrived."""

    def __init__(self, app: WSGIApplication, *, log: RequestLog, store: Store) -> None:
        self._app = app
        self._log = log
        self._store = store

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        if not request.path.startswith("/api/"):
            return self._app(environ, start_response)
        number = self._log.add(self._seen(request))
        status: int | None = None

        def note_status(line: str, *rest: Any) -> Any:
            nonlocal status
            status = int(line.partition(" ")[0])
            self._log.update(number, fault=_fault_in(environ), status=status)
            return start_response(line, *rest)

        try:
            return self._app(environ, note_status)
        finally:
            self._log.update(number, fault=_fault_in(environ), status=status)

    def _seen(self, request: Request) -> SeenRequest:
        token = bearer_token(request)
        return SeenRequest(
            method=request.method,
            path=request.path,
            query=request.query_string.decode(errors="replace"),
            at=self._store.clock.now(),
            account=_username_of(token, self._store) if token else None,
            idempotency_key=request.headers.get("Idempotency-Key"),
        )


def _fault_in(environ: WSGIEnvironment) -> str | None:
    fault: Fault | None = environ.get(STRUCK_BY)
    return None if fault is None else fault.do


def _username_of(token: str, store: Store) -> str | None:
    """The username behind a token; None for a client's own. Unlike a request, it creates no account."""
    grant = store.grant(token_digest(token))
    if grant is None:
        return username_for(token)
    account = store.account(grant.account_id) if grant.account_id else None
    return account.username if account else None


def log_requests(app: Flask, store: Store) -> None:
    """Log the API's requests of an application, and serve the log at `/sandbox/requests`."""
    log = RequestLog()
    routes = Blueprint("request_log", __name__)

    @routes.get("/sandbox/requests")
    def requests() -> Response:
        return jsonify([{**asdict(seen), "at": format_reset(seen.at)} for seen in log.all()])

    @routes.delete("/sandbox/requests")
    def forget_requests() -> Response:
        log.clear()
        return jsonify([])

    app.register_blueprint(routes)
    app.wsgi_app = _Logging(app.wsgi_app, log=log, store=store)  # type: ignore[method-assign]
