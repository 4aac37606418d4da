"""The permanent id of an entry in the feeds, frozen at its release. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote, urlsplit

from bot.feeds.text import one_line

# Full URIs of the kinds that serve as permanent ids; anything else, such as "cfp:2025", is a name to be wrapped.
_URI: Final = re.compile(r"(?:https?|tag|urn):[^\s<>\"{}|\\^`]+", re.IGNORECASE)


def permanent_id(post_id: str, *, site: str, published: datetime) -> str:
    """The post id, as a tag URI (RFC 4151) if it is no URI; empty if it is empty. `site` is any address of the site.

    Atom wants a full URI (RFC 4287 section 4.2.6).
    """
    name = one_line(post_id)
    if not name or _URI.fullmatch(name):
        return name
    return tag_of(name, site=site, published=published)


def tag_of(name: str, *, site: str, published: datetime) -> str:
    """The tag URI (RFC 4151) of a name: with the host of `site` and the year (UTC) of the publish datetime."""
    host = urlsplit(site).hostname or "localhost"
    return f"tag:{host},{published.astimezone(UTC).year:04}:{quote(name)}"
