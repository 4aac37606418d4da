"""Reads the account's statuses back, and adopts those that are deliveries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bot.delivery.matching import find_status
from bot.delivery.ordering import ANNOUNCING, anchor_of
from bot.delivery.session import DeliverySession
from bot.domain import Action, Delivery, DeliveryKey, DeliveryState, EventKind, SeenStatus, Snapshot
from bot.publishers.contract import Publisher

#: A volunteer may have announced a post by hand this long before its datetime.
ANNOUNCED_EARLY: Final = timedelta(days=1)
#: Replaces an intent's mark while the server cannot be read: `settle` then begins once it can.
IN_DOUBT: Final = ""


def preflight(deliveries: Sequence[Delivery], session: DeliverySession) -> None:
    """Check once for all open deliveries whether their statuses exist already, e.g. after the loss of the ledger.

    `deliveries` are some of the account's, as the caller knows them. Raises TransientError or AccountBlockedError; the
    caller must then send nothing.
    """
    waiting = _about_to_be_sent(deliveries, session)
    now = session.now()
    recent = session.publisher.list_recent(since=min(now, *(other.due for other in waiting)) - ANNOUNCED_EARLY)
    newest = recent[-1].status_id if recent else session.publisher.newest_status_id()
    known = session.ledger.snapshot()
    claimed = known.status_ids(session.account)
    with_text, before = _Texts(session.publisher), _adopted(waiting, known)
    for other in waiting:
        address = _address_of(other, known)
        with_texts = with_text.of(_alike(other, recent, claimed=claimed, former_url=address))
        since = other.due if other.is_reminder else None
        status = _found(other, with_texts, claimed=claimed, session=session, since=since, former_url=address)
        if status is None and anchor_of(other) in before and other.action is Action.CONTINUE:
            status = _in_its_place(other, before[anchor_of(other)], recent, claimed=claimed, session=session)
        if status is not None:
            before[other.key] = status.status_id
        session.state.preflights[other.key] = (other.announcement, status)
        if status is not None:
            claimed |= {status.status_id}
    session.ledger.note_account(session.lease, last_status_id=newest, now=session.now())
    # The end counts, not the beginning: a read that takes longer than it is valid would repeat for ever.
    session.state.preflight_at = session.context.clock.monotonic()


def _about_to_be_sent(deliveries: Sequence[Delivery], session: DeliverySession) -> list[Delivery]:
    waiting: dict[DeliveryKey, Delivery] = {
        other.key: other
        for other in session.view().open
        if other.action in ANNOUNCING and other.state is DeliveryState.DUE
    }
    # The caller's versions: if a plan has changed one meanwhile, the worker discards what is found here.
    waiting.update((delivery.key, delivery) for delivery in deliveries)
    return sorted(waiting.values(), key=lambda other: other.key.occasion.part)


def _alike(
    delivery: Delivery, recent: Iterable[SeenStatus], *, claimed: frozenset[str], former_url: str | None
) -> Iterable[SeenStatus]:
    link = delivery.announcement.link
    free = (status for status in recent if status.status_id not in claimed)
    if delivery.action is Action.CONTINUE:
        return (status for status in free if status.in_reply_to is not None)
    return (status for status in free if link is None or {link, former_url} & status.links)


def _adopted(waiting: Iterable[Delivery], known: Snapshot) -> dict[DeliveryKey, str]:
    """Return the status ids of adopted toots that a waiting part follows, by key."""
    anchors = (known.deliveries.get(anchor_of(d)) for d in waiting if d.action is Action.CONTINUE)
    return {a.key: a.status_id for a in anchors if a is not None and a.status_id is not None and a.attempts == 0}


def _in_its_place(
    part: Delivery, before: str, recent: Iterable[SeenStatus], *, claimed: frozenset[str], session: DeliverySession
) -> SeenStatus | None:
    """Return the status in this part's place: sent with an earlier ledger, or made by hand."""
    for status in recent:
        if status.in_reply_to == before and status.status_id not in claimed:
            session.state.made_by_hand.add((part.key, status.status_id))
            return status
    return None


class _Texts:
    """Requests the text of each status once."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._known: dict[str, SeenStatus] = {}

    def of(self, statuses: Iterable[SeenStatus]) -> list[SeenStatus]:
        return [self._one(status) for status in statuses]

    def _one(self, status: SeenStatus) -> SeenStatus:
        if status.status_id not in self._known:
            self._known[status.status_id] = self._publisher.fetch_text(status)
        return self._known[status.status_id]


def read_back(delivery: Delivery, session: DeliverySession) -> None:
    """Read back the statuses since the first attempt, to find a delivery of unknown outcome."""
    # From here on an intent that was not sent in time has an unknown outcome like any other.
    session.state.fresh_intent = None
    in_doubt = delivery.intended_mark == IN_DOUBT
    session.state.read_back_began[delivery.key] = (
        timedelta() if in_doubt else session.context.clock.since(delivery.intended_mark)
    )
    sought = delivery.announcement
    if delivery.action is Action.CONTINUE:
        sought = replace(sought, link=None)  # matched by its text alone, so all texts are needed
    seen = session.publisher.read_back(sought, after_id=delivery.after_id or "0")
    if in_doubt:
        marked = replace(delivery, intended_mark=session.context.clock.mark())
        session.ledger.settle(session.lease, marked, event=None, now=session.now())
    known = session.ledger.snapshot()
    # Only statuses after `after_id` are read, so no clock is compared.
    session.state.read_backs[delivery.key] = _found(
        delivery,
        seen,
        claimed=known.status_ids(session.account),
        session=session,
        former_url=_address_of(delivery, known),
    )


def _address_of(delivery: Delivery, known: Snapshot) -> str | None:
    """Return the present URL of the released post, which may have been renamed; None if it has no entry."""
    entry = known.entries.get(delivery.key.post_id)
    return None if entry is None else entry.url


def _found(
    delivery: Delivery,
    seen: Iterable[SeenStatus],
    *,
    claimed: frozenset[str],
    session: DeliverySession,
    since: datetime | None = None,
    former_url: str | None,
) -> SeenStatus | None:
    normalise = session.publisher.normalise
    status, is_foreign = find_status(
        delivery.announcement,
        seen,
        claimed=claimed,
        normalise=normalise,
        match_link=delivery.action is Action.PUBLISH,
        since=since,
        former_url=former_url,
    )
    if status is not None:
        session.state.made_by_hand.discard((delivery.key, status.status_id))
        if is_foreign:
            session.state.made_by_hand.add((delivery.key, status.status_id))
    return status


def adopt(delivery: Delivery, status: SeenStatus, session: DeliverySession) -> None:
    """Settle the delivery as sent with this status, at the time when the status was made, perhaps days ago."""
    is_foreign = (delivery.key, status.status_id) in session.state.made_by_hand
    sent = replace(
        delivery,
        state=DeliveryState.SENT,
        reason=None,
        status_id=status.status_id,
        status_url=status.url,
        settled_at=min(status.created_at, session.now()),
        not_before=None,
        foreign=is_foreign,
    )
    session.settle(sent, EventKind.FOUND_BY_HAND if is_foreign else EventKind.FOUND, url=status.url)
    works_again(session)


def works_again(session: DeliverySession) -> None:
    """Lift the block of an account after a successful send."""
    if session.state.facts_once_sent is None:
        return
    events = session.ledger.note_account(session.lease, facts=session.state.facts_once_sent, now=session.now())
    session.state.facts_once_sent = None
    for event in events:
        session.emit(event)
