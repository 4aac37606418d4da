"""Which of an account's statuses says a given announcement. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final

from bot.domain import Announcement, SeenStatus

#: A server's clock may be so much behind ours: further apart, and nothing is sent (bot/planner/guards.py).
CLOCKS_DIFFER: Final = timedelta(minutes=5)
#: @user, or @user@domain; a full stop after either is the sentence's (mastodon: account.rb, MENTION_RE).
_MENTION: Final = re.compile(r"(@\w+(?:[.-]+\w+)*)(?:@\w+(?:[.-]+\w+)*(?::\d+)?)?")


def find_status(
    announcement: Announcement,
    seen: Iterable[SeenStatus],
    *,
    claimed: frozenset[str],
    by_link: bool = True,
    since: datetime | None = None,
    also: str | None = None,
) -> tuple[SeenStatus | None, bool]:
    """The status that says this announcement, and whether it is somebody else's.

    The exact text is ours. A status with the post's link and other words was made by hand: it counts as announced,
    but for the later parts of a thread, which are known by their text alone (`by_link` false), and for what a reminder
    of the post says. `also` is another address that the post has got meanwhile. A reminder is looked for among those
    made `since` its moment: the post's own toot, and reminders before it, carry the same link and perhaps the same
    words. Statuses that other deliveries live at (`claimed`) are left out; of several the oldest is taken.
    """
    free = [status for status in seen if status.status_id not in claimed]
    if since is not None:
        free = [status for status in free if status.created_at >= since - CLOCKS_DIFFER]
    reminders = {_comparable(text, announcement.content_warning) for text in announcement.reminders}
    links = {announcement.link, also} - {None} if announcement.link is not None else set()
    wanted = _comparable(announcement.text, announcement.content_warning)
    for status in free:
        if status.text is not None and _comparable(status.text, status.content_warning) == wanted:
            return status, False
    for status in free if by_link else ():
        if links & status.links and not _says(status, reminders):
            return status, True
    return None, False


def _says(status: SeenStatus, words: Collection[tuple[str, str]]) -> bool:
    return status.text is not None and _comparable(status.text, status.content_warning) in words


def _comparable(text: str, content_warning: str | None) -> tuple[str, str]:
    # A server strips the ends, and writes @User@its.own.domain as @user (mastodon: process_mentions_service.rb).
    plain = "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").strip().split("\n"))
    return _MENTION.sub(lambda mention: mention[1].lower(), plain), (content_warning or "").strip()
