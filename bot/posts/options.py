"""What front matter says about the toot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.model import MastodonOptions, Missed, Picture, Visibility
from bot.posts.fields import FALSE, TRUE

if TYPE_CHECKING:
    from bot.posts.fields import Fields


def hashtags_of(fields: Fields) -> tuple[str, ...]:
    """The post's hashtags, as written, with or without #. Raises PostError."""
    return fields.texts("hashtags", separators=", \t\n")


def withdrawal_of(fields: Fields) -> str | None:
    """Why the post was taken back, empty if no reason is given; None if it stands. Raises PostError."""
    value = fields.prose("withdrawn")
    if value is None or value.strip().lower() in FALSE:
        return None
    return "" if value.strip().lower() in TRUE else value.strip()


def if_missed_of(fields: Fields) -> Missed | None:
    """What is to happen if the post is released late. Raises PostError."""
    value = fields.text("if_missed")
    if value is None:
        return None
    try:
        return Missed(value.lower())
    except ValueError:
        raise fields.fault("if_missed", f'"{value}" is not known.', "Write post, skip or hold.") from None


def mastodon_options(fields: Fields, *, media: tuple[Picture, ...] | None = None) -> MastodonOptions:
    """What stands under `mastodon:`, with the pictures that `media` made of its list. Raises PostError."""
    fields.mapping("mastodon", "Write for example mastodon: and below it, indented, skip: true.")
    return MastodonOptions(
        text=fields.prose("mastodon.text"),
        visibility=_visibility(fields),
        content_warning=fields.text("mastodon.content_warning"),
        language=fields.language("mastodon.language"),
        skip=fields.flag("mastodon.skip", default=False),
        media=media,
    )


def _visibility(fields: Fields) -> Visibility | None:
    value = fields.text("mastodon.visibility")
    if value is None:
        return None
    try:
        return Visibility(value.lower())
    except ValueError:
        known = ", ".join(visibility.value for visibility in Visibility)
        raise fields.fault("mastodon.visibility", f'"{value}" is not a visibility.', f"Write one of {known}.") from None
