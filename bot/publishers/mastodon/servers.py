"""What a server says of itself in its instance record: its kind, its limits, and what it can do. Pure.

Sources: mastodon: app/serializers/rest/instance_serializer.rb (4.3 to 4.6); gotosocial: internal/api/model/
instancev2.go; pleroma and akkoma: lib/pleroma/web/mastodon_api/views/instance_view.ex; pixelfed: config/instance.php.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit

from bot.domain import Capabilities, Dialect, Limits
from bot.publishers.mastodon.answers import get_field, get_text

#: Purpose → the scopes that allow it, the narrowest first. `profile` exists from Mastodon 4.3 on.
NEEDS: Final = {
    "to ask whose token it is": ("profile", "read:accounts", "read"),
    "to see what is there already": ("read:statuses", "read"),
    "to toot, edit and delete": ("write:statuses", "write"),
    "to upload pictures": ("write:media", "write"),
}
_BROAD: Final = ("read", "write")
_SINCE_4_3: Final = "profile"


def least_scopes(supported: Collection[str], *, software: str) -> tuple[str, ...]:
    """The narrowest scopes of a server that the publisher can work with.

    `supported` are the scopes in the server's metadata (Mastodon 4.3 and later); empty if it lists none.
    """
    fine = any(":" in scope for scope in supported)
    if (supported and not fine) or (not supported and software.startswith("Pixelfed")):
        return _BROAD
    if not supported:
        return tuple(next(s for s in scopes if s != _SINCE_4_3) for scopes in NEEDS.values())
    chosen = (next((s for s in scopes if s in supported), scopes[-1]) for scopes in NEEDS.values())
    return tuple(dict.fromkeys(chosen))


def missing_scopes(granted: Collection[str]) -> tuple[str, ...]:
    """The scopes that a token with these scopes lacks, by the narrowest name that all servers know."""
    lacking = (scopes for scopes in NEEDS.values() if not any(scope in granted for scope in scopes))
    return tuple(next(s for s in scopes if s != _SINCE_4_3) for scopes in lacking)


def explain_missing(missing: Collection[str]) -> str:
    """The missing scopes in words: "write:media (to upload pictures)"."""
    return ", ".join(f"{scope} ({next(why for why, scopes in NEEDS.items() if scope in scopes)})" for scope in missing)


#: "2.7.2 (compatible; Pleroma 2.7.0)": other servers put their name after the version that they are compatible with.
_COMPATIBLE: Final = re.compile(r"\(compatible; *(?P<name>[A-Za-z]+) +(?P<version>[^ )]+)")
#: `api_versions.mastodon` of 4.5.0, which has `quote_approval_policy`, and of 4.6.0, which takes polls with pictures.
_QUOTES, _POLL_WITH_PICTURES = 7, 10
_OWN_LIMITS: Final = (
    # (where in `configuration`, its name, our name)
    ("statuses", "max_characters", "characters"),
    ("statuses", "characters_reserved_per_url", "characters_per_url"),
    ("statuses", "max_media_attachments", "pictures"),
    ("media_attachments", "description_limit", "description"),
    ("media_attachments", "image_size_limit", "picture_bytes"),
    ("media_attachments", "image_matrix_limit", "picture_pixels"),
    ("polls", "max_options", "poll_options"),
    ("polls", "max_characters_per_option", "poll_option"),
)


def domain_of(instance: Any, server: str) -> str:
    """The domain of the addresses of an instance's accounts."""
    # `domain` is the one in addresses, also where the server itself is elsewhere (Mastodon: LOCAL_DOMAIN and
    # WEB_DOMAIN); GoToSocial has `account_domain` for that. The first version of the record calls it `uri`.
    named = get_text(instance, "account_domain") or get_text(instance, "domain") or get_text(instance, "uri")
    return urlsplit(named).netloc or named or urlsplit(server).netloc


def software_of(instance: Any) -> str:
    """The server's kind and version, e.g. "Mastodon 4.5.3" or "Pleroma 2.7.0"; empty if it states no version."""
    version = get_text(instance, "version")
    compatible = _COMPATIBLE.search(version)
    if compatible is not None:
        return f"{compatible['name']} {compatible['version']}"
    if not version:
        return ""
    kind = "GoToSocial" if "gotosocial" in get_text(instance, "source_url").lower() else "Mastodon"
    return f"{kind} {version}"


def version_of(instance: Any) -> tuple[int, int, int]:
    """The version of Mastodon that the server runs or is compatible with; 1.0.0 if it states no valid one."""
    found = re.match(r"(\d+)\.(\d+)\.(\d+)", get_text(instance, "version"), re.ASCII)
    return (int(found[1]), int(found[2]), int(found[3])) if found else (1, 0, 0)


def limits_of(instance: Any) -> Limits:
    """The limits of an instance; Mastodon's where it does not state its own."""
    known = Limits()
    settings = get_field(instance, "configuration") or {}
    reported = {ours: _number(get_field(settings, table), name) for table, name, ours in _OWN_LIMITS}
    polls = get_field(settings, "polls")
    times = {"poll_shortest": _number(polls, "min_expiration"), "poll_longest": _number(polls, "max_expiration")}
    software, api = software_of(instance).lower(), _number(get_field(instance, "api_versions"), "mastodon") or 0
    types = get_field(get_field(settings, "media_attachments"), "supported_mime_types")
    values: dict[str, Any] = {name: value for name, value in reported.items() if value}
    values |= {name: timedelta(seconds=value) for name, value in times.items() if value}
    if isinstance(types, list):
        kinds = tuple(kind for kind in map(str, types) if kind.startswith("image/"))
        values["picture_types"] = kinds or known.picture_types
    if not values.get("characters"):
        # Pleroma's own name, in the first version of the record.
        values["characters"] = _number(instance, "max_toot_chars") or known.characters
    return Limits(
        **values,
        poll_with_pictures=api >= _POLL_WITH_PICTURES,
        quote_policy=api >= _QUOTES,
        picture_needed=software.startswith("pixelfed"),
        software=software,
    )


def _number(record: Any, name: str) -> int | None:
    value = get_field(record, name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


_MASTODON: Final = Capabilities()
#: By the first word of `Limits.software`. Forks of Mastodon (glitch-soc, Hometown) do as it does.
#:
#: After a clear no, Pleroma gives its answer to the same Idempotency-Key again for six hours, a 429 or 403 too
#: (lib/pleroma/web/plugs/idempotency_plug.ex); Pixelfed refuses the key for an hour
#: (app/Http/Controllers/Api/ApiV1Controller.php `statusCreate`).
_OTHER_CAPABILITIES: Final[Mapping[str, Capabilities]] = MappingProxyType(
    {
        "gotosocial": replace(_MASTODON, dialect=Dialect(shortens=False, graphemes=False)),
        "pleroma": replace(_MASTODON, dialect=Dialect(shortens=False), refusal_spends_key=True),
        "akkoma": replace(_MASTODON, dialect=Dialect(shortens=False), refusal_spends_key=True),
        "pixelfed": replace(_MASTODON, dialect=Dialect(shortens=False, graphemes=False), refusal_spends_key=True),
    }
)


def capabilities_of(software: str) -> Capabilities:
    """What a kind of server can do, by `Limits.software` ("gotosocial 0.20.1"); Mastodon's where it is not known."""
    name, _, _ = software.strip().lower().partition(" ")
    return _OTHER_CAPABILITIES.get(name, _MASTODON)
