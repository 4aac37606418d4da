"""What the server's answers hold: their fields as plain values, and a status as the bot compares it. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape
from typing import Any, Final

from bot.domain import SeenStatus

_ADDRESS: Final = re.compile(r"https?://[^\s<>\"]+")
_HREF: Final = re.compile(r"""href=(?:"([^"]*)"|'([^']*)')""")
_TAG: Final = re.compile(r"<[^>]*>")
_LINKED: Final = re.compile(r"<a\b.*?</a>", re.DOTALL)
#: What may belong to the sentence around an address.
_AFTER: Final = ".,;:!?)]}'’”»…"


def read_status(status: Any) -> SeenStatus:
    """One of the account's statuses, with the addresses in it but without its text."""
    content = get_text(status, "content")
    links = {unescape(a or b) for a, b in _HREF.findall(content)}
    # Not every address becomes a link: http://localhost and endings that the server does not know do not.
    lines = _LINKED.sub(" ", content).replace("</p>", "\n").replace("<br", "\n<br")
    for address in _ADDRESS.findall(unescape(_TAG.sub("", lines))):
        end = len(address.rstrip(_AFTER))
        links |= {address[:length] for length in range(end, len(address) + 1)}
    return SeenStatus(
        status_id=get_text(status, "id"),
        url=get_text(status, "url"),
        created_at=to_utc(get_field(status, "created_at")),
        links=frozenset(links),
        content_warning=get_text(status, "spoiler_text"),
        in_reply_to=get_text(status, "in_reply_to_id") or None,
    )


#: @user, or @user@domain; a full stop after either is the sentence's (mastodon: account.rb, MENTION_RE).
_MENTION: Final = re.compile(r"(@\w+(?:[.-]+\w+)*)(?:@\w+(?:[.-]+\w+)*(?::\d+)?)?")


def normalise(text: str) -> str:
    """A text in a form that makes what was sent and what the server keeps of it equal.

    A server strips the ends, and writes @User@its.own.domain as @user (mastodon: process_mentions_service.rb).
    """
    plain = "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").strip().split("\n"))
    return _MENTION.sub(lambda mention: mention[1].lower(), plain)


def is_status(record: Any) -> bool:
    """Whether this is a status at all."""
    return bool(get_text(record, "id")) and isinstance(get_field(record, "created_at"), datetime)


def get_field(record: Any, name: str) -> Any:
    """A field of a record; None if it is no record."""
    return record.get(name) if isinstance(record, dict) else None


def get_text(record: Any, name: str) -> str:
    """A field as plain text; empty if there is none."""
    # Ids are a str subclass with an odd repr in Mastodon.py; what is kept is plain text.
    value = get_field(record, name)
    return "" if value is None else str(value)


def to_utc(moment: Any) -> datetime:
    """A time of a record, in UTC."""
    assert isinstance(moment, datetime)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
