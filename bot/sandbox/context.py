"""What the routes share: the parts of this sandbox, and who is asking."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from flask import current_app, request
from werkzeug.datastructures import MultiDict

from bot.sandbox.answers import token_invalid
from bot.sandbox.bearer import bearer_token
from bot.sandbox.faults import Faults
from bot.sandbox.params import Params
from bot.sandbox.personality import Personality
from bot.sandbox.rates import RateCounter
from bot.sandbox.records import Account
from bot.sandbox.requestlog import RequestLog
from bot.sandbox.serialise import View
from bot.sandbox.store import Store

_NAME = "announce-sandbox"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sandbox:
    """The parts that one sandbox is made of."""

    store: Store
    faults: Faults
    personality: Personality
    counter: RateCounter
    log: RequestLog
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


def viewer() -> Account | None:
    """Who is asking; None for an anonymous request."""
    token = bearer_token(request)
    return sandbox().store.account_for_token(token) if token else None


def author() -> Account:
    """Who is asking. Raises Refusal (401) for an anonymous request."""
    account = viewer()
    if account is None:
        raise token_invalid()
    return account


def base_url() -> str:
    """The address by which the sandbox was called, without a slash at its end."""
    return request.host_url.rstrip("/")


def view() -> View:
    """How the one who is asking sees things."""
    here = sandbox()
    return View(store=here.store, personality=here.personality, base=base_url(), viewer=viewer())


def params() -> Params:
    """What the request says in its address, form or JSON body. Raises Refusal (400) for JSON that is none."""
    if request.mimetype == "application/json":
        return Params.from_json(request.get_data(), request.args)
    return Params(MultiDict([*request.args.items(multi=True), *request.form.items(multi=True)]))
