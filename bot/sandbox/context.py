"""What the routes share: the parts of the sandbox, the caller's account, and the parameters of the request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from typing import Final

from flask import current_app, g, request
from werkzeug.datastructures import MultiDict

from bot.sandbox.errors import no_user, out_of_scope, token_invalid, token_revoked
from bot.sandbox.faults import Faults, RevokedSetting, ScopesSetting
from bot.sandbox.idempotency import IdempotencyKeys
from bot.sandbox.oauth import Authority, Bearer, allows, bearer_token, identify
from bot.sandbox.params import Params
from bot.sandbox.profiles import RepeatPolicy, ServerProfile
from bot.sandbox.rates import RateCounter
from bot.sandbox.records import Account, Status
from bot.sandbox.store import Store
from bot.sandbox.view import View

_NAME = "announce-sandbox"


@dataclass(frozen=True, kw_only=True, slots=True)
class Hooks:
    """What the owner of a sandbox may add to its behaviour. `announce sandbox` adds nothing; the tests do."""

    #: The text of a new or edited status as the server stores it.
    rewrite_text: Callable[[str, Account, Params], str] = lambda text, _account, _params: text
    #: Whether a new status is kept after it was answered.
    keeps: Callable[[Status, View], bool] = lambda _status, _view: True
    #: The text of an error as the caller reads it.
    error_text: Callable[[str], str] = lambda text: text


NO_HOOKS: Final = Hooks()


@dataclass(frozen=True, kw_only=True, slots=True)
class TimelinePage:
    """How the timeline page is shown."""

    notice: str = ""  #: a line at its top
    timezone: tzinfo = UTC  #: of its times


PLAIN_PAGE: Final = TimelinePage()


@dataclass(frozen=True, kw_only=True, slots=True)
class Sandbox:
    """The parts of one sandbox."""

    store: Store
    faults: Faults
    profile: ServerProfile
    counter: RateCounter
    authority: Authority
    keys: IdempotencyKeys
    hooks: Hooks
    timeline: TimelinePage

    @property
    def repeat_policy(self) -> RepeatPolicy:
        """How a repeated Idempotency-Key is answered: as a fault demands, else as the profile says."""
        return self.faults.repeat or self.profile.repeat

    def install(self) -> None:
        """Make this the sandbox of the current application."""
        current_app.extensions[_NAME] = self


def sandbox() -> Sandbox:
    """The sandbox that the current request came to."""
    found = current_app.extensions[_NAME]
    assert isinstance(found, Sandbox)
    return found


def bearer() -> Bearer | None:
    """The token of the request; None for an anonymous one. Nothing is checked; see `viewer` and `author`."""
    if "bearer" not in g:
        token = bearer_token(request)
        g.bearer = _with_settings(identify(token, sandbox().store)) if token else None
    found: Bearer | None = g.bearer
    return found


def viewer(scope: str = "") -> Account | None:
    """The caller's account; None for an anonymous request, which is allowed too.

    Raises ApiError (401) for a revoked token and (403) for one without the scope, although a request without a token
    needs none (`authorize_if_got_token!` of app/controllers/api/base_controller.rb).
    """
    found = bearer()
    if found is None:
        return None
    _check(found, scope)
    return found.account


def author(*scopes: str) -> Account:
    """The caller's account; its token has one of the scopes.

    Raises ApiError: 401 for an anonymous request, 403 without the scope, 422 for a client's own token.
    """
    found = token(*scopes)
    if found.account is None:
        raise no_user()
    return found.account


def token(*scopes: str) -> Bearer:
    """The valid token of the request, with one of the scopes. Raises ApiError (401, 403)."""
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


def _with_settings(found: Bearer) -> Bearer:
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
    """What the caller sees. Whether the token permits it is checked by the routes before."""
    here = sandbox()
    found = bearer()
    account = None if found is None or found.revoked else found.account
    return View(store=here.store, profile=here.profile, base=base_url(), viewer=account)


def params() -> Params:
    """The parameters in the request's address, form or JSON body. Raises ApiError (400) for malformed JSON."""
    if request.mimetype == "application/json":
        return Params.from_json(request.get_data(), request.args, strict=sandbox().profile.strict_json)
    return Params(MultiDict([*request.args.items(multi=True), *request.form.items(multi=True)]))
