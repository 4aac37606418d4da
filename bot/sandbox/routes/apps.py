"""Clients: registering one, and asking which one a token belongs to."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, Response, jsonify

from bot.sandbox.answers import failed
from bot.sandbox.authority import OUT_OF_BAND
from bot.sandbox.context import params, sandbox, token
from bot.sandbox.records import App
from bot.sandbox.scopes import DEFAULT_SCOPES, EVERYTHING, SCOPES

routes: Final = Blueprint("apps", __name__)

_LONGEST_NAME: Final = 60  # app/lib/application_extension.rb
_INVENTED: Final = App(
    id="1",
    client_id="",
    secret_digest="",
    name="announce",
    website=None,
    scopes=EVERYTHING,
    redirect_uris=(OUT_OF_BAND,),
)


@routes.post("/api/v1/apps")
def register() -> Response:
    """A new client, with its id and its secret. Raises Refusal (422)."""
    asked = params()
    name = (asked.text("client_name") or "").strip()
    uris = tuple(uri for text in asked.list("redirect_uris") for uri in text.split())
    scopes = tuple((asked.text("scopes") or " ".join(DEFAULT_SCOPES)).split())
    faults = _faults(name, uris, scopes)
    if faults:
        raise failed(*faults)
    app, secret = sandbox().authority.register(
        name, website=asked.text("website") or None, scopes=scopes, redirect_uris=uris
    )
    credentials = {"client_id": app.client_id, "client_secret": secret, "client_secret_expires_at": 0}
    return jsonify(application_entity(app) | credentials)


@routes.get("/api/v1/apps/verify_credentials")
def verify() -> Response:
    """The client of the token; an invented token counts as one of "announce"."""
    found = token()
    app = sandbox().store.app(found.client_id) if found.client_id else None
    return jsonify(application_entity(app or _INVENTED))


def application_entity(app: App) -> dict[str, Any]:
    """An Application (app/serializers/rest/application_serializer.rb, from 4.3)."""
    return {
        "id": app.id,
        "name": app.name,
        "website": app.website,
        "scopes": list(app.scopes),
        "redirect_uri": "\n".join(app.redirect_uris),
        "redirect_uris": list(app.redirect_uris),
        "vapid_key": "",
    }


def _faults(name: str, uris: tuple[str, ...], scopes: tuple[str, ...]) -> list[str]:
    faults = []
    if not name:
        faults.append("Application name can't be blank")
    if len(name) > _LONGEST_NAME:
        faults.append(f"Application name is too long (maximum is {_LONGEST_NAME} characters)")
    if not uris:
        faults.append("Redirect URI can't be blank")
    if not all(uri == OUT_OF_BAND or _is_absolute(uri) for uri in uris):
        faults.append("Redirect URI must be an absolute URI.")
    if not set(scopes) <= set(SCOPES):
        faults.append("Scopes doesn't match configured on the server.")
    return faults


def _is_absolute(uri: str) -> bool:
    scheme, colon, rest = uri.partition(":")
    # What a browser would run instead of going there.
    return bool(colon and rest) and scheme.isascii() and scheme.lower() not in ("javascript", "data", "vbscript")
