"""`mastodon.poll` in front matter → a Poll. What no server accepts is an error here; its own limits come later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.durations import parse_duration
from bot.model import Poll
from bot.posts.text import one_line

if TYPE_CHECKING:
    from datetime import timedelta

    from bot.posts.fields import Fields

_HOW: Final = 'Write poll: and below it, indented, options: ["Tea", "Coffee"] and expires_in: 3d.'


def poll_of(fields: Fields) -> Poll | None:
    """The poll; None if there is none. Raises PostError."""
    if not fields.mapping("mastodon.poll", _HOW):
        return None
    return Poll(
        options=_options(fields),
        expires_in=_expires_in(fields),
        multiple=fields.flag("mastodon.poll.multiple", default=False),
        hide_totals=fields.flag("mastodon.poll.hide_totals", default=False),
    )


def _options(fields: Fields) -> tuple[str, ...]:
    name = "mastodon.poll.options"
    value = fields.get(name)
    if value is None:
        raise fields.fault("mastodon.poll", "has no options.", _HOW)
    if not isinstance(value, list) or any(isinstance(item, list | dict) for item in value):
        raise fields.fault(name, "must be a list of texts.", 'Write options: ["Tea", "Coffee"].')
    options = tuple(one_line(item) if isinstance(item, str) else "" for item in value)
    if not all(options):
        raise fields.fault(name, "one of them is empty.", "Write it, or take it away.")
    if len(options) < 2:
        raise fields.fault(name, "a poll needs two options at least.", 'Write options: ["Tea", "Coffee"].')
    twice = next((option for option in options if options.count(option) > 1), None)
    if twice is not None:
        raise fields.fault(name, f'"{twice}" is there twice.', "Keep one of them.")
    return options


def _expires_in(fields: Fields) -> timedelta:
    name = "mastodon.poll.expires_in"
    text = fields.text(name)
    remedy = "Write for example expires_in: 3d, or 12h."
    if text is None:
        raise fields.fault("mastodon.poll", "does not say how long it is open.", remedy)
    try:
        duration = parse_duration(text)
    except ValueError:
        raise fields.fault(name, f'"{text}" is not a duration.', remedy) from None
    if not duration:
        raise fields.fault(name, "a poll must be open for some time.", remedy)
    return duration
