"""`syndication.json`: the URL of each post's toot, so that the site can link to it. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

from bot.domain import Action, DeliveryState, Entry, Occasion, Snapshot

FILE_NAME: Final = "syndication.json"
_TAKING_BACK: Final = (Action.DELETE, Action.REPLY)


def render_syndication(entries: Iterable[Entry], snapshot: Snapshot) -> bytes:
    """Permalink → account → URL of the toot, for the released posts that the feeds may show.

    The same entries and deliveries give the same bytes.
    """
    shown = {entry.post_id: entry.url for entry in entries if not entry.hidden}
    taken_back = {
        (delivery.key.post_id, delivery.key.account)
        for delivery in snapshot.deliveries.values()
        if delivery.action in _TAKING_BACK and delivery.key.occasion == Occasion.WITHDRAW
    }
    posts: dict[str, dict[str, str]] = {}
    for key, delivery in snapshot.deliveries.items():
        is_toot = key.occasion == Occasion.PUBLISH and delivery.state is DeliveryState.SENT and delivery.status_url
        if is_toot and key.post_id in shown and (key.post_id, key.account) not in taken_back:
            assert delivery.status_url is not None
            posts.setdefault(shown[key.post_id], {})[key.account] = delivery.status_url
    document = {"version": 1, "posts": posts}
    return (json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode("utf-8")
