"""Small rules for plain text. Nothing here knows what a post is."""

from __future__ import annotations

import re
from typing import Final

# Not allowed in XML 1.0, section 2.2 ("Char"); one of them would make a whole feed unreadable.
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
ELLIPSIS: Final = "…"


def clean(text: str) -> str:
    """The text without the characters that XML forbids."""
    return _FORBIDDEN.sub("", text)


def one_line(text: str) -> str:
    """The text on one line, without spaces around it."""
    return " ".join(filter(None, (line.strip() for line in text.splitlines())))


def join_spaces(text: str) -> str:
    """The text with every run of white space as one space, and none around it."""
    return " ".join(text.split())


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters; what is longer ends after a whole word, with an ellipsis."""
    if len(text) <= limit:
        return text
    kept = text[:limit]  # one character too many: tells whether the last word is whole
    head, space, _ = kept.rpartition(" ")
    return (head if space else kept[: limit - 1]).rstrip(" ,;:–—-") + ELLIPSIS
