"""Finds the status of an announcement among an account's statuses. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

from bot.domain import Announcement, SeenStatus

#: A server's clock may be this far behind ours; with a larger difference nothing is released (bot/planner/guards.py).
CLOCKS_DIFFER: Final = timedelta(minutes=5)


def find_status(
    announcement: Announcement,
    seen: Iterable[SeenStatus],
    *,
    claimed: frozenset[str],
    normalise: Callable[[str], str],
    match_link: bool = True,
    since: datetime | None = None,
    former_url: str | None = None,
) -> tuple[SeenStatus | None, bool]:
    """Return the status of this announcement, or None, and whether it was made by hand.

    A status with exactly the same text was sent by the bot. One with the post's link and another text was made by hand
    and counts as the announcement, unless its text is that of a reminder of the post. Later parts of a thread are
    matched by their text alone (without `match_link`). `former_url` is another URL of the post, if it was renamed. A
    reminder is matched only with statuses made `since` its moment, because the post's toot and earlier reminders have
    the same link and perhaps the same text. Statuses of other deliveries (`claimed`) are ignored; of several matches
    the oldest counts. `normalise` is the publisher's function that makes texts equal which the network treats as the
    same.
    """

    def normalised(text: str, content_warning: str | None) -> tuple[str, str]:
        return normalise(text), (content_warning or "").strip()

    free = [status for status in seen if status.status_id not in claimed]
    if since is not None:
        free = [status for status in free if status.created_at >= since - CLOCKS_DIFFER]
    reminders = {normalised(text, announcement.content_warning) for text in announcement.reminders}
    links = {announcement.link, former_url} - {None} if announcement.link is not None else set()
    wanted = normalised(announcement.text, announcement.content_warning)
    texts = {one.status_id: normalised(one.text, one.content_warning) for one in free if one.text is not None}
    for status in free:
        if texts.get(status.status_id) == wanted:
            return status, False
    for status in free if match_link else ():
        if links & status.links and texts.get(status.status_id) not in reminders:
            return status, True
    return None, False
