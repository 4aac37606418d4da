"""The feed as Atom 1.0 (RFC 4287)."""

from __future__ import annotations

from typing import Final

from bot.feeds.document import Document
from bot.feeds.xml import insert_entries, make_generator, render_atom_entry

MEDIA_TYPE: Final = "application/atom+xml"
FILE_NAME: Final = "atom.xml"


def render(document: Document) -> bytes:
    """The document's bytes, its items in their order."""
    generator = make_generator(document, file_name=FILE_NAME, media_type=MEDIA_TYPE)
    generator.id(document.identity(FILE_NAME))  # not the home page's address: another feed may use that as its id
    feed = bytes(generator.atom_str(pretty=True))
    return insert_entries(feed, map(render_atom_entry, document.items), before=b"</feed>")
