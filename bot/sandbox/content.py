"""The text of a status as HTML, as Mastodon writes it (app/lib/text_formatter.rb of mastodon/mastodon). Pure.

Everything that is not a link, a hashtag or a known mention is escaped, so the result is safe to show.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import Final
from urllib.parse import quote

_SHOWN_CHARACTERS: Final = 30
_UNSHOWN_PREFIX: Final = re.compile(r"https?://(?:www\.)?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Mention:
    """An account that a text mentions."""

    id: str
    username: str
    acct: str
    url: str


def paragraphs(html: str) -> str:
    """Paragraphs at blank lines, `<br />` at single line ends."""
    # Rails' simple_format, whose newlines Mastodon then removes.
    blocks = re.split(r"\n\n+", re.sub(r"\r\n?", "\n", html))
    return "".join(f"<p>{block.replace(chr(10), '<br />')}</p>" for block in blocks if block)


def link(url: str) -> str:
    """A link that shows 30 characters of its address and hides the rest from the eye."""
    prefix = _UNSHOWN_PREFIX.match(url)
    start = prefix.end() if prefix else 0
    shown, rest = url[start : start + _SHOWN_CHARACTERS], url[start + _SHOWN_CHARACTERS :]
    return (
        f'<a href="{escape(url)}" target="_blank" rel="nofollow noopener" translate="no">'
        f'<span class="invisible">{escape(url[:start])}</span>'
        f'<span class="{"ellipsis" if rest else ""}">{escape(shown)}</span>'
        f'<span class="invisible">{escape(rest)}</span></a>'
    )


def hashtag(name: str, base: str) -> str:
    url = f"{base}/tags/{quote(name)}"
    return f'<a href="{escape(url)}" class="mention hashtag" rel="tag">#<span>{escape(name)}</span></a>'


def mention(found: Mention) -> str:
    return (
        f'<span class="h-card" translate="no"><a href="{escape(found.url)}" class="u-url mention">'
        f"@<span>{escape(found.username)}</span></a></span>"
    )
