"""A person's word: what a command would change in the ledger. Pure; the command line asks, shows and records it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain import (
    Action,
    CompareAndSet,
    Delivery,
    DeliveryState,
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

#: What a person has forbidden stays forbidden; what was ordered may be ordered again.
_KEPT = (OverrideKind.HOLD, OverrideKind.SKIP)


def carried_over(snapshot: Snapshot, posts: Sequence[Post]) -> dict[str, Override]:
    """Words that pass to a post which took the place of one that waited: same slug, or same datetime."""
    here = {post.post_id for post in posts}
    found: dict[str, Override] = {}
    for word in snapshot.words.values():
        was = snapshot.upcoming.get(word.post_id)
        if was is None or word.said not in _KEPT or word.post_id in here:
            continue
        for post in posts:
            if _is_new(post, snapshot) and (post.slug == was.slug or post.published == was.due):
                found[post.post_id] = replace(word, post_id=post.post_id)
    return found


def _is_new(post: Post, snapshot: Snapshot) -> bool:
    """Whether nothing is known of it by its id, or by its id that another file had until now."""
    known = snapshot.upcoming.get(post.post_id)
    was_another = known is None or known.slug != post.slug
    return was_another and post.post_id not in snapshot.words and post.post_id not in snapshot.entries


def still_to_come(
    snapshot: Snapshot,
    upcoming: Mapping[str, Upcoming],
    passed_on: Mapping[str, Override],
    *,
    released: Collection[str],
) -> dict[str, Upcoming]:
    """What to remember as upcoming: also held posts whose file is gone for now, so that their return is recognised."""
    moments = {word.at for word in passed_on.values()}
    waiting = {
        post_id: snapshot.upcoming[post_id]
        for post_id, word in snapshot.words.items()
        if word.said in _KEPT
        and post_id in snapshot.upcoming
        and post_id not in snapshot.entries
        and post_id not in released
        and (word.at not in moments or post_id in passed_on)
    }
    return {**waiting, **upcoming}


_OPEN = (DeliveryState.DUE, DeliveryState.HELD)


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """What a word would do, for a person to look at before it is recorded."""

    lines: tuple[str, ...]  #: what will happen, for each account
    recording: WriteBatch
    refusal: str = ""  #: why it cannot be done; then nothing else matters


def propose_override(
    said: OverrideKind,
    post: Post,
    snapshot: Snapshot,
    *,
    who: str,
    now: datetime,
    accounts: list[str],
    early: bool = False,
) -> Proposal:
    """What happens if `who` says this of the post. `accounts` are the addresses in the settings."""
    entry = entry_by_name(post, snapshot.entries)
    post_id = entry.post_id if entry is not None else post.post_id
    before = snapshot.words.get(post_id)
    mine = [d for d in snapshot.deliveries.values() if d.key.post_id == post_id and d.key.account in accounts]
    refusal = (
        _refusal(said, post, mine, released=entry is not None, now=now, early=early)
        or ("" if _is_of_reminders(said, post, mine, now=now) else _already(said, mine, accounts))
        or _nothing_to_do(said, mine, before, waits_for_page=post_id in snapshot.waiting)
    )
    # That a post was released early stays true, whatever is said of it later.
    was_early = entry is not None and before is not None and before.early
    is_early = early and entry is None and post.published is not None and post.published > now
    word = Override(post_id=post_id, said=said, early=is_early or was_early, who=who, at=now)
    changes = tuple(change for change in (_change(said, d, who=who, now=now) for d in mine) if change is not None)
    event = Event(
        at=now,
        kind=_PAST[said],
        slug=post.slug,
        reason=Reason(code=ReasonCode.BEFORE_DATETIME) if early else None,
        who=who,
    )
    return Proposal(
        lines=tuple(_lines(said, post, mine, released=entry is not None, now=now)),
        recording=WriteBatch(words=(word,), changes=changes, events=(event,)),
        refusal=refusal,
    )


_PAST = {
    OverrideKind.HOLD: EventKind.HELD,
    OverrideKind.RELEASE: EventKind.LET_GO,
    OverrideKind.PUBLISH: EventKind.ORDERED,
    OverrideKind.SKIP: EventKind.SKIPPED,
    OverrideKind.RETRY: EventKind.TO_BE_TRIED_AGAIN,
}


def _refusal(
    said: OverrideKind, post: Post, mine: list[Delivery], *, released: bool, now: datetime, early: bool
) -> str:
    if post.published is None:
        return "it is a draft: give it a published_datetime first"
    if post.withdrawn is not None and said in (OverrideKind.RELEASE, OverrideKind.PUBLISH):
        return "it is withdrawn: take `withdrawn:` out of its file first"
    if said is OverrideKind.PUBLISH and not released and post.published > now and not early:
        return "its datetime has not come; to release it now all the same, add --early"
    if any(d.state is DeliveryState.SENDING for d in mine) and said in (OverrideKind.HOLD, OverrideKind.SKIP):
        return "its toot is under way at this moment; look at `announce queue` and try again"
    return ""


def _is_of_reminders(said: OverrideKind, post: Post, mine: list[Delivery], *, now: datetime) -> bool:
    """Whether a word on a post that is tooted means the reminders that are still to go out."""
    if said not in (OverrideKind.HOLD, OverrideKind.RELEASE, OverrideKind.SKIP):
        return False
    waiting = any(_is_reminder(delivery) and delivery.state in _OPEN for delivery in mine)
    return waiting or any(reminder.at > now for reminder in post.reminders)


def _is_reminder(delivery: Delivery) -> bool:
    return delivery.action is Action.PUBLISH and bool(delivery.key.occasion.reminder_id)


def _already(said: OverrideKind, mine: list[Delivery], accounts: list[str]) -> str:
    if said is OverrideKind.RETRY:
        return ""
    toots = {d.key.account: d.state for d in mine if d.key.occasion == Occasion.PUBLISH}
    meant = accounts if said is OverrideKind.PUBLISH else toots
    if not toots or any(toots.get(account) is not DeliveryState.SENT for account in meant):
        return ""
    return "it is tooted already; to take it back write `withdrawn: true` into the file"


def _nothing_to_do(said: OverrideKind, mine: list[Delivery], before: Override | None, *, waits_for_page: bool) -> str:
    if said is OverrideKind.RETRY and not any(_was_given_up(delivery) for delivery in mine):
        return "nothing of it was rejected or given up"
    word_holds = before is not None and before.said in (OverrideKind.HOLD, OverrideKind.RELEASE)
    # One that was skipped waits for the feeds alone: letting it go must not toot it.
    waits = waits_for_page and not (before is not None and before.said is OverrideKind.SKIP)
    is_held = word_holds or waits or any(d.state is DeliveryState.HELD for d in mine)
    if said is OverrideKind.RELEASE and not is_held:
        return "nothing of it is held; a late or skipped one goes out with `announce publish`"
    return ""


def _was_given_up(delivery: Delivery) -> bool:
    return delivery.state is DeliveryState.REJECTED or delivery.hold is Hold.FAILED


def _change(said: OverrideKind, delivery: Delivery, *, who: str, now: datetime) -> CompareAndSet | None:
    """What is done at once; for toots the next pass comes to the same by the word itself."""
    wanted = _wanted(said, delivery, who=who, now=now)
    return CompareAndSet(known=delivery, wanted=wanted) if wanted != delivery else None


def _wanted(said: OverrideKind, delivery: Delivery, *, who: str, now: datetime) -> Delivery:
    is_toot, is_open = delivery.action is Action.PUBLISH, delivery.state in _OPEN
    let_go = replace(delivery, state=DeliveryState.DUE, hold=None, reason=None, ordered_by=who, first_tried_at=None)
    if said is OverrideKind.HOLD and is_open and (is_toot or delivery.action is Action.EDIT):
        reason = Reason(code=ReasonCode.HELD_BY, who=who)
        return replace(delivery, state=DeliveryState.HELD, hold=Hold.PERSON, reason=reason)
    if said is OverrideKind.SKIP and is_open and is_toot:
        reason = Reason(code=ReasonCode.SKIPPED_BY, who=who)
        skipped = replace(delivery, state=DeliveryState.SKIPPED, hold=None, reason=reason)
        return replace(skipped, settled_at=now, not_before=None)
    if said is OverrideKind.RELEASE and delivery.hold is not None and delivery.hold is not Hold.UNCLEAR:
        return let_go
    if said is OverrideKind.RELEASE and _is_reminder(delivery) and failed_for_picture(delivery.reason):
        return let_go
    is_toot = is_toot and not _is_reminder(delivery)  # those know nothing of words that let go
    if said is OverrideKind.RETRY and not is_toot and _was_given_up(delivery):
        # A toot waits for the next pass, which composes it anew: its file was probably mended.
        return replace(let_go, not_before=None, settled_at=None, generation=delivery.generation + 1)
    return delivery


def _lines(said: OverrideKind, post: Post, mine: list[Delivery], *, released: bool, now: datetime) -> list[str]:
    waits = not released and post.published is not None and post.published > now
    will = {
        OverrideKind.HOLD: "is not released and not tooted until `announce release`",
        OverrideKind.RELEASE: "goes out at its datetime" if waits else "goes out now",
        OverrideKind.PUBLISH: "goes out now",
        OverrideKind.SKIP: "enters the feeds and is not tooted",
        OverrideKind.RETRY: "is tried again now",
    }[said]
    toots = [delivery for delivery in mine if delivery.key.occasion == Occasion.PUBLISH]
    if toots and all(toot.state is DeliveryState.SENT for toot in toots):
        will = _WILL_OF_REMINDERS.get(said, will)
    return [
        f"{post.slug} ({post.title}) {will}.",
        *(f"    {toot.key.account}: is {toot.state.value} now" for toot in toots),
    ]


_WILL_OF_REMINDERS = {
    OverrideKind.HOLD: "is tooted; its reminders are held until `announce release`",
    OverrideKind.RELEASE: "is tooted; its reminders go out at their times",
    OverrideKind.SKIP: "is tooted; its reminders are not",
}


def resume(snapshot: Snapshot, *, who: str, now: datetime) -> Proposal:
    """Lift the pause and the brake, and accept that upcoming posts are gone; what a person held stays held."""
    braked = [d for d in snapshot.deliveries.values() if d.hold is Hold.BRAKE]
    changes = tuple(
        CompareAndSet(known=d, wanted=replace(d, state=DeliveryState.DUE, hold=None, reason=None, ordered_by=who))
        for d in sorted(braked, key=lambda d: d.sequence)
    )
    lines = [f"{d.slug} → {d.key.account}: held by the brake, goes out" for d in braked]
    if snapshot.paused:
        lines.append(f"the pause ends (paused by {snapshot.paused})")
    doubted = bool(clock_doubt(snapshot, now))
    if doubted:
        lines.append(f"the clock is believed: it is {now:%Y-%m-%d %H:%M} UTC")
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
        for d in braked
    )
    if snapshot.paused:
        events += (Event(at=now, kind=EventKind.RESUMED, who=who),)
    return Proposal(
        lines=tuple(lines),
        recording=WriteBatch(
            changes=changes,
            events=events,
            paused="" if snapshot.paused else None,
            upcoming={},
            accept_clock=doubted,
        ),
    )


def pause(snapshot: Snapshot, *, who: str, now: datetime) -> Proposal:
    """Release and toot nothing until `resume`."""
    if snapshot.paused:
        return Proposal(lines=(), recording=WriteBatch(), refusal=f"paused already, by {snapshot.paused}")
    return Proposal(
        lines=("Nothing is released and nothing is tooted until `announce resume`.",),
        recording=WriteBatch(
            paused=f"{who} on {now:%Y-%m-%d %H:%M} UTC", events=(Event(at=now, kind=EventKind.PAUSED, who=who),)
        ),
    )
