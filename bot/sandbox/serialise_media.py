"""Media as JSON: every field of Mastodon's MediaAttachment, with its type.

Source: app/serializers/rest/media_attachment_serializer.rb of mastodon/mastodon.
"""

from __future__ import annotations

from bot.sandbox.images import preview_size
from bot.sandbox.records import Media
from bot.sandbox.view import Json, View


def media_entity(media: Media, view: View, *, description: str | None = None) -> Json:
    """An upload; its addresses are null while the server works on it."""
    facts = media.facts
    url = f"{view.base}/media/{media.file_name}" if media.ready else None
    entity = {
        "id": media.id,
        "type": "gifv" if facts.animated else "image",
        "url": url,
        "preview_url": url,
        "remote_url": None,
        "preview_remote_url": None,
        "text_url": None,
        "meta": {
            "focus": {"x": media.focus[0], "y": media.focus[1]},
            "original": _shape(facts.width, facts.height),
            "small": _shape(*preview_size(facts.width, facts.height)),
        },
        "description": media.description if description is None else description,
        "blurhash": None,
    }
    return view.personality.dialect("media", entity)


def _shape(width: int, height: int) -> Json:
    return {"width": width, "height": height, "size": f"{width}x{height}", "aspect": width / height}
