"""The HTML of a status, as each kind of server writes it. Pure.

Everything that is no link, hashtag or known mention is escaped, so the result is safe to show.
Sources: Mastodon app/lib/text_formatter.rb; GoToSocial internal/text/plain.go; Pleroma lib/pleroma/formatter.ex;
Pixelfed app/Util/Lexer/Autolink.php.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final
from urllib.parse import quote

from bot.sandbox.profiles import HtmlStyle
from bot.sandbox.text import Entity, Kind, Mention

_SHOWN_CHARACTERS: Final = 30
_UNSHOWN_PREFIX: Final = re.compile(r"https?://(?:www\.)?")


def _paragraphs(html: str) -> str:
    """Paragraphs at blank lines, `<br />` at single line ends."""
    # Rails' simple_format, whose newlines Mastodon then removes.
    blocks = re.split(r"\n\n+", re.sub(r"\r\n?", "\n", html))
    return "".join(f"<p>{block.replace(chr(10), '<br />')}</p>" for block in blocks if block)


def _link(url: str) -> str:
    """A link that shows 30 characters of its address and hides the rest."""
    prefix = _UNSHOWN_PREFIX.match(url)
    start = prefix.end() if prefix else 0
    shown, rest = url[start : start + _SHOWN_CHARACTERS], url[start + _SHOWN_CHARACTERS :]
    return (
        f'<a href="{escape(url)}" target="_blank" rel="nofollow noopener" translate="no">'
        f'<span class="invisible">{escape(url[:start])}</span>'
        f'<span class="{"ellipsis" if rest else ""}">{escape(shown)}</span>'
        f'<span class="invisible">{escape(rest)}</span></a>'
    )


def _hashtag(name: str, base: str) -> str:
    url = f"{base}/tags/{quote(name)}"
    return f'<a href="{escape(url)}" class="mention hashtag" rel="tag">#<span>{escape(name)}</span></a>'


def _mention(found: Mention) -> str:
    return (
        f'<span class="h-card" translate="no"><a href="{escape(found.url)}" class="u-url mention">'
        f"@<span>{escape(found.username)}</span></a></span>"
    )


#: Finds the account that a mention in a text means; None leaves it plain text.
Resolve = Callable[[Entity], Mention | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class HtmlWriter:
    """How one server writes each part. `hashtag` takes the name and the server's address without a slash at the end."""

    paragraphs: Callable[[str], str]
    link: Callable[[str], str]
    hashtag: Callable[[str, str], str]
    mention: Callable[[Mention], str]


def format_content(
    text: str, entities: Sequence[Entity], *, resolve: Resolve, base: str, style: HtmlStyle = HtmlStyle.MASTODON
) -> str:
    """The HTML of a text. `base` is the server's address without a slash."""
    if not text.strip():
        return ""
    writer = HTML_WRITERS[style]
    pieces: list[str] = []
    position = 0
    for entity in entities:
        pieces.append(escape(text[position : entity.start]))
        pieces.append(_linked(entity, text[entity.start : entity.end], writer, resolve=resolve, base=base))
        position = entity.end
    pieces.append(escape(text[position:]))
    return writer.paragraphs("".join(pieces))


def _linked(entity: Entity, written: str, writer: HtmlWriter, *, resolve: Resolve, base: str) -> str:
    if entity.kind is Kind.LINK:
        return writer.link(entity.name)
    if entity.kind is Kind.HASHTAG:
        return writer.hashtag(entity.name, base)
    found = resolve(entity)
    return escape(written) if found is None else writer.mention(found)


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


HTML_WRITERS: Final = {
    HtmlStyle.MASTODON: HtmlWriter(paragraphs=_paragraphs, link=_link, hashtag=_hashtag, mention=_mention),
    HtmlStyle.GOTOSOCIAL: HtmlWriter(
        paragraphs=lambda html: f"<p>{_lines(html, '<br>')}</p>",
        link=lambda url: f'<a href="{escape(url)}" {_GTS_REL}>{escape(url)}</a>',
        hashtag=_gts_hashtag,
        mention=_gts_mention,
    ),
    HtmlStyle.PLEROMA: HtmlWriter(
        paragraphs=lambda html: _lines(html, "<br/>"),
        link=lambda url: f'<a href="{escape(url)}" rel="ugc">{escape(url)}</a>',
        hashtag=_pleroma_hashtag,
        mention=_pleroma_mention,
    ),
    HtmlStyle.PIXELFED: HtmlWriter(
        paragraphs=lambda html: _lines(html, "<br />\n"),
        link=lambda url: f'<a href="{escape(url)}" {_PIXELFED_REL}>{escape(url)}</a>',
        hashtag=_pixelfed_hashtag,
        mention=_pixelfed_mention,
    ),
}
