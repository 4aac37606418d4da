"""The HTML of an entry, with its cover picture in front."""

from __future__ import annotations

from html import escape
from html.parser import HTMLParser

from bot.feeds.clean import clean_html
from bot.model import Picture


def content_html(html: str, *, cover: Picture | None, instead: str) -> str:
    """The post's HTML, after the cover picture unless the HTML shows that picture itself.

    Readers that know nothing of enclosures or Media RSS still show the cover, with its alt text. A post
    without a body gets a paragraph with the words `instead`, because every format wants some content.
    """
    body = clean_html(html).strip() or f"<p>{escape(instead, quote=False)}</p>"
    if cover is None or shows_picture(body, cover.url):
        return body
    return f"<p>{_img(cover)}</p>\n{body}"


def shows_picture(html: str, url: str) -> bool:
    """Whether an <img> in the HTML has this very address."""
    escaped = escape(url)
    if url not in html and (escaped == url or escaped not in html):  # spares most posts the parsing
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
