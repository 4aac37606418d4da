"""The feed as RSS 2.0 (rssboard.org/rss-specification), with the modules that readers know."""

from __future__ import annotations

from threading import Lock
from typing import Final

from bot.feeds.document import Document
from bot.feeds.xml import RSS_TYPE, insert_entries, make_generator, render_rss_item

MEDIA_TYPE: Final = RSS_TYPE
FILE_NAME: Final = "rss.xml"

# feedgen 1.0.0 switches the process's locale to C and back for each RSS date; two threads could leave it switched.
_ONE_AT_A_TIME: Final = Lock()


def render(document: Document) -> bytes:
    """The document's bytes, its items in their order."""
    generator = make_generator(document, file_name=FILE_NAME, media_type=MEDIA_TYPE)
    with _ONE_AT_A_TIME:
        feed = bytes(generator.rss_str(pretty=True))
    return insert_entries(feed, map(render_rss_item, document.items), before=b"  </channel>")
