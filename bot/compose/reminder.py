"""A post as one of its reminders says it. Pure."""

from __future__ import annotations

from dataclasses import replace

from bot.model import Post, Reminder


def as_reminder(post: Post, reminder: Reminder) -> Post:
    """The post with the reminder's words; to be composed like any other.

    One toot, with the post's pictures unless it is an answer; no thread, no poll. What reminds of a deadline is not
    sent once that has passed.
    """
    ends = [post.expires, post.deadline if post.deadline is not None and reminder.at < post.deadline else None]
    return replace(
        post,
        mastodon=replace(post.mastodon, text=reminder.text, thread=(), thread_auto=False, numbered=False, poll=None),
        expires=min((end for end in ends if end is not None), default=None),
        reminders=(),
        reminding=reminder,
    )
