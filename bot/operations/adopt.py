"""Taking over what an account already shows: for a new ledger and an account with a history.

The delivery itself looks back only as far as what is waiting. `announce adopt` reads the whole season, so that edits
and withdrawals find the toots of posts that were announced before this ledger began.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from bot.config import Config
from bot.delivery.matching import find_status
from bot.delivery.readback import ANNOUNCED_EARLY
from bot.domain import (
    Announcement,
    CompareAndSet,
    Delivery,
    DeliveryKey,
    DeliveryState,
    Entry,
    Event,
    EventKind,
    Hold,
    Occasion,
    SeenStatus,
    Snapshot,
    WriteBatch,
)
from bot.domain.errors import PublishError, UsageError
from bot.publishers.contract import Publisher
from bot.runtime.app import Bot, make_bot
from bot.runtime.wiring import Emit


def open_for_adoption(config: Config, *, environ: Mapping[str, str], emit: Emit) -> Bot:
    """A bot whose ledger was read once: damage may show only in the rows. The caller closes it.

    Raises DamagedLedgerError if any part of the ledger is broken, LedgerError if it cannot be used.
    """
    bot = make_bot(config, environ=environ, emit=emit)
    try:
        bot.context.ledger.snapshot()
        bot.context.ledger.events(limit=1)
    except BaseException:
        bot.close()
        raise
    return bot


def release_due(bot: Bot) -> None:
    """Release what is due into the feeds, so that there is something to adopt for; sends nothing."""
    result = bot.cycle_once()
    if bot.site.check_pages_once(result.plan):
        bot.cycle_once()


def adopt_account(bot: Bot, address: str) -> tuple[Event, ...]:
    """Record what the account shows of the released posts as sent; returns an event for each.

    Raises UsageError if the account cannot be read.
    """
    try:
        batch = _shown_posts(bot, address)
    except PublishError as error:
        raise UsageError(f"{address} cannot be read: {error.message}", remedy=error.remedy) from error
    bot.context.ledger.record(batch, now=bot.context.clock.now())
    return batch.events


def _shown_posts(bot: Bot, address: str) -> WriteBatch:
    snapshot, publisher = bot.context.ledger.snapshot(), bot.publishers[address]
    wanted = [entry for entry in snapshot.entries.values() if _is_open(_known(snapshot, entry, address))]
    if not wanted:
        return WriteBatch()
    publisher.verify_account()
    recent = publisher.list_recent(since=min(entry.published for entry in wanted) - ANNOUNCED_EARLY)
    now, taken = bot.context.clock.now(), set(bot.context.ledger.snapshot().status_ids(address))
    changes, events = [], []
    for entry in sorted(wanted, key=lambda entry: entry.published):
        known = _known(snapshot, entry, address)
        status, is_foreign = _find(entry, known, recent, publisher, frozenset(taken))
        if status is None:
            continue
        taken.add(status.status_id)
        delivery = _sent(entry, known, status, address, foreign=is_foreign, now=now)
        changes.append(CompareAndSet(known=known, wanted=delivery))
        events.append(
            Event(
                at=now,
                kind=EventKind.ADOPTED,
                slug=entry.slug,
                account=address,
                detail=status.url,
                occasion=Occasion.PUBLISH,
            )
        )
    return WriteBatch(changes=tuple(changes), events=tuple(events))


def _known(snapshot: Snapshot, entry: Entry, address: str) -> Delivery | None:
    return snapshot.deliveries.get(DeliveryKey(entry.post_id, address, Occasion.PUBLISH))


def _is_open(known: Delivery | None) -> bool:
    if known is None:
        return True
    return known.state is DeliveryState.DUE or (known.state is DeliveryState.HELD and known.hold is not Hold.OPERATOR)


def _find(
    entry: Entry,
    known: Delivery | None,
    recent: Iterable[SeenStatus],
    publisher: Publisher,
    taken: frozenset[str],
) -> tuple[SeenStatus | None, bool]:
    alike = [publisher.fetch_text(status) for status in recent if entry.url in status.links]
    announcement = known.announcement if known is not None else Announcement(text="", link=entry.url, length=0, limit=0)
    status, is_foreign = find_status(announcement, alike, claimed=taken, normalise=publisher.normalise)
    # Without words of our own to compare, a toot with the link is taken for ours: so it was before the ledger was lost.
    return status, is_foreign and known is not None


def _sent(
    entry: Entry, known: Delivery | None, status: SeenStatus, address: str, *, foreign: bool, now: datetime
) -> Delivery:
    fresh = Delivery(
        key=DeliveryKey(entry.post_id, address, Occasion.PUBLISH),
        slug=entry.slug,
        due=entry.published,
        announcement=Announcement(text=status.text or "", link=entry.url, length=0, limit=0),
    )
    return replace(
        known or fresh,
        state=DeliveryState.SENT,
        hold=None,
        reason=None,
        status_id=status.status_id,
        status_url=status.url,
        settled_at=min(status.created_at, now),
        foreign=foreign,
    )
