"""A toot as a box in GitHub's Markdown, in the HTML that GitHub permits. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from bot.compose.links import find_links
from bot.compose.mentions import find_mentions
from bot.domain import Announcement, Picture, Poll, Visibility
from bot.domain.wording import option_words, poll_words
from bot.report.github import code, escape_padded, escape_text, escape_url, is_linkable
from bot.report.status_html import SHOWN_CHARACTERS

VISIBILITY: Final = {
    Visibility.PUBLIC: "public",
    Visibility.UNLISTED: "quiet public",
    Visibility.PRIVATE: "followers only",
    Visibility.DIRECT: "private mention",
}


def render_toot_boxes(
    toot: Announcement | str, address: str, *, site: str, picture_address: Callable[[Picture], str]
) -> Iterator[str]:
    """The toot and its thread as followers see them, or the reason why it cannot be composed."""
    if isinstance(toot, str):
        yield f"⏸️ **The toot would be held** on {code(address)}: {escape_text(toot)}"
        return
    total = 1 + len(toot.thread)
    for number, part in enumerate((toot, *toot.thread), start=1):
        place = f" · {number} of {total}" if total > 1 else ""
        head = f"<b>{escape_text(site)}</b><br><sub>{escape_text('@' + address)}{place}</sub>"
        rows = [head, _body(part), _poll(part.poll) if part.poll else "", _facts(part)]
        yield f"<table><tr><td>\n{'<br><br>'.join(filter(None, rows))}\n</td></tr></table>"
        if number == 1:
            yield from _pictures(part, picture_address)
    notified = _notified(toot)
    if notified:
        yield f"🔔 It notifies {', '.join(code(name) for name in notified)}."


def _body(toot: Announcement) -> str:
    warning = f"<b>Content warning: {escape_text(toot.content_warning)}</b><br><br>" if toot.content_warning else ""
    return warning + _with_links(toot.text)


def _with_links(text: str) -> str:
    pieces, done = [], 0
    for start, end in find_links(text):
        pieces += [escape_padded(text[done:start], line_end="<br>"), render_link(text[start:end])]
        done = end
    return "".join([*pieces, escape_padded(text[done:], line_end="<br>")])


def shorten_url(url: str) -> str:
    """An address as Mastodon shows it: no scheme, no "www.", thirty characters."""
    bare = url.partition("://")[2] or url
    bare = bare.removeprefix("www.")
    return bare if len(bare) <= SHOWN_CHARACTERS else f"{bare[:SHOWN_CHARACTERS]}…"


def render_link(url: str) -> str:
    """A link as Mastodon shows it."""
    return f'<a href="{escape_url(url)}">{escape_text(shorten_url(url))}</a>' if is_linkable(url) else code(url)


def _poll(poll: Poll) -> str:
    options, terms = poll_words(poll)
    return f"{'<br>'.join(map(escape_text, options))}<br><sub>{terms}</sub>"


def _facts(toot: Announcement) -> str:
    facts = [f"{toot.length} of {toot.limit}", VISIBILITY[toot.visibility], escape_text(toot.language or "no language")]
    if toot.sensitive:
        facts.append("pictures behind a click")
    if toot.quote_policy is not None:
        facts.append(f"quotes: {toot.quote_policy.value}")
    facts += map(escape_text, option_words(toot))
    return f"<sub>{' · '.join(facts)}</sub>"


def _pictures(toot: Announcement, picture_address: Callable[[Picture], str]) -> Iterator[str]:
    for picture in toot.pictures:
        name = picture.path.name if picture.path else picture.url.rpartition("/")[2]
        size = f", {picture.width}×{picture.height}" if picture.width else ""
        address = picture_address(picture)
        shown = ""
        if address and is_showable(address):
            shown = f'<img src="{escape_url(address)}" alt="" width="320"><br>'
        alt = escape_text(picture.alt) if picture.alt else "⚠️ none: people who cannot see it learn nothing"
        yield f"{shown}🖼️ {code(name)}{size}<br><b>Alt text:</b> {alt}"
    if not toot.pictures:
        yield "No picture."


def is_showable(address: str) -> bool:
    """Whether a page may fetch a picture from there."""
    return address.startswith("https://")


def _notified(toot: Announcement) -> list[str]:
    parts = (toot, *toot.thread)
    return list(
        dict.fromkeys(part.text[found.start : found.end] for part in parts for found in find_mentions(part.text))
    )
