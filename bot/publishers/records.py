"""What Mastodon.py's records say, whatever a server put into them. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape
from typing import Any, Final

from bot.model import SeenStatus

_ADDRESS: Final = re.compile(r"https?://[^\s<>\"]+")
_HREF: Final = re.compile(r"""href=(?:"([^"]*)"|'([^']*)')""")
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
        in_reply_to=text(status, "in_reply_to_id") or None,
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
