"""What the routes share: the parts of this sandbox, and who is asking."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import tzinfo

from flask import current_app, g, request
from werkzeug.datastructures import MultiDict

from bot.sandbox.answers import no_user, out_of_scope, token_invalid, token_revoked
from bot.sandbox.authority import Authority
from bot.sandbox.bearer import Bearer, bearer_token, identify
from bot.sandbox.faults import Faults
from bot.sandbox.params import Params
from bot.sandbox.personality import Personality
from bot.sandbox.rates import RateCounter
from bot.sandbox.records import Account
from bot.sandbox.repeats import KeyMemory
from bot.sandbox.requestlog import RequestLog
from bot.sandbox.scopes import allows
from bot.sandbox.store import Store
from bot.sandbox.switches import RevokedSetting, ScopesSetting
from bot.sandbox.view import View

_NAME = "announce-sandbox"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sandbox:
    """The parts that one sandbox is made of."""

    store: Store
    faults: Faults
    personality: Personality
    counter: RateCounter
    log: RequestLog
    authority: Authority
    keys: KeyMemory
    notice: str  #: a line for the top of the timeline page
    timezone: tzinfo  #: in which the timeline page tells the time

    def install(self) -> None:
        """Make this the sandbox of the current application."""
        current_app.extensions[_NAME] = self


def sandbox() -> Sandbox:
    """The sandbox that the current request came to."""
    found = current_app.extensions[_NAME]
    assert isinstance(found, Sandbox)
    return found


def bearer() -> Bearer | None:
    """Whoever comes with a token; None for an anonymous request. Nothing is checked; see `viewer` and `author`."""
    if "bearer" not in g:
        token = bearer_token(request)
        g.bearer = _settled(identify(token, sandbox().store)) if token else None
    found: Bearer | None = g.bearer
    return found


def viewer(scope: str = "") -> Account | None:
    """Who is asking; None for an anonymous request, which is allowed as well.

    Raises Refusal (401) for a revoked token, and (403) for one that does not have the scope, though nobody needs it
    who comes without (`authorize_if_got_token!` of app/controllers/api/base_controller.rb).
    """
    found = bearer()
    if found is None:
        return None
    _check(found, scope)
    return found.account


def author(*scopes: str) -> Account:
    """Who is asking, with a token that has one of the scopes.

    Raises Refusal: 401 for an anonymous request, 403 without the scope, 422 for a token that is a client's own.
    """
    found = token(*scopes)
    if found.account is None:
        raise no_user()
    return found.account


def token(*scopes: str) -> Bearer:
    """The valid token of the request, with one of the scopes. Raises Refusal (401, 403)."""
    found = bearer()
    if found is None:
        raise token_invalid()
    _check(found, *scopes)
    return found


def _check(found: Bearer, *scopes: str) -> None:
    if found.revoked:
        raise token_revoked()
    needed = [scope for scope in scopes if scope]
    if needed and not any(allows(found.scopes, scope) for scope in needed):
        raise out_of_scope()


def _settled(found: Bearer) -> Bearer:
    name = found.account.username if found.account else ""
    faults = sandbox().faults
    if any(setting.revoked in ("*", name) for setting in faults.settings(RevokedSetting)):
        found = replace(found, revoked=True)
    for setting in faults.settings(ScopesSetting):
        if setting.account in ("*", name):
            found = replace(found, scopes=tuple(setting.scopes.split()))
    return found


def base_url() -> str:
    """The address by which the sandbox was called, without a slash at its end."""
    return request.host_url.rstrip("/")


def view() -> View:
    """How the one who is asking sees things. Whether the token may see them, the routes have checked before."""
    here = sandbox()
    found = bearer()
    who = None if found is None or found.revoked else found.account
    return View(store=here.store, personality=here.personality, base=base_url(), viewer=who)


def params() -> Params:
    """What the request says in its address, form or JSON body. Raises Refusal (400) for JSON that is none."""
    if request.mimetype == "application/json":
        return Params.from_json(request.get_data(), request.args, strict=sandbox().personality.strict_json)
    return Params(MultiDict([*request.args.items(multi=True), *request.form.items(multi=True)]))
