"""Functions on plain text, independent of posts."""

from __future__ import annotations

import re
from typing import Final

# Not allowed in XML 1.0, section 2.2 ("Char"); a single one makes the whole feed unreadable.
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
#: The forbidden characters of one byte in UTF-8, and the first byte of every surrogate.
_CONTROLS: Final = bytes([*range(9), 0x0B, 0x0C, *range(0x0E, 0x20), 0xED])
ELLIPSIS: Final = "…"


def clean(text: str) -> str:
    """Remove the characters that XML 1.0 forbids."""
    # Most texts hold none, and both of these tests are many times as fast as the regular expression.
    if text.isprintable():
        return text
    raw = text.encode("utf-8", "surrogatepass")
    if len(raw.translate(None, _CONTROLS)) == len(raw) and "\ufffe" not in text and "\uffff" not in text:
        return text
    return _FORBIDDEN.sub("", text)


def one_line(text: str) -> str:
    """Join the lines of a text with single spaces, without blank lines and white space around each line."""
    if text.isprintable():  # no line breaks
        return text.strip()
    lines = text.splitlines()
    return text.strip() if len(lines) == 1 else " ".join(filter(None, (line.strip() for line in lines)))


def join_spaces(text: str) -> str:
    """Replace every run of white space by one space, and remove it at both ends."""
    return " ".join(text.split())


def truncate(text: str, limit: int) -> str:
    """Cut a text to at most `limit` characters, after a whole word if possible, and mark the cut with an ellipsis."""
    if len(text) <= limit:
        return text
    kept = text[:limit]  # one character more than fits with the ellipsis: shows whether the last word is whole
    head, space, _ = kept.rpartition(" ")
    return (head if space else kept[: limit - 1]).rstrip(" ,;:–—-") + ELLIPSIS
