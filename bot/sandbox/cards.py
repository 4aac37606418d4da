"""Link cards: null in the answer to a post, there a little later.

A real server fetches the page for its title; the sandbox fetches nothing and makes a title of the address.
Sources: app/services/fetch_link_card_service.rb, app/serializers/rest/preview_card_serializer.rb of mastodon/mastodon.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from urllib.parse import unquote, urlsplit

from bot.sandbox.entities import Kind
from bot.sandbox.records import Status
from bot.sandbox.view import Json, View

#: How long the card of a status takes.
CARD_AFTER: Final = timedelta(seconds=10)


def card_of(status: Status, view: View, *, now: datetime) -> Json | None:
    """The card of the first web link that leads to another server; none with media, or too early."""
    draft = status.draft
    if draft.media_ids or now < (status.edited_at or status.created_at) + CARD_AFTER:
        return None
    for entity in view.entities(draft.text):
        if entity.kind is Kind.LINK and entity.name.lower().startswith(("http://", "https://")):
            return _card(entity.name)
    return None


def _card(url: str) -> Json:
    parts = urlsplit(url)
    host = parts.hostname or ""
    slug = unquote(parts.path.rstrip("/").rpartition("/")[2]).replace("-", " ").replace("_", " ")
    return {
        "url": url,
        "title": slug[:1].upper() + slug[1:] or host,
        "description": "",
        "language": "en",
        "type": "link",
        "author_name": "",
        "author_url": "",
        "authors": [],
        "provider_name": host,
        "provider_url": "",
        "html": "",
        "width": 0,
        "height": 0,
        "image": None,
        "image_description": "",
        "embed_url": "",
        "blurhash": None,
        "published_at": None,
    }
