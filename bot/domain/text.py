"""Small rules for plain text. Nothing here knows what a post is."""

from __future__ import annotations

import re
from typing import Final

# Not allowed in XML 1.0, section 2.2 ("Char"); one of them would make a whole feed unreadable.
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
#: The same among bytes, where they are single ones; the first byte of a surrogate in UTF-8.
_CONTROLS: Final = bytes([*range(9), 0x0B, 0x0C, *range(0x0E, 0x20), 0xED])
ELLIPSIS: Final = "…"


def clean(text: str) -> str:
    """The text without the characters that XML forbids."""
    # Most texts have none, and both of these are many times as fast as the expression.
    if text.isprintable():
        return text
    raw = text.encode("utf-8", "surrogatepass")
    if len(raw.translate(None, _CONTROLS)) == len(raw) and "\ufffe" not in text and "\uffff" not in text:
        return text
    return _FORBIDDEN.sub("", text)


def one_line(text: str) -> str:
    """The text on one line, without spaces around it."""
    if text.isprintable():  # no ends of lines
        return text.strip()
    lines = text.splitlines()
    return text.strip() if len(lines) == 1 else " ".join(filter(None, (line.strip() for line in lines)))


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
