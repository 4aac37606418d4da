"""What kind of server this is: `/api/v1/instance`, `/api/v2/instance` and nodeinfo (nodeinfo.diaspora.software)."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify

from bot.domain import Limits
from bot.sandbox.context import base_url, sandbox

routes: Final = Blueprint("instance", __name__)

_TITLE: Final = "Sandbox"
_DESCRIPTION: Final = "A server for rehearsals. What is posted here stays on this machine."


@routes.get("/api/v2/instance", strict_slashes=False)
def instance_v2() -> Response:
    profile = sandbox().profile
    base = base_url()
    return _answer(
        {
            "domain": urlsplit(base).netloc,
            "title": _TITLE,
            "version": profile.version,
            "source_url": profile.source_url,
            "description": _DESCRIPTION,
            "usage": {"users": {"active_month": len(sandbox().store.accounts())}},
            "thumbnail": {"url": f"{base}/headers/sandbox.svg", "blurhash": None, "versions": {}},
            "icon": [],
            "languages": ["en"],
            "configuration": {
                "urls": {"streaming": "", "status": None, "about": base, "privacy_policy": None},
                "vapid": {"public_key": ""},
                "accounts": {"max_featured_tags": 10, "max_pinned_statuses": 5},
                **_limits(profile.limits),
                "translation": {"enabled": False},
                "timelines_access": {
                    "live_feeds": {"local": "public", "remote": "public"},
                    "hashtag_feeds": {"local": "public", "remote": "public"},
                    "trending_link_feeds": {"local": "public", "remote": "public"},
                },
            },
            "registrations": {
                "enabled": False,
                "approval_required": False,
                "reason_required": False,
                "message": None,
                "min_age": None,
                "url": None,
            },
            "api_versions": {"mastodon": profile.api_version},
            "contact": {"email": "", "account": None},
            "rules": [],
        }
    )


@routes.get("/api/v1/instance", strict_slashes=False)
def instance_v1() -> Response:
    profile = sandbox().profile
    base = base_url()
    store = sandbox().store
    return _answer(
        {
            "uri": urlsplit(base).netloc,
            "title": _TITLE,
            "short_description": _DESCRIPTION,
            "description": _DESCRIPTION,
            "email": "",
            "version": profile.version,
            "urls": {"streaming_api": ""},
            "stats": {
                "user_count": len(store.accounts()),
                "status_count": len(store.statuses()),
                "domain_count": 0,
            },
            "thumbnail": f"{base}/headers/sandbox.svg",
            "languages": ["en"],
            "registrations": False,
            "approval_required": False,
            "invites_enabled": False,
            "configuration": {
                "accounts": {"max_featured_tags": 10},
                **_limits(profile.limits),
            },
            "contact_account": None,
            "rules": [],
        }
    )


def _answer(entity: dict[str, Any]) -> Response:
    return jsonify(sandbox().profile.adapt("instance", entity))


def _limits(limits: Limits) -> dict[str, Any]:
    return {
        "statuses": {
            "max_characters": limits.characters,
            "max_media_attachments": limits.pictures,
            "characters_reserved_per_url": limits.characters_per_url,
        },
        "media_attachments": {
            "description_limit": limits.description,
            "supported_mime_types": list(limits.picture_types),
            "image_size_limit": limits.picture_bytes,
            "image_matrix_limit": limits.picture_pixels,
            "video_size_limit": 103_809_024,
            "video_frame_rate_limit": 120,
            "video_matrix_limit": 8_294_400,
        },
        "polls": {
            "max_options": limits.poll_options,
            "max_characters_per_option": limits.poll_option,
            "min_expiration": int(limits.poll_shortest.total_seconds()),
            "max_expiration": int(limits.poll_longest.total_seconds()),
        },
    }


@routes.get("/.well-known/nodeinfo")
def nodeinfo_links() -> Response:
    schema = "http://nodeinfo.diaspora.software/ns/schema/2.0"
    return jsonify({"links": [{"rel": schema, "href": f"{base_url()}/nodeinfo/2.0"}]})


@routes.get("/nodeinfo/2.0")
def nodeinfo() -> Response:
    store = sandbox().store
    name, version = sandbox().profile.software
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
