"""Entry → Item: the content of an entry, common to the three formats."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from html import escape
from html.parser import HTMLParser

from bot.domain import Entry, Picture
from bot.domain.template_tags import without_tags
from bot.feeds.channel import Channel
from bot.feeds.entry import permanent_id
from bot.feeds.text import clean_html, clean_line, strip_elements, to_uri


def make_content_html(html: str, *, cover: Picture | None, instead: str) -> str:
    """The post's HTML, after the cover picture unless the HTML shows that picture itself.

    Feed readers without support for enclosures or Media RSS still show the cover, with its alt text. A post
    without a body gets a paragraph with the text `instead`, because every format requires content.
    """
    body = clean_html(html).strip() or f"<p>{escape(instead, quote=False)}</p>"
    if cover is None or shows_picture(body, cover.url):
        return body
    return f"<p>{_img(cover)}</p>\n{body}"


def shows_picture(html: str, url: str) -> bool:
    """Whether an <img> in the HTML has exactly this URL."""
    escaped = escape(url)
    if url not in html and (escaped == url or escaped not in html):  # avoids parsing most posts
        return False
    finder = _PictureFinder()
    finder.feed(html)
    finder.close()
    return url in finder.found


class _PictureFinder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.found.update(value for name, value in attrs if name == "src" and value)


def _img(cover: Picture) -> str:
    size = f' width="{cover.width}" height="{cover.height}"' if cover.width and cover.height else ""
    return f'<img src="{escape(cover.url)}" alt="{escape(cover.alt)}"{size}>'


@dataclass(frozen=True, kw_only=True)
class Item:
    """An entry, cleaned and completed. Dates are in UTC and in whole seconds."""

    id: str
    url: str
    title: str
    authors: tuple[str, ...]
    category: str | None
    tags: tuple[str, ...]
    published: datetime
    updated: datetime
    language: str | None  #: only where it differs from the feed's
    summary: str
    html: str  #: with the cover in front
    cover: Picture | None

    @property
    def categories(self) -> tuple[str, ...]:
        """Category and tags, without duplicates."""
        return tuple(dict.fromkeys((self.category, *self.tags) if self.category else self.tags))

    @property
    def enclosure(self) -> tuple[str, str, int] | None:
        """URL, media type and bytes of the cover; None where type or size is unknown."""
        if self.cover is None or not self.cover.media_type or not self.cover.size:
            return None
        return self.cover.url, self.cover.media_type, self.cover.size


def item_of(entry: Entry, channel: Channel) -> Item:
    """Make the item of an entry.

    Raises ValueError, with a message for the author, if no feed can show the entry.
    """
    title = clean_line(entry.title)
    if not title:
        raise ValueError("its title is empty; give the post a title")
    cover = _usable(entry.cover)
    language = clean_line(entry.language)
    summary = clean_line(entry.summary)
    return Item(
        id=feed_id(entry, channel),
        url=clean_line(entry.url),
        title=title,
        authors=_words(entry.authors) or (channel.author,),
        category=next(iter(_words((entry.category or "",))), None),
        tags=_words(entry.tags),
        published=_whole_seconds(entry.published),
        updated=_whole_seconds(entry.updated),
        language=language if language != channel.language else None,
        summary=summary,
        html=make_content_html(entry.html, cover=cover, instead=summary or title),
        cover=cover,
    )


def feed_id(entry: Entry, channel: Channel) -> str:
    """The entry's permanent id, the same in all formats, fixed at its release."""
    permanent = entry.feed_id or permanent_id(
        entry.post_id, site=channel.home_url, published=_whole_seconds(entry.published)
    )
    if not permanent:
        raise ValueError("its id is empty; give the post an id")
    return permanent


def _usable(cover: Picture | None) -> Picture | None:
    url = None if cover is None or cover.problem else to_uri(clean_line(cover.url))
    if cover is None or url is None:
        return None
    for name in ("size", "width", "height"):
        number = getattr(cover, name)
        if number is not None and type(number) is not int:
            raise ValueError(f"its cover's {name}, {number!r}, is not a whole number")
    alt = without_tags(clean_line(cover.alt))
    media_type = clean_line(cover.media_type or "") or None
    if (url, alt, media_type) == (cover.url, cover.alt, cover.media_type):
        return cover
    return replace(cover, url=url, alt=alt, media_type=media_type)


def _words(texts: Iterable[str]) -> tuple[str, ...]:
    """The names without duplicates, each on one line, without unresolved template tags."""
    return tuple(dict.fromkeys(word for text in texts if (word := strip_elements(clean_line(without_tags(text))))))


def _whole_seconds(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"its datetime {moment} has no timezone")
    if moment.tzinfo is UTC and not moment.microsecond:
        return moment
    return moment.astimezone(UTC).replace(microsecond=0)
