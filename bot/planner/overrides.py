"""Overrides: what an operator's command would change in the ledger. Pure; the command line shows and records it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain import (
    Action,
    CompareAndSet,
    Delivery,
    DeliveryState,
    Effect,
    EffectKind,
    Event,
    EventKind,
    Hold,
    Occasion,
    Override,
    OverrideKind,
    Post,
    Reason,
    ReasonCode,
    Snapshot,
    Upcoming,
    WriteBatch,
)
from bot.planner.guards import clock_doubt
from bot.planner.matching import entry_by_name
from bot.planner.ruling import failed_for_picture

#: Overrides that pass to a replaced post: what the operator forbade stays forbidden; an order can be repeated.
_KEPT = (OverrideKind.HOLD, OverrideKind.SKIP)


def carried_over(snapshot: Snapshot, posts: Sequence[Post]) -> dict[str, Override]:
    """Return the overrides that pass from an upcoming post to the new one that replaced it (same slug or datetime)."""
    here = {post.post_id for post in posts}
    found: dict[str, Override] = {}
    for override in snapshot.overrides.values():
        was = snapshot.upcoming.get(override.post_id)
        if was is None or override.kind not in _KEPT or override.post_id in here:
            continue
        for post in posts:
            if _is_new(post, snapshot) and (post.slug == was.slug or post.published == was.due):
                found[post.post_id] = replace(override, post_id=post.post_id)
    return found


def _is_new(post: Post, snapshot: Snapshot) -> bool:
    """Whether the ledger does not know the post: its id is new, or belonged to another file until now."""
    known = snapshot.upcoming.get(post.post_id)
    was_another = known is None or known.slug != post.slug
    return was_another and post.post_id not in snapshot.overrides and post.post_id not in snapshot.entries


def still_to_come(
    snapshot: Snapshot,
    upcoming: Mapping[str, Upcoming],
    passed_on: Mapping[str, Override],
    *,
    released: Collection[str],
) -> dict[str, Upcoming]:
    """Return the upcoming posts to record, including held ones whose file is missing, to recognise their return."""
    moments = {override.at for override in passed_on.values()}
    waiting = {
        post_id: snapshot.upcoming[post_id]
        for post_id, override in snapshot.overrides.items()
        if override.kind in _KEPT
        and post_id in snapshot.upcoming
        and post_id not in snapshot.entries
        and post_id not in released
        and (override.at not in moments or post_id in passed_on)
    }
    return {**waiting, **upcoming}


_OPEN = (DeliveryState.DUE, DeliveryState.HELD)


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """What a command would do, for the operator to confirm before it is recorded."""

    effects: tuple[Effect, ...]
    batch: WriteBatch
    refusal: Reason | None = None  #: why the command cannot be carried out; the rest is then not used


def propose_override(
    kind: OverrideKind,
    post: Post,
    snapshot: Snapshot,
    *,
    who: str,
    now: datetime,
    accounts: list[str],
    early: bool = False,
) -> Proposal:
    """Return the effect of an override by the operator `who`. `accounts` are the configured addresses."""
    entry = entry_by_name(post, snapshot.entries)
    post_id = entry.post_id if entry is not None else post.post_id
    before = snapshot.overrides.get(post_id)
    mine = [d for d in snapshot.deliveries.values() if d.key.post_id == post_id and d.key.account in accounts]
    refusal = (
        _refusal(kind, post, mine, released=entry is not None, now=now, early=early)
        or (None if _is_of_reminders(kind, post, mine, now=now) else _tooted_already(kind, mine, accounts))
        or _nothing_to_do(kind, mine, before, waits_for_page=post_id in snapshot.waiting)
    )
    # Later overrides must not change that the post was released early.
    was_early = entry is not None and before is not None and before.early
    is_early = early and entry is None and post.published is not None and post.published > now
    override = Override(post_id=post_id, kind=kind, early=is_early or was_early, who=who, at=now)
    changes = tuple(change for change in (_change(kind, d, who=who, now=now) for d in mine) if change is not None)
    event = Event(
        at=now,
        kind=_PAST[kind],
        slug=post.slug,
        reason=Reason(code=ReasonCode.BEFORE_DATETIME) if early else None,
        who=who,
    )
    return Proposal(
        effects=tuple(_effects(kind, post, mine, released=entry is not None, now=now)),
        batch=WriteBatch(overrides=(override,), changes=changes, events=(event,)),
        refusal=Reason(code=refusal) if refusal is not None else None,
    )


_PAST = {
    OverrideKind.HOLD: EventKind.HELD,
    OverrideKind.RELEASE: EventKind.LET_GO,
    OverrideKind.PUBLISH: EventKind.ORDERED,
    OverrideKind.SKIP: EventKind.SKIPPED,
    OverrideKind.RETRY: EventKind.TO_BE_TRIED_AGAIN,
}


def _refusal(
    kind: OverrideKind, post: Post, mine: list[Delivery], *, released: bool, now: datetime, early: bool
) -> ReasonCode | None:
    if post.published is None:
        return ReasonCode.IS_DRAFT
    if post.withdrawn is not None and kind in (OverrideKind.RELEASE, OverrideKind.PUBLISH):
        return ReasonCode.IS_WITHDRAWN
    if kind is OverrideKind.PUBLISH and not released and post.published > now and not early:
        return ReasonCode.DATETIME_TO_COME
    if any(d.state is DeliveryState.SENDING for d in mine) and kind in (OverrideKind.HOLD, OverrideKind.SKIP):
        return ReasonCode.BEING_SENT
    return None


def _is_of_reminders(kind: OverrideKind, post: Post, mine: list[Delivery], *, now: datetime) -> bool:
    """Whether an override of a post that is already tooted applies to its pending reminders."""
    if kind not in (OverrideKind.HOLD, OverrideKind.RELEASE, OverrideKind.SKIP):
        return False
    waiting = any(delivery.is_reminder and delivery.state in _OPEN for delivery in mine)
    return waiting or any(reminder.at > now for reminder in post.reminders)


def _tooted_already(kind: OverrideKind, mine: list[Delivery], accounts: list[str]) -> ReasonCode | None:
    if kind is OverrideKind.RETRY:
        return None
    toots = {d.key.account: d.state for d in mine if d.key.occasion == Occasion.PUBLISH}
    meant = accounts if kind is OverrideKind.PUBLISH else toots
    if not toots or any(toots.get(account) is not DeliveryState.SENT for account in meant):
        return None
    return ReasonCode.TOOTED_ALREADY


def _nothing_to_do(
    kind: OverrideKind, mine: list[Delivery], before: Override | None, *, waits_for_page: bool
) -> ReasonCode | None:
    if kind is OverrideKind.RETRY and not any(_has_failed(delivery) for delivery in mine):
        return ReasonCode.NOTHING_FAILED
    override_holds = before is not None and before.kind in (OverrideKind.HOLD, OverrideKind.RELEASE)
    # A skipped post waits for the feeds only: releasing it must not toot it.
    is_waiting = waits_for_page and not (before is not None and before.kind is OverrideKind.SKIP)
    is_held = override_holds or is_waiting or any(d.state is DeliveryState.HELD for d in mine)
    if kind is OverrideKind.RELEASE and not is_held:
        return ReasonCode.NOTHING_HELD
    return None


def _has_failed(delivery: Delivery) -> bool:
    return delivery.state is DeliveryState.REJECTED or delivery.hold is Hold.FAILED


def _change(kind: OverrideKind, delivery: Delivery, *, who: str, now: datetime) -> CompareAndSet | None:
    """Return the immediate change of a delivery; for toots the next cycle derives the same from the override."""
    wanted = _wanted(kind, delivery, who=who, now=now)
    return CompareAndSet(known=delivery, wanted=wanted) if wanted != delivery else None


def _wanted(kind: OverrideKind, delivery: Delivery, *, who: str, now: datetime) -> Delivery:
    is_toot, is_open = delivery.action is Action.PUBLISH, delivery.state in _OPEN
    let_go = replace(delivery, state=DeliveryState.DUE, hold=None, reason=None, ordered_by=who, first_tried_at=None)
    if kind is OverrideKind.HOLD and is_open and (is_toot or delivery.action is Action.EDIT):
        reason = Reason(code=ReasonCode.HELD_BY, who=who)
        return replace(delivery, state=DeliveryState.HELD, hold=Hold.OPERATOR, reason=reason)
    if kind is OverrideKind.SKIP and is_open and is_toot:
        reason = Reason(code=ReasonCode.SKIPPED_BY, who=who)
        skipped = replace(delivery, state=DeliveryState.SKIPPED, hold=None, reason=reason)
        return replace(skipped, settled_at=now, not_before=None)
    if kind is OverrideKind.RELEASE and delivery.hold is not None and delivery.hold is not Hold.UNCLEAR:
        return let_go
    if kind is OverrideKind.RELEASE and delivery.is_reminder and failed_for_picture(delivery.reason):
        return let_go
    is_toot = is_toot and not delivery.is_reminder  # release and retry apply to reminders only here, not in the rules
    if kind is OverrideKind.RETRY and not is_toot and _has_failed(delivery):
        # A toot waits for the next cycle, which composes it anew: the author has probably corrected the file.
        return replace(let_go, not_before=None, settled_at=None, generation=delivery.generation + 1)
    return delivery


def _effects(
    kind: OverrideKind, post: Post, mine: list[Delivery], *, released: bool, now: datetime
) -> Iterator[Effect]:
    effect = _EFFECTS[kind]
    if kind is OverrideKind.RELEASE and not released and post.published is not None and post.published > now:
        effect = EffectKind.SEND_ON_TIME
    toots = [delivery for delivery in mine if delivery.key.occasion == Occasion.PUBLISH]
    if toots and all(toot.state is DeliveryState.SENT for toot in toots):
        effect = _EFFECTS_ON_REMINDERS.get(kind, effect)
    yield Effect(kind=effect, slug=post.slug, title=post.title)
    yield from (Effect(kind=EffectKind.STATE, account=toot.key.account, state=toot.state) for toot in toots)


_EFFECTS = {
    OverrideKind.HOLD: EffectKind.HOLD,
    OverrideKind.RELEASE: EffectKind.SEND_NOW,
    OverrideKind.PUBLISH: EffectKind.SEND_NOW,
    OverrideKind.SKIP: EffectKind.SKIP,
    OverrideKind.RETRY: EffectKind.RETRY,
}
_EFFECTS_ON_REMINDERS = {
    OverrideKind.HOLD: EffectKind.HOLD_REMINDERS,
    OverrideKind.RELEASE: EffectKind.SEND_REMINDERS,
    OverrideKind.SKIP: EffectKind.SKIP_REMINDERS,
}


def resume(snapshot: Snapshot, *, who: str, now: datetime) -> Proposal:
    """Lift the pause and the burst limit's holds, and accept missing upcoming posts; the operator's holds stay."""
    held = [d for d in snapshot.deliveries.values() if d.hold is Hold.BURST_LIMIT]
    changes = tuple(
        CompareAndSet(known=d, wanted=replace(d, state=DeliveryState.DUE, hold=None, reason=None, ordered_by=who))
        for d in sorted(held, key=lambda d: d.sequence)
    )
    effects = [Effect(kind=EffectKind.END_BURST_HOLD, slug=d.slug, account=d.key.account) for d in held]
    if snapshot.paused:
        effects.append(Effect(kind=EffectKind.END_PAUSE, who=snapshot.paused))
    doubted = bool(clock_doubt(snapshot, now))
    if doubted:
        effects.append(Effect(kind=EffectKind.ACCEPT_CLOCK, at=now))
    events = tuple(
        Event(
            at=now,
            kind=EventKind.LET_GO,
            slug=d.slug,
            account=d.key.account,
            occasion=d.key.occasion,
            reason=Reason(code=ReasonCode.WAS_HELD_BY_BURST_LIMIT),
            who=who,
        )
        for d in held
    )
    if snapshot.paused:
        events += (Event(at=now, kind=EventKind.RESUMED, who=who),)
    return Proposal(
        effects=tuple(effects),
        batch=WriteBatch(
            changes=changes,
            events=events,
            paused="" if snapshot.paused else None,
            upcoming={},
            accept_clock=doubted,
        ),
    )


def pause(snapshot: Snapshot, *, who: str, now: datetime) -> Proposal:
    """Pause all releases and toots until `resume`."""
    if snapshot.paused:
        refusal = Reason(code=ReasonCode.PAUSED_ALREADY, who=snapshot.paused)
        return Proposal(effects=(), batch=WriteBatch(), refusal=refusal)
    return Proposal(
        effects=(Effect(kind=EffectKind.PAUSE),),
        batch=WriteBatch(
            paused=f"{who} on {now:%Y-%m-%d %H:%M} UTC", events=(Event(at=now, kind=EventKind.PAUSED, who=who),)
        ),
    )
