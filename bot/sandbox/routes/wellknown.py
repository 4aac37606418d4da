"""What kind of server this is: nodeinfo, and the metadata of its OAuth.

Sources: RFC 8414 and app/presenters/oauth_metadata_presenter.rb of mastodon/mastodon (from 4.3);
nodeinfo.diaspora.software.
"""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, jsonify
from werkzeug.exceptions import NotFound

from bot.sandbox.context import base_url, sandbox
from bot.sandbox.scopes import SCOPES

routes: Final = Blueprint("wellknown", __name__)


@routes.get("/.well-known/oauth-authorization-server")
def oauth_metadata() -> Response:
    """Where to agree to a client and to get tokens. Raises NotFound on servers that do not tell."""
    if not sandbox().personality.oauth_metadata:
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


@routes.get("/.well-known/nodeinfo")
def nodeinfo_links() -> Response:
    schema = "http://nodeinfo.diaspora.software/ns/schema/2.0"
    return jsonify({"links": [{"rel": schema, "href": f"{base_url()}/nodeinfo/2.0"}]})


@routes.get("/nodeinfo/2.0")
def nodeinfo() -> Response:
    store = sandbox().store
    name, version = sandbox().personality.software
    return jsonify(
        {
            "version": "2.0",
            "software": {"name": name, "version": version},
            "protocols": ["activitypub"],
            "services": {"outbound": [], "inbound": []},
            "usage": {
                "users": {"total": len(store.accounts()), "activeMonth": len(store.accounts())},
                "localPosts": len(store.statuses()),
            },
            "openRegistrations": False,
            "metadata": {},
        }
    )
