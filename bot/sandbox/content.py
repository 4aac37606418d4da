"""The text of a status as HTML, as Mastodon writes it (app/lib/text_formatter.rb of mastodon/mastodon). Pure.

Everything that is not a link, a hashtag or a known mention is escaped, so the result is safe to show.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final
from urllib.parse import quote

from bot.sandbox.entities import Entity, Kind

_SHOWN_CHARACTERS: Final = 30
_UNSHOWN_PREFIX: Final = re.compile(r"https?://(?:www\.)?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Mention:
    """An account that a text mentions."""

    id: str
    username: str
    acct: str
    url: str


#: From a mention found in a text to the account that it means; None leaves it plain text.
Resolve = Callable[[Entity], Mention | None]


def format_content(text: str, entities: Sequence[Entity], *, resolve: Resolve, base: str) -> str:
    """HTML: paragraphs at blank lines, `<br />` at single ones. `base` is the server's address without a slash."""
    if not text.strip():
        return ""
    pieces: list[str] = []
    position = 0
    for entity in entities:
        pieces.append(escape(text[position : entity.start]))
        pieces.append(_linked(entity, text[entity.start : entity.end], resolve=resolve, base=base))
        position = entity.end
    pieces.append(escape(text[position:]))
    return _paragraphs("".join(pieces))


def _paragraphs(html: str) -> str:
    # Rails' simple_format, whose newlines Mastodon then removes.
    blocks = re.split(r"\n\n+", re.sub(r"\r\n?", "\n", html))
    return "".join(f"<p>{block.replace(chr(10), '<br />')}</p>" for block in blocks if block)


def _linked(entity: Entity, written: str, *, resolve: Resolve, base: str) -> str:
    if entity.kind is Kind.LINK:
        return _link(entity.name)
    if entity.kind is Kind.HASHTAG:
        url = f"{base}/tags/{quote(entity.name)}"
        return f'<a href="{escape(url)}" class="mention hashtag" rel="tag">#<span>{escape(entity.name)}</span></a>'
    mention = resolve(entity)
    if mention is None:
        return escape(written)
    return (
        f'<span class="h-card" translate="no"><a href="{escape(mention.url)}" class="u-url mention">'
        f"@<span>{escape(mention.username)}</span></a></span>"
    )


def _link(url: str) -> str:
    prefix = _UNSHOWN_PREFIX.match(url)
    start = prefix.end() if prefix else 0
    shown, rest = url[start : start + _SHOWN_CHARACTERS], url[start + _SHOWN_CHARACTERS :]
    return (
        f'<a href="{escape(url)}" target="_blank" rel="nofollow noopener" translate="no">'
        f'<span class="invisible">{escape(url[:start])}</span>'
        f'<span class="{"ellipsis" if rest else ""}">{escape(shown)}</span>'
        f'<span class="invisible">{escape(rest)}</span></a>'
    )
