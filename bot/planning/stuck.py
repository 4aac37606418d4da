"""Toots whose outcome nobody could find out for too long. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from bot.model import DeliveryState, Occasion, Snapshot
from bot.planning.ruling import Policy


def stuck(snapshot: Snapshot, accounts: Collection[str], *, now: datetime, policy: Policy) -> Iterator[str]:
    """A sentence for each delivery that may or may not have arrived, and was tried for longer than `give_up_after`.

    It cannot be given up like others: only its server knows whether it is there.
    """
    for delivery in snapshot.deliveries.values():
        key, began = delivery.key, delivery.first_tried_at
        if delivery.state is not DeliveryState.SENDING or key.account not in accounts or began is None:
            continue
        if now - began > policy.give_up_after:
            occasion = "" if key.occasion == Occasion.PUBLISH else f" ({key.occasion})"
            yield (
                f"{delivery.slug}{occasion} → {key.account}: nobody knows whether it is there: the server took or lost "
                f"it on {began:%Y-%m-%d %H:%M} UTC and could not be asked since. Nothing else goes out on this account "
                "until it can be read. Look there by hand, and see why the server cannot be read."
            )
