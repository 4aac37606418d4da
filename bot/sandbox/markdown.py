"""What becomes of a plain text that a server takes for Markdown. Pure."""

from __future__ import annotations

import re
from typing import Final

_EMPHASIS: Final = re.compile(r"(?<!\w)(\*\*|__|\*|_)(?=\S)(.+?)(?<=\S)\1(?!\w)")


def read_as_markdown(text: str) -> str:
    """The words that are left for readers: the signs of emphasis are gone."""
    return _EMPHASIS.sub(r"\2", text)
