"""The sandbox as a Flask application: what happens around each request, and which routes there are."""

from __future__ import annotations

import ipaddress
from typing import Final

from flask import Flask, Response, g, jsonify, request
from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Response as WerkzeugResponse

from bot.config import is_loopback
from bot.sandbox import fault_injection
from bot.sandbox.context import NO_HOOKS, PLAIN_PAGE, Hooks, Sandbox, TimelinePage, bearer, sandbox
from bot.sandbox.errors import ApiError, too_many_requests
from bot.sandbox.fault_injection import INSTEAD, FaultInjection
from bot.sandbox.faults import Faults
from bot.sandbox.idempotency import IdempotencyKeys
from bot.sandbox.oauth import Authority
from bot.sandbox.profiles import MASTODON, ServerProfile
from bot.sandbox.rates import RateCounter, RateUsage, RequestFacts, rate_headers
from bot.sandbox.routes import accounts, instance, media, oauth, page, statuses
from bot.sandbox.store import Store

_PAGING: Final = ("page", "min_id", "max_id", "since_id")
_ROOM_FOR_A_FORM: Final = 1024 * 1024  #: bytes, besides the picture


def make_app(
    store: Store,
    *,
    faults: Faults,
    profile: ServerProfile = MASTODON,
    timeline: TimelinePage = PLAIN_PAGE,
    hooks: Hooks = NO_HOOKS,
) -> Flask:
    """The application around a store, whose ids must be those of the profile (`Store(ids=profile.ids)`)."""
    assert store.ids is profile.ids, "the store spells its ids differently"
    app = Flask(__name__)
    # Keep Mastodon's order of the fields: people read them.
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.config["MAX_CONTENT_LENGTH"] = profile.limits.picture_bytes + _ROOM_FOR_A_FORM
    parts = Sandbox(
        store=store,
        faults=faults,
        profile=profile,
        counter=RateCounter(),
        authority=Authority(store),
        keys=IdempotencyKeys(),
        hooks=hooks,
        timeline=timeline,
    )
    with app.app_context():
        parts.install()
    app.before_request(_refuse_other_machines)
    app.before_request(_count_request)
    app.before_request(_answer_repeat)
    app.before_request(_fail_if_struck)
    app.after_request(_store_answer)
    app.after_request(_add_limits_and_time)
    app.register_error_handler(ApiError, _answer_error)
    for part in (instance, oauth, accounts, statuses, media, fault_injection, page):
        app.register_blueprint(part.routes)
    app.wsgi_app = FaultInjection(app.wsgi_app, faults=faults, clock=store.clock)  # type: ignore[method-assign]
    return app


def _refuse_other_machines() -> None:
    # Everything here may be under embargo, and anyone may switch faults. The host's name is checked because any web
    # page could let its own name point to this machine, and so reach what the browser would keep from it.
    address = request.remote_addr or ""
    try:
        is_near = ipaddress.ip_address(address).is_loopback
    except ValueError:
        is_near = False
    if not is_near or not is_loopback(request.host_url):
        raise Forbidden("The sandbox answers only on loopback, as localhost or 127.0.0.1.")


def _count_request() -> None:
    here = sandbox()
    if not request.path.startswith("/api/"):
        return
    found = bearer()
    account = found.account if found else None
    facts = RequestFacts(
        method=request.method,
        path=request.path,
        paged=any(name in request.args for name in _PAGING),
        account=account.id if account else None,
        address=request.remote_addr or "",
        token=found.digest if found and account else "",
    )
    now = here.store.clock.now()
    counted = [(rate, rate.counts_for(facts)) for rate in here.profile.rates.requests]
    g.usages = [here.counter.count(rate, key, now) for rate, key in counted if key is not None]
    if any(usage.exceeded for usage in g.usages):
        raise too_many_requests(here.profile.rates.text)


def _answer_repeat() -> Response | None:
    here = sandbox()
    key = _key()
    if not key:
        return None
    found = bearer()
    account = found.account.id if found and found.account else ""
    posts = request.method == "POST" and request.path == "/api/v1/statuses"
    return here.keys.before(here.repeat_policy, key, account=account, posts=posts, now=here.store.clock.now())


def _fail_if_struck() -> Response | None:
    answer: WerkzeugResponse | None = request.environ.get(INSTEAD)
    return None if answer is None else Response(answer.get_data(), answer.status, mimetype=answer.mimetype)


def _store_answer(response: Response) -> Response:
    key = _key()
    if key:
        sandbox().keys.after(sandbox().repeat_policy, key, response, now=sandbox().store.clock.now())
    return response


def _key() -> str:
    changes = request.method in ("POST", "PUT", "PATCH") and request.path.startswith("/api/")
    return request.headers.get("Idempotency-Key", "").strip() if changes else ""


def _add_limits_and_time(response: Response) -> Response:
    here = sandbox()
    rates = here.profile.rates
    usages: list[RateUsage] = g.get("usages", [])
    found = bearer()
    account = found.account if found else None
    on_statuses = request.method in ("POST", "PUT") and request.path.startswith("/api/v1/statuses")
    if usages and account and on_statuses and rates.statuses:
        usages.append(here.counter.usage(rates.statuses, account.id, here.store.clock.now()))
    if rates.headers:
        response.headers.update(rate_headers(usages))
    response.date = here.store.clock.now()
    return response


def _answer_error(error: ApiError) -> tuple[Response, int]:
    return jsonify({"error": sandbox().hooks.error_text(error.text), **error.more}), error.status
