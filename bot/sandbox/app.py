"""The sandbox as a Flask application: what happens around each request, and which routes there are."""

from __future__ import annotations

import ipaddress
from datetime import UTC, tzinfo
from typing import Final

from flask import Flask, Response, g, jsonify, request
from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Response as WerkzeugResponse

from bot.config import is_loopback
from bot.sandbox.answers import Refusal, too_many_requests
from bot.sandbox.authority import Authority
from bot.sandbox.bearer import name_behind
from bot.sandbox.context import Sandbox, bearer, sandbox
from bot.sandbox.faults import Faults
from bot.sandbox.german import in_german
from bot.sandbox.mishaps import INSTEAD, MishapLayer
from bot.sandbox.personality import MASTODON, Personality
from bot.sandbox.rates import Asked, RateCounter, Standing, rate_headers
from bot.sandbox.repeats import KeyMemory
from bot.sandbox.requestlog import RequestLog
from bot.sandbox.routes import (
    accounts,
    apps,
    control,
    instance,
    media,
    oauth,
    page,
    polls,
    statuses,
    timelines,
    wellknown,
)
from bot.sandbox.store import Store
from bot.sandbox.switches import TextsSetting
from bot.sandbox.traits import Repeat

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
    """The application around a store, whose ids must be those of the personality (`Store(ids=personality.ids)`).

    `notice` is a line at the top of the timeline page, whose times are shown in `timezone`; with `limited=False`
    nothing is counted against rate limits.
    """
    assert store.ids is personality.ids, "the store spells its ids otherwise"
    app = Flask(__name__)
    # Mastodon names its fields in this order, and people read them.
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.config["MAX_CONTENT_LENGTH"] = personality.limits.picture_bytes + _ROOM_FOR_A_FORM
    log = RequestLog()
    parts = Sandbox(
        store=store,
        faults=faults,
        personality=personality,
        counter=RateCounter(limited=limited),
        log=log,
        authority=Authority(store),
        keys=KeyMemory(),
        notice=notice,
        timezone=timezone,
    )
    with app.app_context():
        parts.install()
    app.before_request(_refuse_strangers)
    app.before_request(_count_request)
    app.before_request(_answer_repeat)
    app.before_request(_fail_as_told)
    app.after_request(_remember_answer)
    app.after_request(_tell_limits_and_time)
    app.register_error_handler(Refusal, _answer_refusal)
    for part in (instance, wellknown, oauth, apps, accounts, statuses, polls, media, timelines, control, page):
        app.register_blueprint(part.routes)
    app.wsgi_app = MishapLayer(  # type: ignore[method-assign]
        app.wsgi_app, faults=faults, log=log, clock=store.clock, name_behind=lambda token: name_behind(token, store)
    )
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
    here = sandbox()
    if not here.counter.limited or not request.path.startswith("/api/"):
        return
    found = bearer()
    account = found.account if found else None
    asked = Asked(
        method=request.method,
        path=request.path,
        paged=any(name in request.args for name in _PAGING),
        account=account.id if account else None,
        address=request.remote_addr or "",
        token=found.digest if found and account else "",
    )
    now = here.store.clock.now()
    who = [(rate, rate.counts_for(asked)) for rate in here.personality.rates.requests]
    g.standings = [here.counter.count(rate, one, now) for rate, one in who if one is not None]
    if any(standing.exceeded for standing in g.standings):
        raise too_many_requests(here.personality.rates.text)


def _answer_repeat() -> Response | None:
    here = sandbox()
    key = _key()
    if not key:
        return None
    found = bearer()
    account = found.account.id if found and found.account else ""
    posts = request.method == "POST" and request.path == "/api/v1/statuses"
    return here.keys.before(_repeat(), key, account=account, posts=posts, now=here.store.clock.now())


def _fail_as_told() -> Response | None:
    answer: WerkzeugResponse | None = request.environ.get(INSTEAD)
    return None if answer is None else Response(answer.get_data(), answer.status, mimetype=answer.mimetype)


def _remember_answer(response: Response) -> Response:
    key = _key()
    if key:
        sandbox().keys.after(_repeat(), key, response, now=sandbox().store.clock.now())
    return response


def _key() -> str:
    changes = request.method in ("POST", "PUT", "PATCH") and request.path.startswith("/api/")
    return request.headers.get("Idempotency-Key", "").strip() if changes else ""


def _repeat() -> Repeat:
    return sandbox().faults.repeat or sandbox().personality.repeat


def _tell_limits_and_time(response: Response) -> Response:
    here = sandbox()
    rates = here.personality.rates
    standings: list[Standing] = g.get("standings", [])
    found = bearer()
    account = found.account if found else None
    on_statuses = request.method in ("POST", "PUT") and request.path.startswith("/api/v1/statuses")
    if standings and account and on_statuses and rates.statuses:
        standings.append(here.counter.look(rates.statuses, account.id, here.store.clock.now()))
    if rates.headers:
        response.headers.update(rate_headers(standings))
    response.date = here.store.clock.now()
    return response


def _answer_refusal(refusal: Refusal) -> tuple[Response, int]:
    german = any(setting.texts == "de" for setting in sandbox().faults.settings(TextsSetting))
    text = in_german(refusal.text) if german else refusal.text
    return jsonify({"error": text, **refusal.more}), refusal.status
