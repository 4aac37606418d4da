"""A poll within what the server accepts."""

from __future__ import annotations

from bot.compose.count import graphemes
from bot.durations import format_duration
from bot.errors import ComposeError
from bot.model import Limits, Poll, Post

_FIELD = "mastodon.poll"
_OPTIONS = "mastodon.poll.options"


def poll_within(post: Post, limits: Limits) -> Poll | None:
    """The post's poll; None if it has none.

    Nothing of it is shortened: an answer must say what it says. Raises ComposeError where the server would refuse it
    (mastodon/mastodon app/validators/poll_options_validator.rb, poll_expiration_validator.rb).
    """
    poll = post.mastodon.poll
    if poll is None:
        return None
    if len(poll.options) > limits.poll_options:
        problem = f"the poll has {len(poll.options)} options; the server takes {limits.poll_options} at most."
        raise ComposeError(f"{post.path}: {problem}", remedy="Leave some out.", field=_OPTIONS)
    for option in poll.options:
        length = graphemes(option)
        if length > limits.poll_option:
            problem = f'the option "{option}" has {length} characters; the server takes {limits.poll_option} at most.'
            raise ComposeError(f"{post.path}: {problem}", remedy="Shorten it.", field=_OPTIONS)
    if not limits.poll_shortest <= poll.expires_in <= limits.poll_longest:
        shortest, longest = format_duration(limits.poll_shortest), format_duration(limits.poll_longest)
        problem = f"the poll is open for {format_duration(poll.expires_in)}; the server takes {shortest} to {longest}."
        raise ComposeError(
            f"{post.path}: {problem}", remedy="Write for example expires_in: 3d.", field=f"{_FIELD}.expires_in"
        )
    return poll
