"""A name for a post's file from its title. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

#: Letters that are no letter with a mark to Unicode, as people write them without.
_LETTERS: Final = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "’": "", "'": ""}
)
_MARKED: Final = re.compile("([a-z])[\u0300-\u036f]+")
_LONGEST: Final = 60  #: characters; people read slugs


def slug_from(title: str) -> str:
    """Small letters, digits, hyphens; Latin letters lose their marks, other scripts stay. Empty if nothing is left."""
    apart = unicodedata.normalize("NFKD", title.lower().translate(_LETTERS))
    whole = unicodedata.normalize("NFC", _MARKED.sub(r"\1", apart))
    # Marks of other scripts are part of their letters.
    words = "".join(one if unicodedata.category(one)[0] in "LNM" else " " for one in whole).split()
    slug = ""
    for word in words:
        longer = f"{slug}-{word}" if slug else word[:_LONGEST]
        if len(longer) > _LONGEST:
            break
        slug = longer
    return slug
