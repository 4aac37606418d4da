"""OAuth 2: registering a client, authorizing it on a page, and exchanging codes for tokens.

Sources: config/initializers/doorkeeper.rb of mastodon/mastodon, its documentation methods/oauth; RFC 6749, RFC 7636,
RFC 8414 and app/presenters/oauth_metadata_presenter.rb (from 4.3).
"""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request
from werkzeug.exceptions import NotFound

from bot.sandbox.context import base_url, params, sandbox, token
from bot.sandbox.errors import failed
from bot.sandbox.ids import username_for
from bot.sandbox.oauth import ALL_SCOPES, DEFAULT_SCOPES, OUT_OF_BAND, SCOPES, Issued, OAuthError, within
from bot.sandbox.params import Params
from bot.sandbox.records import App

routes: Final = Blueprint("oauth", __name__)

_LONGEST_NAME: Final = 60  # app/lib/application_extension.rb
_INVENTED: Final = App(
    id="1",
    client_id="",
    secret_digest="",
    name="announce",
    website=None,
    scopes=ALL_SCOPES,
    redirect_uris=(OUT_OF_BAND,),
)


@routes.post("/api/v1/apps")
def register() -> Response:
    """A new client, with its id and its secret. Raises ApiError (422)."""
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
    # Addresses that a browser would run.
    return bool(colon and rest) and scheme.isascii() and scheme.lower() not in ("javascript", "data", "vbscript")


_FIELDS: Final = (
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
)


@routes.get("/.well-known/oauth-authorization-server")
def oauth_metadata() -> Response:
    """The addresses of the OAuth endpoints. Raises NotFound where the server does not publish them."""
    if not sandbox().profile.oauth_metadata:
        raise NotFound
    base = base_url()
    return jsonify(
        {
            "issuer": f"{base}/",
            "authorization_endpoint": f"{base}/oauth/authorize",
            "token_endpoint": f"{base}/oauth/token",
            "revocation_endpoint": f"{base}/oauth/revoke",
            "app_registration_endpoint": f"{base}/api/v1/apps",
            "scopes_supported": list(SCOPES),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query", "fragment", "form_post"],
            "grant_types_supported": ["authorization_code", "client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
        }
    )


class PageError(Exception):
    """An authorization request that cannot be answered to the client: the page shows the error to the person."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.words = words


@routes.get("/oauth/authorize")
def ask() -> Response:
    """The page on which a person authorizes a client. There are no passwords: the person names the account."""
    app, scopes = _request_of(params())
    fields = {name: params().text(name) or "" for name in _FIELDS}
    known = [account.username for account in sandbox().store.accounts()]
    return _page("authorize.html", app=app, scopes=scopes, fields=fields, known=known)


@routes.post("/oauth/authorize")
def agree() -> Response:
    """Issue a code: shown on a page (out of band), or taken to the client by the browser."""
    asked = params()
    app, scopes = _request_of(asked)
    redirect_uri, state = asked.text("redirect_uri") or "", asked.text("state")
    name = (asked.text("account") or "main").strip().lstrip("@")
    if asked.text("decision") == "deny":
        if redirect_uri == OUT_OF_BAND:
            raise PageError(403, "You have refused. The client gets no code.")
        return _send(redirect_uri, {"error": "access_denied", "error_description": "The owner refused."}, state)
    account = sandbox().store.account_for_token(f"loopback-{name}")
    code = sandbox().authority.allow(
        app, account, redirect_uri=redirect_uri, scopes=scopes, challenge=asked.text("code_challenge") or ""
    )
    if redirect_uri == OUT_OF_BAND:
        return _page("code.html", app=app, code=code, account=username_for(f"loopback-{name}"))
    return _send(redirect_uri, {"code": code}, state)


@routes.post("/oauth/token")
def issue_token() -> Response:
    """A token for a code, or one for the client alone. Raises OAuthError."""
    asked = params()
    app = _client(asked)
    authority = sandbox().authority
    match asked.text("grant_type"):
        case "authorization_code":
            issued = authority.exchange(
                app,
                asked.text("code") or "",
                redirect_uri=asked.text("redirect_uri") or "",
                verifier=asked.text("code_verifier") or "",
            )
        case "client_credentials":
            issued = authority.for_client(app, _scopes(asked, app))
        case _:
            raise OAuthError(400, "unsupported_grant_type", "The authorization grant type is not supported.")
    return _no_store(jsonify(token_entity(issued)))


@routes.post("/oauth/revoke")
def revoke() -> Response:
    sandbox().authority.revoke(_client(params()), params().text("token") or "")
    return jsonify({})


@routes.errorhandler(OAuthError)
def _oauth_error(error: OAuthError) -> tuple[Response, int]:
    return _no_store(jsonify({"error": error.name, "error_description": error.description})), error.status


@routes.errorhandler(PageError)
def _page_error(error: PageError) -> tuple[Response, int]:
    return _page("oauth_error.html", words=error.words), error.status


def token_entity(issued: Issued) -> dict[str, str | int]:
    """A Token (documentation entities/Token). It never expires, and there is no refresh."""
    return {
        "access_token": issued.token,
        "token_type": "Bearer",
        "scope": " ".join(issued.grant.scopes),
        "created_at": int(issued.grant.created_at.timestamp()),
    }


def _request_of(asked: Params) -> tuple[App, tuple[str, ...]]:
    app = sandbox().store.app(asked.text("client_id") or "")
    if app is None:
        raise PageError(401, "The client is not known here. Register it first (POST /api/v1/apps).")
    if asked.text("redirect_uri") not in app.redirect_uris:
        raise PageError(400, "The redirect URI is none of those that the client has registered.")
    if asked.text("response_type") != "code":
        raise PageError(400, 'The response type must be "code".')
    method = asked.text("code_challenge_method")
    if asked.text("code_challenge") and method != "S256":
        raise PageError(400, "The code challenge method must be S256.")
    try:
        return app, _scopes(asked, app)
    except OAuthError as error:
        raise PageError(error.status, error.description) from None


def _scopes(asked: Params, app: App) -> tuple[str, ...]:
    wanted = tuple((asked.text("scope") or "").split()) or DEFAULT_SCOPES
    if not within(wanted, app.scopes):
        raise OAuthError(400, "invalid_scope", "The requested scope is invalid, unknown, or malformed.")
    return wanted


def _client(asked: Params) -> App:
    client_id, secret = asked.text("client_id") or "", asked.text("client_secret") or ""
    kind, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            client_id, _, secret = base64.b64decode(encoded).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            client_id = ""
    return sandbox().authority.client(client_id, secret)


def _send(uri: str, answer: dict[str, str], state: str | None) -> Response:
    query = answer if state is None else {**answer, "state": state}
    joint = "&" if "?" in uri else "?"
    return _no_store(make_response(redirect(f"{uri}{joint}{urlencode(query)}", 302)))


def _page(template: str, **what: object) -> Response:
    response = make_response(render_template(template, **what))
    # No form-action: browsers apply it to where the answer sends them, too, which is the client's own address.
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
    )
    return _no_store(response)


def _no_store(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
