"""What Mastodon.py's records say, whatever a server put into them. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape
from typing import Any, Final
from urllib.parse import urlsplit

from bot.model import Limits, SeenStatus

_ADDRESS: Final = re.compile(r"https?://[^\s<>\"]+")
_HREF: Final = re.compile(r"""href=(?:"([^"]*)"|'([^']*)')""")
_COMPATIBLE: Final = re.compile(r"\(compatible; ([^)]+)\)")
_TAG: Final = re.compile(r"<[^>]*>")
_LINKED: Final = re.compile(r"<a\b.*?</a>", re.DOTALL)
#: What may belong to the sentence around an address.
_AFTER: Final = ".,;:!?)]}'’”»…"


def seen(status: Any) -> SeenStatus:
    """One of the account's statuses, with the addresses in it but without its text."""
    content = text(status, "content")
    links = {unescape(a or b) for a, b in _HREF.findall(content)}
    # Not every address becomes a link: http://localhost and endings that the server does not know do not.
    lines = _LINKED.sub(" ", content).replace("</p>", "\n").replace("<br", "\n<br")
    for address in _ADDRESS.findall(unescape(_TAG.sub("", lines))):
        end = len(address.rstrip(_AFTER))
        links |= {address[:length] for length in range(end, len(address) + 1)}
    return SeenStatus(
        status_id=text(status, "id"),
        url=text(status, "url"),
        created_at=aware(field(status, "created_at")),
        links=frozenset(links),
        content_warning=text(status, "spoiler_text"),
    )


def is_status(record: Any) -> bool:
    """Whether this is a status at all."""
    return bool(text(record, "id")) and isinstance(field(record, "created_at"), datetime)


def field(record: Any, name: str) -> Any:
    """A field of a record; None if it is no record."""
    return record.get(name) if isinstance(record, dict) else None


def text(record: Any, name: str) -> str:
    """A field as plain text; empty if there is none."""
    # Ids are a str subclass with an odd repr in Mastodon.py; what is kept is plain text.
    value = field(record, name)
    return "" if value is None else str(value)


def aware(moment: Any) -> datetime:
    """A time of a record, in UTC."""
    assert isinstance(moment, datetime)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def domain_of(instance: Any, server: str) -> str:
    """The domain of the addresses of an instance's accounts."""
    # `domain` is the one in addresses, also where the server itself is elsewhere (Mastodon: LOCAL_DOMAIN and
    # WEB_DOMAIN); GoToSocial has `account_domain` for that (internal/api/model/instancev2.go).
    return text(instance, "account_domain") or text(instance, "domain") or urlsplit(server).netloc


def software_of(instance: Any) -> str:
    """What an instance runs, with its version: "Mastodon 4.5.15", "Pixelfed 0.12.3"; empty if it does not say."""
    version = text(instance, "version")
    # "2.7.2 (compatible; Pleroma 2.7.0)": the version of Mastodon whose API it keeps, then its own.
    compatible = _COMPATIBLE.search(version)
    if compatible:
        return compatible[1].strip()
    name = "GoToSocial" if "gotosocial" in text(instance, "source_url").lower() else "Mastodon"
    return f"{name} {version}" if version else ""


def limits_of(instance: Any) -> Limits:
    """What an instance accepts; what it does not tell is as with Mastodon."""
    known = Limits()
    settings = field(instance, "configuration") or {}
    statuses = field(settings, "statuses") or {}
    media = field(settings, "media_attachments") or {}
    return Limits(
        characters=field(statuses, "max_characters") or known.characters,
        characters_per_url=field(statuses, "characters_reserved_per_url") or known.characters_per_url,
        pictures=field(statuses, "max_media_attachments") or known.pictures,
        description=field(media, "description_limit") or known.description,
    )
