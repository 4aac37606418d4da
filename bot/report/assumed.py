"""The ledger that a bot would have which has run on the base of a branch all along. Pure.

A job for a pull request has no ledger. What merging means depends on what is out already, and that can be told from
the base: what was due there is out. The summary says that this is assumed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.compose.reminder import as_reminder
from bot.errors import ComposeError
from bot.feeds.entry import entry_of
from bot.model import AccountState, Announcement, Delivery, DeliveryKey, DeliveryState, Entry, Occasion, Post, Snapshot
from bot.planning.sheet import Compose


def assumed_ledger(
    posts: Iterable[Post], *, accounts: Sequence[str], compose: Compose, now: datetime, tag_ids: bool = False
) -> Snapshot:
    """Everything that was due at `now` is released and tooted, on time; `posts` are those of the base."""
    entries: dict[str, Entry] = {}
    deliveries: dict[DeliveryKey, Delivery] = {}
    for post in posts:
        if post.published is None or post.published > now:
            continue
        entries[post.post_id] = entry_of(post, released_at=post.published, tag_ids=tag_ids)
        for address in accounts:
            for delivery in _sent(post, address, compose, now):
                deliveries[delivery.key] = delivery
    return Snapshot(
        entries=entries,
        accounts={address: AccountState(address=address, joined_at=None) for address in accounts},
        deliveries=deliveries,
    )


def _sent(post: Post, address: str, compose: Compose, now: datetime) -> Iterable[Delivery]:
    if post.published is None or post.hidden or post.mastodon.skip:
        return
    said = [(Occasion.PUBLISH, post, post.published)]
    said += [
        (Occasion.reminder(one.reminder_id), as_reminder(post, one), one.at) for one in post.reminders if one.at <= now
    ]
    for occasion, words_of, due in said:
        try:
            words: Announcement = compose(words_of, address)
        except ComposeError:  # held: it is not out
            continue
        yield Delivery(
            key=DeliveryKey(post.post_id, address, occasion),
            slug=post.slug,
            due=due,
            announcement=words,
            state=DeliveryState.SENT,
            attempts=1,
            first_tried_at=due,
            settled_at=due,
            status_id="1",
            sequence=1,
        )
