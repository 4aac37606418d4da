"""The answer to a toot that was taken back: the reason that `withdrawn:` gives, cut where it is too long. Pure."""

from __future__ import annotations

from bot.compose.count import grapheme_pattern, status_length
from bot.compose.shorten import ELLIPSIS, shorten
from bot.model import Announcement, Limits


def compose_reason(reason: str, toot: Announcement, *, limits: Limits) -> Announcement:
    """The reason as an answer to `toot`, shortened like other texts; to the same people, in the same language."""

    def measure(text: str) -> int:
        return status_length(text, limits=limits)

    text = shorten(reason, limits.characters, measure=measure) or _cut_anywhere(reason, limits.characters)
    return Announcement(
        text=text,
        link=None,
        visibility=toot.visibility,
        language=toot.language,
        length=measure(text),
        limit=limits.characters,
    )


def is_reason_shortened(reason: str, *, limits: Limits) -> bool:
    """Whether the reason does not fit whole."""
    return status_length(reason, limits=limits) > limits.characters


def _cut_anywhere(reason: str, characters: int) -> str:
    # One endless word: better a part of it than no answer at all.
    kept = [match[0] for match in grapheme_pattern().finditer(reason)][: characters - 1]
    return "".join(kept) + ELLIPSIS
