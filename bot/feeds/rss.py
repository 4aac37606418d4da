"""The feed as RSS 2.0 (rssboard.org/rss-specification), with the modules that readers know."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import Final

from bot.feeds.channel import Channel
from bot.feeds.item import item_of
from bot.model import Entry

MEDIA_TYPE: Final = "application/rss+xml"
FILE_NAME: Final = "rss.xml"

# feedgen 1.0.0 switches the process's locale to C and back for each RSS date; two threads could leave it switched.
_ONE_AT_A_TIME: Final = Lock()


def render(channel: Channel, entries: Sequence[Entry]) -> bytes:
    """The feed's bytes, entries in the order given. Raises ValueError for an entry that cannot be shown."""
    from bot.feeds.extension import filled_generator  # loads feedgen and lxml

    items = [item_of(entry, channel) for entry in entries]
    generator = filled_generator(channel, items, file_name=FILE_NAME, media_type=MEDIA_TYPE)
    with _ONE_AT_A_TIME:
        return bytes(generator.rss_str(pretty=True))
