"""The HTML of a toot's text as Mastodon shows it, for the preview page. Pure.

The links, hashtags and mentions are those that the bot itself finds. The sandbox renders statuses with code of its
own, because it stands for the server.
Source: app/lib/text_formatter.rb of mastodon/mastodon.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from typing import Final, NamedTuple
from urllib.parse import quote, urlsplit

from bot.compose.hashtags import find_hashtag_spans
from bot.compose.links import find_links
from bot.compose.mentions import find_mentions

#: Characters of a link's address that Mastodon shows, after the scheme and "www.".
SHOWN_CHARACTERS: Final = 30
_HIDDEN_PREFIX: Final = re.compile(r"https?://(?:www\.)?")


class _Anchor(NamedTuple):
    """A part of the text that becomes a link."""

    start: int
    end: int
    html: str


def status_html(text: str, *, server: str) -> str:
    """The HTML of a status on `server` (its address without a slash at the end).

    Every mention becomes a link, since the bot cannot know which accounts exist. Everything that is no link, hashtag or
    mention is escaped, so the result is safe to show.
    """
    if not text.strip():
        return ""
    pieces: list[str] = []
    position = 0
    for anchor in sorted(_anchors(text, server.rstrip("/"))):
        if anchor.start < position:  # inside a link that began earlier
            continue
        pieces += [escape(text[position : anchor.start]), anchor.html]
        position = anchor.end
    return _paragraphs("".join([*pieces, escape(text[position:])]))


def _anchors(text: str, server: str) -> Iterator[_Anchor]:
    for start, end in find_links(text):
        yield _Anchor(start, end, _link(text[start:end]))
    for start, end in find_hashtag_spans(text):
        yield _Anchor(start, end, _hashtag(text[start + 1 : end], server))
    for start, name_end, end in find_mentions(text):
        host = text[name_end + 1 : end] or urlsplit(server).netloc
        yield _Anchor(start, end, _mention(text[start + 1 : name_end], host))


def _link(url: str) -> str:
    prefix = _HIDDEN_PREFIX.match(url)
    begin = prefix.end() if prefix else 0
    shown, rest = url[begin : begin + SHOWN_CHARACTERS], url[begin + SHOWN_CHARACTERS :]
    return (
        f'<a href="{escape(url)}" target="_blank" rel="nofollow noopener" translate="no">'
        f'<span class="invisible">{escape(url[:begin])}</span>'
        f'<span class="{"ellipsis" if rest else ""}">{escape(shown)}</span>'
        f'<span class="invisible">{escape(rest)}</span></a>'
    )


def _hashtag(name: str, server: str) -> str:
    url = f"{server}/tags/{quote(name)}"
    return f'<a href="{escape(url)}" class="mention hashtag" rel="tag">#<span>{escape(name)}</span></a>'


def _mention(name: str, host: str) -> str:
    return (
        f'<span class="h-card" translate="no"><a href="{escape(f"https://{host}/@{name}")}" class="u-url mention">'
        f"@<span>{escape(name)}</span></a></span>"
    )


def _paragraphs(html: str) -> str:
    # Rails' simple_format, whose newlines Mastodon then removes.
    blocks = re.split(r"\n\n+", re.sub(r"\r\n?", "\n", html))
    return "".join(f"<p>{block.replace(chr(10), '<br />')}</p>" for block in blocks if block)
