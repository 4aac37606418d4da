"""The feed as Atom 1.0 (RFC 4287)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.feeds.channel import Channel
from bot.feeds.item import item_of
from bot.model import Entry

MEDIA_TYPE: Final = "application/atom+xml"
FILE_NAME: Final = "atom.xml"


def render(channel: Channel, entries: Sequence[Entry]) -> bytes:
    """The feed's bytes, entries in the order given. Raises ValueError for an entry that cannot be shown."""
    from bot.feeds.extension import filled_generator  # loads feedgen and lxml

    items = [item_of(entry, channel) for entry in entries]
    generator = filled_generator(channel, items, file_name=FILE_NAME, media_type=MEDIA_TYPE)
    generator.id(channel.url_of(FILE_NAME))  # not the home page's address: another feed may be known by that
    return bytes(generator.atom_str(pretty=True))
