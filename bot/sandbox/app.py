"""The sandbox as a Flask application: what happens around each request, and which routes there are."""

from __future__ import annotations

import ipaddress
from datetime import UTC, tzinfo
from typing import Final

from flask import Flask, Response, g, jsonify, request
from werkzeug.exceptions import Forbidden

from bot.config import is_loopback
from bot.sandbox.answers import Refusal, too_many_requests
from bot.sandbox.context import Sandbox, sandbox, viewer
from bot.sandbox.faults import Faults
from bot.sandbox.images import MAX_BYTES
from bot.sandbox.mishaps import MishapLayer
from bot.sandbox.personality import MASTODON, Personality
from bot.sandbox.rates import REQUEST_RATES, STATUS_RATE, Asked, RateCounter, Standing, rate_headers
from bot.sandbox.requestlog import RequestLog
from bot.sandbox.routes import accounts, control, instance, media, page, statuses, timelines
from bot.sandbox.store import Store

_PAGING: Final = ("page", "min_id", "max_id", "since_id")
_ROOM_FOR_A_FORM: Final = 1024 * 1024


def make_app(
    store: Store,
    *,
    faults: Faults,
    notice: str = "",
    personality: Personality = MASTODON,
    limited: bool = True,
    timezone: tzinfo = UTC,
) -> Flask:
    """The application around a store.

    `notice` is a line at the top of the timeline page, whose times are shown in `timezone`; with `limited=False`
    nothing is counted against rate limits.
    """
    app = Flask(__name__)
    # Mastodon names its fields in this order, and people read them.
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.config["MAX_CONTENT_LENGTH"] = MAX_BYTES + _ROOM_FOR_A_FORM
    log = RequestLog()
    parts = Sandbox(
        store=store,
        faults=faults,
        personality=personality,
        counter=RateCounter(limited=limited),
        log=log,
        notice=notice,
        timezone=timezone,
    )
    with app.app_context():
        parts.install()
    app.before_request(_refuse_strangers)
    app.before_request(_count_request)
    app.after_request(_tell_limits_and_time)
    app.register_error_handler(Refusal, _answer_refusal)
    for part in (instance, accounts, statuses, media, timelines, control, page):
        app.register_blueprint(part.routes)
    app.wsgi_app = MishapLayer(app.wsgi_app, faults=faults, log=log, clock=store.clock)  # type: ignore[method-assign]
    return app


def _refuse_strangers() -> None:
    # Everything here may be under embargo, and the controls are open. The name of the host is looked at because a
    # web page anywhere could let its own name point to this machine and so reach what the browser would keep from it.
    address = request.remote_addr or ""
    try:
        near = ipaddress.ip_address(address).is_loopback
    except ValueError:
        near = False
    if not near or not is_loopback(request.host_url):
        raise Forbidden("The sandbox answers only on loopback, as localhost or 127.0.0.1.")


def _count_request() -> None:
    counter = sandbox().counter
    if not counter.limited or not request.path.startswith("/api/"):
        return
    account = viewer()
    asked = Asked(
        method=request.method,
        path=request.path,
        paged=any(name in request.args for name in _PAGING),
        account=account.id if account else None,
        address=request.remote_addr or "",
    )
    now = sandbox().store.clock.now()
    who = [(rate, rate.counts_for(asked)) for rate in REQUEST_RATES]
    g.standings = [counter.count(rate, one, now) for rate, one in who if one is not None]
    if any(standing.exceeded for standing in g.standings):
        raise too_many_requests()


def _tell_limits_and_time(response: Response) -> Response:
    standings: list[Standing] = g.get("standings", [])
    account = viewer()
    if standings and account and request.method in ("POST", "PUT") and request.path.startswith("/api/v1/statuses"):
        standings.append(sandbox().counter.look(STATUS_RATE, account.id, sandbox().store.clock.now()))
    response.headers.update(rate_headers(standings))
    response.date = sandbox().store.clock.now()
    return response


def _answer_refusal(refusal: Refusal) -> tuple[Response, int]:
    return jsonify({"error": refusal.text}), refusal.status
