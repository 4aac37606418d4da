"""Reads the account's statuses back, and adopts deliveries that are there already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bot.delivery.matching import find_status
from bot.delivery.ordering import ANNOUNCING, anchor_of, is_reminder
from bot.delivery.session import DeliverySession
from bot.domain import Action, Delivery, DeliveryKey, DeliveryState, EventKind, SeenStatus, Snapshot
from bot.publishers.contract import Publisher

#: A person may have announced a post by hand this long before its datetime.
ANNOUNCED_EARLY: Final = timedelta(days=1)
#: In the place of an intent's mark: the server could not be read since, so `settle` begins when it can.
IN_DOUBT: Final = ""


def preflight(deliveries: Sequence[Delivery], session: DeliverySession) -> None:
    """Read back once for all that is about to be sent: also what a lost ledger has forgotten is recognised.

    `deliveries` are some of an account's, as the caller knows them. Raises TransientError or AccountBlockedError: then
    nothing is sent.
    """
    waiting = _about_to_be_sent(deliveries, session)
    now = session.now()
    recent = session.publisher.recent(since=min(now, *(other.due for other in waiting)) - ANNOUNCED_EARLY)
    newest = recent[-1].status_id if recent else session.publisher.newest_status_id()
    known = session.ledger.snapshot()
    claimed = known.status_ids(session.account)
    with_text, before = _Texts(session.publisher), _adopted(waiting, known)
    for other in waiting:
        address = _address_of(other, known)
        said = with_text.of(_alike(other, recent, claimed=claimed, also=address))
        since = other.due if is_reminder(other) else None
        status = _found(other, said, claimed=claimed, session=session, since=since, also=address)
        if status is None and anchor_of(other) in before and other.action is Action.CONTINUE:
            status = _in_its_place(other, before[anchor_of(other)], recent, claimed=claimed, session=session)
        if status is not None:
            before[other.key] = status.status_id
        session.state.met[other.key] = (other.announcement, status)
        if status is not None:
            claimed |= {status.status_id}
    session.ledger.note_account(session.lease, last_status_id=newest, now=session.now())
    # Not counted from its beginning: one that takes longer than it is believed would be repeated for ever.
    session.state.met_at = session.context.clock.monotonic()


def _about_to_be_sent(deliveries: Sequence[Delivery], session: DeliverySession) -> list[Delivery]:
    waiting: dict[DeliveryKey, Delivery] = {
        other.key: other
        for other in session.view().open
        if other.action in ANNOUNCING and other.state is DeliveryState.DUE
    }
    # As the step knows them: if one was changed meanwhile, what is found here is not believed.
    waiting.update((delivery.key, delivery) for delivery in deliveries)
    return sorted(waiting.values(), key=lambda other: other.key.occasion.part)


def _alike(
    delivery: Delivery, recent: Iterable[SeenStatus], *, claimed: frozenset[str], also: str | None
) -> Iterable[SeenStatus]:
    link = delivery.announcement.link
    free = (status for status in recent if status.status_id not in claimed)
    if delivery.action is Action.CONTINUE:
        return (status for status in free if status.in_reply_to is not None)
    return (status for status in free if link is None or {link, also} & status.links)


def _adopted(waiting: Iterable[Delivery], known: Snapshot) -> dict[DeliveryKey, str]:
    """The toots that were there before this ledger knew of them, and that a waiting part comes after."""
    anchors = (known.deliveries.get(anchor_of(d)) for d in waiting if d.action is Action.CONTINUE)
    return {a.key: a.status_id for a in anchors if a is not None and a.status_id is not None and a.attempts == 0}


def _in_its_place(
    part: Delivery, before: str, recent: Iterable[SeenStatus], *, claimed: frozenset[str], session: DeliverySession
) -> SeenStatus | None:
    """The status that an earlier ledger sent as this part, or that a person wrote in its place."""
    for status in recent:
        if status.in_reply_to == before and status.status_id not in claimed:
            session.state.foreign.add((part.key, status.status_id))
            return status
    return None


class _Texts:
    """Asks for the text of each status once."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._known: dict[str, SeenStatus] = {}

    def of(self, statuses: Iterable[SeenStatus]) -> list[SeenStatus]:
        return [self._one(status) for status in statuses]

    def _one(self, status: SeenStatus) -> SeenStatus:
        if status.status_id not in self._known:
            self._known[status.status_id] = self._publisher.with_text(status)
        return self._known[status.status_id]


def look(delivery: Delivery, session: DeliverySession) -> None:
    """Look for a delivery of unknown outcome among what came after its first attempt began."""
    # An intent that was not sent in time counts as any other of unknown outcome from here on.
    session.state.fresh_intent = None
    in_doubt = delivery.intended_mark == IN_DOUBT
    session.state.look_began[delivery.key] = (
        timedelta() if in_doubt else session.context.clock.since(delivery.intended_mark)
    )
    sought = delivery.announcement
    if delivery.action is Action.CONTINUE:
        sought = replace(sought, link=None)  # known by its text alone, so all texts are wanted
    seen = session.publisher.read_back(sought, after_id=delivery.after_id or "0")
    if in_doubt:
        marked = replace(delivery, intended_mark=session.context.clock.mark())
        session.ledger.settle(session.lease, marked, event=None, now=session.now())
    known = session.ledger.snapshot()
    # The status came after `after_id`; no clock is compared.
    session.state.looked[delivery.key] = _found(
        delivery,
        seen,
        claimed=known.status_ids(session.account),
        session=session,
        also=_address_of(delivery, known),
    )


def _address_of(delivery: Delivery, known: Snapshot) -> str | None:
    """Where the released post is shown now: it may have been renamed since its toot was composed. None: nowhere."""
    entry = known.entries.get(delivery.key.post_id)
    return None if entry is None else entry.url


def _found(
    delivery: Delivery,
    seen: Iterable[SeenStatus],
    *,
    claimed: frozenset[str],
    session: DeliverySession,
    since: datetime | None = None,
    also: str | None,
) -> SeenStatus | None:
    by_link = delivery.action is Action.PUBLISH
    comparable = session.publisher.comparable
    status, is_foreign = find_status(
        delivery.announcement, seen, claimed=claimed, comparable=comparable, by_link=by_link, since=since, also=also
    )
    if status is not None:
        session.state.foreign.discard((delivery.key, status.status_id))
        if is_foreign:
            session.state.foreign.add((delivery.key, status.status_id))
    return status


def adopt(delivery: Delivery, status: SeenStatus, session: DeliverySession) -> None:
    """Write that the status is this delivery, settled when the status was made: it may be days old."""
    is_foreign = (delivery.key, status.status_id) in session.state.foreign
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
    """Lift the block of an account, now that something went out."""
    if session.state.facts_once_sent is None:
        return
    events = session.ledger.note_account(session.lease, facts=session.state.facts_once_sent, now=session.now())
    session.state.facts_once_sent = None
    for event in events:
        session.emit(event)
