"""Which of an account's statuses says a given announcement. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

from bot.domain import Announcement, SeenStatus

#: A server's clock may be so much behind ours: further apart, and nothing is sent (bot/planner/guards.py).
CLOCKS_DIFFER: Final = timedelta(minutes=5)


def find_status(
    announcement: Announcement,
    seen: Iterable[SeenStatus],
    *,
    claimed: frozenset[str],
    comparable: Callable[[str], str],
    by_link: bool = True,
    since: datetime | None = None,
    also: str | None = None,
) -> tuple[SeenStatus | None, bool]:
    """The status that says this announcement, and whether a person tooted it by hand.

    The exact text is ours. A status with the post's link and other words was made by hand: it counts as announced,
    but for the later parts of a thread, which are known by their text alone (`by_link` false), and for what a reminder
    of the post says. `also` is another address that the post has got meanwhile. A reminder is looked for among those
    made `since` its moment: the post's own toot, and reminders before it, carry the same link and perhaps the same
    words. Statuses that other deliveries live at (`claimed`) are left out; of several the oldest is taken.
    `comparable` is the publisher's: it makes texts equal that the network takes for the same.
    """

    def words(text: str, content_warning: str | None) -> tuple[str, str]:
        return comparable(text), (content_warning or "").strip()

    free = [status for status in seen if status.status_id not in claimed]
    if since is not None:
        free = [status for status in free if status.created_at >= since - CLOCKS_DIFFER]
    reminders = {words(text, announcement.content_warning) for text in announcement.reminders}
    links = {announcement.link, also} - {None} if announcement.link is not None else set()
    wanted = words(announcement.text, announcement.content_warning)
    said = {one.status_id: words(one.text, one.content_warning) for one in free if one.text is not None}
    for status in free:
        if said.get(status.status_id) == wanted:
            return status, False
    for status in free if by_link else ():
        if links & status.links and said.get(status.status_id) not in reminders:
            return status, True
    return None, False
