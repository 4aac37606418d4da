"""What front matter says about the toot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.model import MastodonOptions, Visibility
from bot.posts.fields import FALSE, TRUE

if TYPE_CHECKING:
    from bot.posts.fields import Fields
    from bot.posts.notes import Notes


def hashtags_of(fields: Fields) -> tuple[str, ...]:
    """The post's hashtags, as written, with or without #. Raises PostError."""
    return fields.texts("hashtags", separators=", \t\n")


def is_withdrawn(fields: Fields, notes: Notes) -> bool:
    """Whether the post was taken back. Raises PostError."""
    value = fields.text("withdrawn")
    if value is None or value.lower() in FALSE:
        return False
    reason = "" if value.lower() in TRUE else " nor posts the reason"
    notes.warn(
        "not-yet",
        f"the post leaves the feeds and is not tooted, but this version neither deletes a toot that is out{reason}.",
        field="withdrawn",
        remedy="Delete the toot by hand if there is one.",
    )
    return True


def mastodon_options(fields: Fields, *, withdrawn: bool) -> MastodonOptions:
    """What stands under `mastodon:`; a withdrawn post is not tooted. Raises PostError."""
    fields.mapping("mastodon", "Write for example mastodon: and below it, indented, skip: true.")
    return MastodonOptions(
        text=fields.prose("mastodon.text"),
        visibility=_visibility(fields),
        content_warning=fields.text("mastodon.content_warning"),
        language=fields.language("mastodon.language"),
        skip=fields.flag("mastodon.skip", default=False) or withdrawn,
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
