"""The beginning of a new post: the text of its file, from a template with placeholders. Pure.

Placeholders are written %{title}, for {{ title }} may stand in a post for the site's own generator.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
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


_PLACEHOLDER: Final = re.compile(r"%\{(\w*)\}")
_FENCE: Final = re.compile(r"^---[ \t]*$", re.MULTILINE)
DRAFT: Final = "draft: true"
#: What a template may hold.
PLACEHOLDERS: Final = ("title", "datetime", "slug", "kind")
_DEFAULT: Final = """\
---
title: %{{title}}
{datetime}: %{{datetime}}
# cover:
#     url: /assets/img/news/%{{slug}}.png
#     alt: "What the picture shows, for those who cannot see it."
draft: true  # take this line away when the post is finished
---

Open with the news: the first paragraph of at least 40 characters is what the toot says.
"""


class TemplateError(ValueError):
    """A template with a placeholder that is not known."""


def default_template(datetime_key: str) -> str:
    """The template where `config/posts` has none; `datetime_key` is what the site calls the publish datetime."""
    return _DEFAULT.format(datetime=datetime_key)


def started(template: str, values: Mapping[str, str]) -> str:
    """The file's text. A line of front matter whose placeholder has no value is left out. Raises TemplateError."""
    unknown = [name for name in _PLACEHOLDER.findall(template) if name not in PLACEHOLDERS]
    if unknown:
        known = ", ".join(f"%{{{name}}}" for name in PLACEHOLDERS)
        raise TemplateError(f"%{{{unknown[0]}}} is not known; it may hold {known}")
    parts = _FENCE.split(template, maxsplit=2)
    if len(parts) < 3:
        raise TemplateError("it has no front matter between two lines ---")
    before, matter, body = parts
    lines = [line for line in matter.split("\n") if all(values.get(name) for name in _PLACEHOLDER.findall(line))]
    quoted = {**values, "title": _quoted(values.get("title", ""))}
    matter = "\n".join(_filled(line, quoted) for line in lines)
    return f"{before}---{matter}---{_filled(body, values)}"


def _quoted(text: str) -> str:
    """A text in double quotes, as YAML reads it: JSON's, with what is invisible spelt out (YAML 1.2, 5.7)."""
    whole = json.dumps(text, ensure_ascii=False)
    return "".join(one if one.isprintable() else f"\\U{ord(one):08x}" for one in whole)


def _filled(text: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], ""), text)
