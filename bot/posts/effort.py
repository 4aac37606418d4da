"""Bodies that would take the Markdown reader many seconds are refused beforehand: one file must not stop the others.

What costs most with markdown-it-py 3 (measured): open brackets, vertical bars, marks of emphasis, and lines, each line
anew at every level of the quotes around it. A long post has a few hundred of each.
"""

from __future__ import annotations

import re
from typing import Final

MOST_BRACKETS: Final = 10_000
MOST_BARS: Final = 20_000
MOST_MARKS: Final = 30_000
#: Lines, each counted once more for each level of the deepest quote.
MOST_LINES: Final = 30_000
_QUOTES: Final = re.compile(r"^[ \t]*(?:>[ \t]*)+", re.MULTILINE)


def too_much(text: str) -> str:
    """Why rendering this would take too long; empty if it would not. Takes no time itself."""
    if len(text) <= MOST_BRACKETS and ">" not in text:  # too short for any of these
        return ""
    if text.count("[") > MOST_BRACKETS:
        return f"there are over {MOST_BRACKETS} opening brackets in it."
    if text.count("|") > MOST_BARS:
        return f"there are over {MOST_BARS} vertical bars in it."
    if sum(text.count(mark) for mark in "*_~`") > MOST_MARKS:
        return f"there are over {MOST_MARKS} marks of emphasis and code in it."
    deepest = max((quotes.count(">") for quotes in _QUOTES.findall(text)), default=0) if ">" in text else 0
    if text.count("\n") * (deepest + 1) > MOST_LINES:
        within = f", with quotes {deepest} levels deep" if deepest else ""
        return f"it has too many lines{within}."
    return ""
