"""The HTML of a status by kind of server: four hands for the same words. Pure.

Sources besides Mastodon's (see `content.py`): GoToSocial internal/text/plain.go; Pleroma lib/pleroma/formatter.ex;
Pixelfed app/Util/Lexer/Autolink.php. Everything that is no link, hashtag or known mention is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final
from urllib.parse import quote

from bot.sandbox import content
from bot.sandbox.content import Mention
from bot.sandbox.entities import Entity, Kind
from bot.sandbox.traits import Markup

#: From a mention found in a text to the account that it means; None leaves it plain text.
Resolve = Callable[[Entity], Mention | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Hand:
    """How one server writes. `hashtag` is given the name and the server's address without a slash."""

    paragraphs: Callable[[str], str]
    link: Callable[[str], str]
    hashtag: Callable[[str, str], str]
    mention: Callable[[Mention], str]


def format_content(
    text: str, entities: Sequence[Entity], *, resolve: Resolve, base: str, markup: Markup = Markup.MASTODON
) -> str:
    """The HTML of a text. `base` is the server's address without a slash."""
    if not text.strip():
        return ""
    hand = HANDS[markup]
    pieces: list[str] = []
    position = 0
    for entity in entities:
        pieces.append(escape(text[position : entity.start]))
        pieces.append(_linked(entity, text[entity.start : entity.end], hand, resolve=resolve, base=base))
        position = entity.end
    pieces.append(escape(text[position:]))
    return hand.paragraphs("".join(pieces))


def _linked(entity: Entity, written: str, hand: Hand, *, resolve: Resolve, base: str) -> str:
    if entity.kind is Kind.LINK:
        return hand.link(entity.name)
    if entity.kind is Kind.HASHTAG:
        return hand.hashtag(entity.name, base)
    found = resolve(entity)
    return escape(written) if found is None else hand.mention(found)


def _lines(html: str, line_end: str) -> str:
    return re.sub(r"\r\n?|\n", line_end, html)


_GTS_REL: Final = 'rel="nofollow noreferrer noopener" target="_blank"'
_PIXELFED_REL: Final = 'rel="external nofollow noopener" target="_blank"'


def _gts_hashtag(name: str, base: str) -> str:
    href = escape(f"{base}/tags/{quote(name.lower())}")
    return (
        f'<a href="{href}" class="mention hashtag" rel="tag nofollow noreferrer noopener" target="_blank">'
        f"#<span>{escape(name)}</span></a>"
    )


def _gts_mention(found: Mention) -> str:
    return (
        f'<span class="h-card"><a href="{escape(found.url)}" class="u-url mention" {_GTS_REL}>'
        f"@<span>{escape(found.username)}</span></a></span>"
    )


def _pleroma_hashtag(name: str, base: str) -> str:
    tag = escape(name.lower())
    href = escape(f"{base}/tag/{quote(name.lower())}")
    return f'<a class="hashtag" data-tag="{tag}" href="{href}">#{escape(name)}</a>'


def _pleroma_mention(found: Mention) -> str:
    return (
        f'<span class="h-card"><a class="u-url mention" data-user="{escape(found.id)}" href="{escape(found.url)}" '
        f'rel="ugc">@<span>{escape(found.username)}</span></a></span>'
    )


def _pixelfed_hashtag(name: str, base: str) -> str:
    href = escape(f"{base}/discover/tags/{quote(name)}?src=hash")
    return f'<a href="{href}" title="#{escape(name)}" class="u-url hashtag" {_PIXELFED_REL}>#{escape(name)}</a>'


def _pixelfed_mention(found: Mention) -> str:
    return f'<a class="u-url mention" href="{escape(found.url)}" {_PIXELFED_REL}>@{escape(found.acct)}</a>'


HANDS: Final = {
    Markup.MASTODON: Hand(
        paragraphs=content.paragraphs, link=content.link, hashtag=content.hashtag, mention=content.mention
    ),
    Markup.GOTOSOCIAL: Hand(
        paragraphs=lambda html: f"<p>{_lines(html, '<br>')}</p>",
        link=lambda url: f'<a href="{escape(url)}" {_GTS_REL}>{escape(url)}</a>',
        hashtag=_gts_hashtag,
        mention=_gts_mention,
    ),
    Markup.PLEROMA: Hand(
        paragraphs=lambda html: _lines(html, "<br/>"),
        link=lambda url: f'<a href="{escape(url)}" rel="ugc">{escape(url)}</a>',
        hashtag=_pleroma_hashtag,
        mention=_pleroma_mention,
    ),
    Markup.PIXELFED: Hand(
        paragraphs=lambda html: _lines(html, "<br />\n"),
        link=lambda url: f'<a href="{escape(url)}" {_PIXELFED_REL}>{escape(url)}</a>',
        hashtag=_pixelfed_hashtag,
        mention=_pixelfed_mention,
    ),
}
