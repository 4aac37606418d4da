"""The digest of a post's own words: it changes when they do, and only then."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from hashlib import sha256
from operator import attrgetter
from typing import Any, Final

#: Raised if the meaning of the digest ever changes; all posts then look edited once.
_VERSION: Final = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnWords:
    """What the author wrote and readers see. No datetimes, no path, nothing from the settings.

    An empty field does not count, so that a field which is added here leaves all digests as they are.
    """

    title: str
    author: tuple[str, ...] = ()
    category: str | None = None
    tags: tuple[str, ...] = ()
    body: str = ""
    summary: str | None = None
    cover_url: str | None = None
    cover_alt: str | None = None
    language: str | None = None
    hashtags: tuple[str, ...] = ()
    without_link: bool = False
    mastodon_text: str | None = None
    mastodon_content_warning: str | None = None
    mastodon_visibility: str | None = None
    mastodon_language: str | None = None
    mastodon_media: tuple[str, ...] = ()
    speakers: tuple[str, ...] = ()
    mastodon_sensitive: str | None = None  #: "true" or "false"; both differ from nothing
    mastodon_thread: tuple[str, ...] = ()
    mastodon_thread_auto: bool = False
    mastodon_numbered: bool = False
    mastodon_link_card: str | None = None
    mastodon_poll: tuple[str, ...] = ()
    mastodon_quote_policy: str | None = None
    deadline: str | None = None  #: reminders are no part of this: nobody sees them before their time


_NAMES: Final = tuple(field.name for field in fields(OwnWords))
_VALUES: Final = attrgetter(*_NAMES)
_CANONICAL: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


def digest_of(words: OwnWords) -> str:
    """SHA-256, in hex, of the words that are there."""
    body = _normalised(words.body)
    present: dict[str, Any] = {name: value for name, value in zip(_NAMES, _VALUES(words), strict=True) if value}
    if body:
        present["body"] = body
    else:
        present.pop("body", None)
    canonical = _CANONICAL.encode({"version": _VERSION, **present})
    return sha256(canonical.encode("ascii")).hexdigest()


def _normalised(body: str) -> str:
    """Without what no reader sees: spaces at the end of lines, blank lines around the text."""
    if "\r" in body:
        body = body.replace("\r\n", "\n").replace("\r", "\n")
    return "\n".join(map(str.rstrip, body.split("\n"))).strip("\n")
