"""Carries faults out: WSGI middleware between the web server and the API, and the route that switches faults.

The middleware stands outside Flask because closing a connection without an answer means never answering: the exception
that it raises is the one by which werkzeug's server recognises a connection that has gone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from flask import Blueprint, request
from flask import Response as FlaskResponse
from pydantic import ValidationError
from werkzeug.wrappers import Request, Response

from bot.sandbox.context import sandbox
from bot.sandbox.errors import ApiError
from bot.sandbox.faults import Fault, Faults
from bot.sandbox.rates import format_reset

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from bot.domain.clock import Clock

routes: Final = Blueprint("faults", __name__)

#: In a request's environment: the answer that the application sends instead of its own.
INSTEAD: Final = "announce.instead"
#: In a request's environment: the fault that struck the request.
STRUCK_BY: Final = "announce.fault"
_RESET_IN: Final = timedelta(minutes=5)


@routes.get("/sandbox/faults")
def faults() -> FlaskResponse:
    return FlaskResponse(sandbox().faults.to_json(), mimetype="application/json")


@routes.put("/sandbox/faults")
def switch_faults() -> FlaskResponse:
    """Replace everything that is switched on by the JSON list in the body."""
    try:
        sandbox().faults.switch_json(request.get_data())
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise ApiError(400, "; ".join(problems)) from None
    return faults()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Struck:
    """A request that a fault strikes."""

    url: str
    fault: Fault
    faults: Faults
    clock: Clock


class FaultInjection:
    """Wraps the application; requests that do not begin with /api/ pass untouched."""

    def __init__(self, app: WSGIApplication, *, faults: Faults, clock: Clock) -> None:
        self._app = app
        self._faults = faults
        self._clock = clock

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        if not request.path.startswith("/api/"):
            return self._app(environ, start_response)
        fault = self._faults.take(request.method, request.path)
        environ[STRUCK_BY] = fault
        response = self._response(request, fault)
        response.date = self._clock.now()
        return response(environ, start_response)

    def _response(self, request: Request, fault: Fault | None) -> Response:
        if fault is None:
            return Response.from_app(self._app, request.environ, buffered=True)
        if fault.carries_out:
            Response.from_app(self._app, request.environ, buffered=True)
        struck = _Struck(url=request.url, fault=fault, faults=self._faults, clock=self._clock)
        answer = _ANSWERS[fault.kind](struck)
        if fault.carries_out or fault.kind not in _FROM_THE_APPLICATION:
            return answer
        return self._failing(request, answer)

    def _failing(self, request: Request, answer: Response) -> Response:
        """The application fails, and treats the Idempotency-Key as it does then: Pleroma repeats the failure later."""
        environ = {**request.environ, INSTEAD: answer}
        given = Response.from_app(self._app, environ, buffered=True)
        return answer if given.get_data() == answer.get_data() else given


def _drop(_: _Struck) -> Response:
    raise ConnectionAbortedError("closed on purpose")


def _hang(struck: _Struck) -> Response:
    struck.faults.hang(struck.fault.seconds)
    return _drop(struck)


def _html(status: int, title: str) -> Callable[[_Struck], Response]:
    page = f"<html><head><title>{status} {title}</title></head><body><h1>{status} {title}</h1></body></html>"
    return lambda _: Response(page, status=status, mimetype="text/html")


def _error(status: int, text: str) -> Callable[[_Struck], Response]:
    return lambda _: Response(json.dumps({"error": text}), status=status, mimetype="application/json")


def _limited_with_reset(struck: _Struck) -> Response:
    response = _error(429, "Too many requests")(struck)
    response.headers["X-RateLimit-Limit"] = "300"
    response.headers["X-RateLimit-Remaining"] = "0"
    response.headers["X-RateLimit-Reset"] = format_reset(struck.clock.now() + _RESET_IN)
    return response


#: Answers of the server itself; the others come from a proxy in front of it.
_FROM_THE_APPLICATION: Final = ("error-500", "503", "429-with-reset", "429-without-reset", "forbidden-403")
_ANSWERS: Final[dict[str, Callable[[_Struck], Response]]] = {
    "drop": _drop,
    "hang": _hang,
    "504": _html(504, "Gateway Time-out"),
    "error-500": _html(500, "We're sorry, but something went wrong on our end."),
    "html-502": _html(502, "Bad Gateway"),
    "503": _error(503, "There was a temporary problem serving your request, please try again"),
    "429-with-reset": _limited_with_reset,
    "429-without-reset": _error(429, "Too many requests"),
    "empty-200": lambda _: Response(b"", status=200),
    "redirect-301": lambda struck: Response(b"", status=301, headers={"Location": struck.url}),
    "unauthorized-401": _error(401, "The access token is invalid"),
    "forbidden-403": _error(403, "This action is outside the authorized scopes"),
}
