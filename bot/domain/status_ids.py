"""The order of status ids, which grow with time on every server. Pure."""

from __future__ import annotations


def newer_id(known: str | None, seen: str) -> str:
    """The newer of two status ids: numbers by size; other ids (ULIDs) sort as text. "0" is older than any."""
    if known is None or known == "0":
        return seen
    if seen == "0":
        return known
    if known.isdecimal() and seen.isdecimal():
        return str(max(int(known), int(seen)))
    return max(known, seen)
