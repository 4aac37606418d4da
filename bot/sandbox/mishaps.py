"""Carries the faults out: a layer between the web server and the API, which also notes every request.

It stands outside Flask because closing a connection without an answer means never answering: the exception that
it raises is one by which werkzeug's server knows that the connection has gone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from werkzeug.wrappers import Request, Response

from bot.sandbox.bearer import bearer_token
from bot.sandbox.faults import Fault, Faults
from bot.sandbox.rates import format_reset
from bot.sandbox.requestlog import RequestLog, SeenRequest

#: In a request's environment: the answer that the application gives in the place of its own.
INSTEAD: Final = "announce.instead"

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from bot.domain.clock import Clock

_RESET_IN: Final = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """Where a mishap takes place."""

    url: str
    fault: Fault
    faults: Faults
    clock: Clock


class MishapLayer:
    """Wraps the application; requests that do not begin with /api/ pass untouched."""

    def __init__(
        self,
        app: WSGIApplication,
        *,
        faults: Faults,
        log: RequestLog,
        clock: Clock,
        name_behind: Callable[[str], str | None],
    ) -> None:
        self._app = app
        self._faults = faults
        self._log = log
        self._clock = clock
        self._name_behind = name_behind

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        if not request.path.startswith("/api/"):
            return self._app(environ, start_response)
        fault = self._faults.take(request.method, request.path)
        number = self._log.arrived(self._seen(request, fault))
        response = self._response(request, fault)
        response.date = self._clock.now()
        self._log.answered(number, response.status_code)
        return response(environ, start_response)

    def _response(self, request: Request, fault: Fault | None) -> Response:
        if fault is None:
            return Response.from_app(self._app, request.environ, buffered=True)
        if fault.carries_out:
            Response.from_app(self._app, request.environ, buffered=True)
        scene = Scene(url=request.url, fault=fault, faults=self._faults, clock=self._clock)
        answer = _MISHAPS[fault.mishap](scene)
        return answer if fault.carries_out or fault.mishap not in _ITS_OWN else self._fails(request, answer)

    def _fails(self, request: Request, answer: Response) -> Response:
        """The application fails, and makes of the Idempotency-Key what it does: Pleroma repeats the failure later."""
        environ = {**request.environ, INSTEAD: answer}
        given = Response.from_app(self._app, environ, buffered=True)
        return answer if given.get_data() == answer.get_data() else given

    def _seen(self, request: Request, fault: Fault | None) -> SeenRequest:
        token = bearer_token(request)
        return SeenRequest(
            method=request.method,
            path=request.path,
            query=request.query_string.decode(errors="replace"),
            at=self._clock.now(),
            account=self._name_behind(token) if token else None,
            idempotency_key=request.headers.get("Idempotency-Key"),
            fault=fault.do if fault else None,
        )


def _drop(_: Scene) -> Response:
    raise ConnectionAbortedError("closed on purpose")


def _hang(scene: Scene) -> Response:
    scene.faults.hang(scene.fault.seconds)
    return _drop(scene)


def _html(status: int, title: str) -> Callable[[Scene], Response]:
    page = f"<html><head><title>{status} {title}</title></head><body><h1>{status} {title}</h1></body></html>"
    return lambda _: Response(page, status=status, mimetype="text/html")


def _error(status: int, text: str) -> Callable[[Scene], Response]:
    return lambda _: Response(json.dumps({"error": text}), status=status, mimetype="application/json")


def _limited_with_reset(scene: Scene) -> Response:
    response = _error(429, "Too many requests")(scene)
    response.headers["X-RateLimit-Limit"] = "300"
    response.headers["X-RateLimit-Remaining"] = "0"
    response.headers["X-RateLimit-Reset"] = format_reset(scene.clock.now() + _RESET_IN)
    return response


#: Answers of the server itself; the others come from something in front of it.
_ITS_OWN: Final = ("error-500", "503", "429-with-reset", "429-without-reset", "forbidden-403")
_MISHAPS: Final[dict[str, Callable[[Scene], Response]]] = {
    "drop": _drop,
    "hang": _hang,
    "504": _html(504, "Gateway Time-out"),
    "error-500": _html(500, "We're sorry, but something went wrong on our end."),
    "html-502": _html(502, "Bad Gateway"),
    "503": _error(503, "There was a temporary problem serving your request, please try again"),
    "429-with-reset": _limited_with_reset,
    "429-without-reset": _error(429, "Too many requests"),
    "empty-200": lambda _: Response(b"", status=200),
    "redirect-301": lambda scene: Response(b"", status=301, headers={"Location": scene.url}),
    "unauthorized-401": _error(401, "The access token is invalid"),
    "forbidden-403": _error(403, "This action is outside the authorized scopes"),
}
