"""Makes the plan of a cycle from posts, ledger and time: what is due, next, held or skipped, and why. Pure.

Every cycle decides anew, except where the operator has decided: a post that is too late for a toot has no delivery in
the ledger, only a reason in the plan. Each file of `bot/planner/` answers one question.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.domain import (
    Abilities,
    AccountState,
    DeliveryState,
    Finding,
    Hold,
    Occasion,
    Override,
    OverrideKind,
    OverridesSeen,
    PageAnswer,
    PageRequest,
    Post,
    Reason,
    ReasonCode,
    Snapshot,
    Upcoming,
    WriteBatch,
)
from bot.planner.builder import Compose, PlanBuilder, PlanItem, published_of, turn_of
from bot.planner.cache import PlanCache
from bot.planner.deliveries import DeliveryPlanner
from bot.planner.findings import moved_posts, renamed_posts, unique_posts
from bot.planner.guards import doubt_of, server_notice
from bot.planner.matching import Matching, match
from bot.planner.old_ids import due_for_old_ids, ids_in_use, match_old
from bot.planner.overrides import carried_over, still_to_come
from bot.planner.releases import ReleasePlanner
from bot.planner.reminders import coming_moments
from bot.planner.ruling import Policy, Verdict, held_by, skipped_by_post


def stuck(snapshot: Snapshot, accounts: Collection[str], *, now: datetime, policy: Policy) -> Iterator[Reason]:
    """Yield a reason for each delivery whose outcome has been unknown for longer than `give_up_after`.

    The worker cannot give it up like others, because only the server knows whether it arrived.
    """
    for delivery in snapshot.deliveries.values():
        key, began = delivery.key, delivery.first_tried_at
        if delivery.state is not DeliveryState.SENDING or key.account not in accounts or began is None:
            continue
        if now - began > policy.give_up_after:
            occasion = () if key.occasion == Occasion.PUBLISH else (str(key.occasion),)
            names = (*occasion, key.account)
            yield Reason(code=ReasonCode.OUTCOME_UNKNOWN, slug=delivery.slug, names=names, at=began)


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """All decisions of one cycle."""

    now: datetime
    doubt: Reason | None = None  #: why nothing may be released at all; None if all is well
    items: tuple[PlanItem, ...] = ()  #: in the order of their datetimes
    batch: WriteBatch = field(default_factory=WriteBatch)  #: what the plan writes to the ledger
    released: tuple[Post, ...] = ()  #: posts whose release is new
    findings: tuple[Finding, ...] = ()
    troubles: tuple[Reason, ...] = ()  #: further problems to report to the operator
    next_release: datetime | None = None  #: the next publish datetime, or moment of a reminder
    wanted_pages: tuple[PageRequest, ...] = ()  #: the pages that the site is to be asked for
    accounts: Mapping[str, AccountState] = field(default_factory=dict)  #: as they were in this cycle, by address
    deploys: Mapping[str, str] = field(default_factory=dict)  #: post id → its version that the site should show

    def of(self, *verdicts: Verdict) -> tuple[PlanItem, ...]:
        """Return the items with one of these verdicts."""
        return tuple(item for item in self.items if item.verdict in verdicts)


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanInput:
    """All that a plan depends on."""

    posts: Collection[Post]
    snapshot: Snapshot
    now: datetime  #: aware, UTC: the moment to decide for
    accounts: Mapping[str, Abilities]  #: what each account of the settings accepts and can do, by address
    policy: Policy
    compose: Compose  #: may raise ComposeError
    broken: Collection[str] = ()  #: slugs of files with faults, which count as existing
    readable: bool = True  #: whether the folder of posts could be read
    server_times: Mapping[str, datetime] = field(default_factory=dict)  #: present times of the servers that answered
    doubt: Reason | None = None  #: a reason of the caller's to release nothing
    pages: Mapping[str, PageAnswer] = field(default_factory=dict)  #: the site's latest answers, by permalink


def make_plan(given: PlanInput, *, cache: PlanCache | None = None) -> Plan:
    """Decide everything. A `cache` that the caller keeps from cycle to cycle saves time and changes nothing else."""
    now, accounts = given.now, tuple(given.accounts)
    dated, findings = unique_posts(post for post in given.posts if post.published is not None)
    matching = match(dated, given.snapshot.entries, broken=given.broken)
    passed_on = carried_over(given.snapshot, dated)
    snapshot = replace(given.snapshot, overrides={**given.snapshot.overrides, **passed_on})
    doubt = given.doubt or doubt_of(snapshot, dated, broken=given.broken, now=now, server_times=given.server_times)
    states = {address: _state(address, snapshot, now) for address in accounts}

    builder = PlanBuilder(
        snapshot=snapshot, now=now, policy=given.policy, compose=given.compose, accounts=given.accounts
    )
    releases = ReleasePlanner(builder, pages=given.pages, cache=cache)
    if doubt:
        releases.wait([post for post in dated if post.path not in matching.entries], doubt)
    else:
        _release(releases, dated, matching, snapshot, now=now, readable=given.readable)
        _deliver(DeliveryPlanner(builder, releases.out, cache=cache), states.values(), readable=given.readable)
    waiting = _still_waiting(dated, matching, releases, now=now)
    batch = WriteBatch() if doubt else _batch(given, builder, releases, dated, waiting, passed_on, states)
    items = [*builder.items, *_upcoming_items(waiting, accounts, snapshot.overrides)]
    moments = (*map(published_of, waiting), *coming_moments(_reminding_posts(dated, accounts), now=now))
    notice = server_notice(given.server_times, now)
    return Plan(
        now=now,
        doubt=doubt,
        items=tuple(sorted(items, key=lambda item: (item.due, item.order, item.slug, item.account, item.occasion))),
        batch=batch,
        released=tuple(releases.newly_released),
        findings=(
            *findings,
            *moved_posts(dated, matching, overrides=snapshot.overrides),
            *renamed_posts(dated, matching),
        ),
        troubles=tuple(
            filter(None, (*builder.troubles, *stuck(snapshot, accounts, now=now, policy=given.policy), notice))
        ),
        wanted_pages=tuple(releases.pages.wanted),
        deploys=releases.deploys,
        accounts=states,
        next_release=min(moments, default=None),
    )


def _batch(
    given: PlanInput,
    builder: PlanBuilder,
    releases: ReleasePlanner,
    dated: Sequence[Post],
    waiting: Sequence[Post],
    passed_on: Mapping[str, Override],
    states: Mapping[str, AccountState],
) -> WriteBatch:
    """Return what the plan writes to the ledger. `passed_on` are the overrides of posts that have another id now."""
    snapshot, upcoming = builder.snapshot, None
    if given.readable:
        to_come = still_to_come(
            snapshot, {post.post_id: _upcoming(post) for post in waiting}, passed_on, released=releases.released_ids
        )
        upcoming = None if to_come == snapshot.upcoming else to_come
    return WriteBatch(
        entries=tuple(releases.changed_entries()),
        changes=tuple(builder.changes),
        new_accounts=tuple(state for address, state in states.items() if address not in snapshot.accounts),
        events=(*releases.old_news(), *builder.events),
        upcoming=upcoming,
        overrides=tuple(passed_on.values()),
        overrides_seen=OverridesSeen(overrides=given.snapshot.overrides, paused=given.snapshot.paused),
        waiting=releases.pages.remembered({post.post_id for post in dated}) if given.readable else None,
    )


def _release(
    releases: ReleasePlanner,
    dated: Sequence[Post],
    matching: Matching,
    snapshot: Snapshot,
    *,
    now: datetime,
    readable: bool,
) -> None:
    if snapshot.old_entries:
        # Without upcoming posts: they must not influence anything before their datetime.
        waiting_now = due_for_old_ids(dated, known=matching.entries.keys(), now=now)
        in_use = ids_in_use(snapshot.entries)
        releases.old_entries = match_old(waiting_now, snapshot.old_entries.values(), taken=in_use)
    for post in sorted(dated, key=turn_of):
        releases.release(post, matching)
    if readable and dated:
        releases.miss(matching.vanished)


def _deliver(deliveries: DeliveryPlanner, states: Collection[AccountState], *, readable: bool) -> None:
    for state in states:
        deliveries.deliver(state)
    if readable:
        deliveries.orphans([state.address for state in states])


def _still_waiting(dated: Sequence[Post], matching: Matching, releases: ReleasePlanner, *, now: datetime) -> list[Post]:
    """Return the posts whose datetime is in the future."""
    return [
        post
        for post in dated
        if post.path not in matching.entries and published_of(post) > now and post.post_id not in releases.released_ids
    ]


def _upcoming(post: Post) -> Upcoming:
    return Upcoming(post_id=post.post_id, slug=post.slug, due=published_of(post))


def _state(address: str, snapshot: Snapshot, now: datetime) -> AccountState:
    if address in snapshot.accounts:
        return snapshot.accounts[address]
    is_running = bool(snapshot.entries or snapshot.accounts)
    return AccountState(address=address, joined_at=now if is_running else None)


def _upcoming_items(
    posts: Sequence[Post], accounts: Sequence[str], overrides: Mapping[str, Override]
) -> Iterator[PlanItem]:
    for post in posts:
        override = overrides.get(post.post_id)
        held = held_by(override)
        feeds_only = _feeds_only(post, override)
        for address in ("",) if feeds_only or not accounts else accounts:
            yield PlanItem(
                post_id=post.post_id,
                slug=post.slug,
                title=post.title,
                account=address,
                due=published_of(post),
                order=post.order,
                verdict=Verdict.HELD if held else Verdict.UPCOMING,
                reason=held or feeds_only,
                hold=Hold.OPERATOR if held else None,
            )
            for reminder in post.reminders if address and not post.hidden else ():
                yield PlanItem(
                    post_id=post.post_id,
                    slug=post.slug,
                    title=post.title,
                    account=address,
                    due=reminder.at,
                    verdict=Verdict.HELD if held else Verdict.UPCOMING,
                    occasion=Occasion.reminder(reminder.reminder_id),
                    reason=held,
                    hold=Hold.OPERATOR if held else None,
                )


def _reminding_posts(posts: Iterable[Post], accounts: Sequence[str]) -> Iterator[Post]:
    if accounts:
        yield from (post for post in posts if post.is_tooted)


def _feeds_only(post: Post, override: Override | None) -> Reason | None:
    if override is not None and override.kind is OverrideKind.SKIP:
        return Reason(code=ReasonCode.FEEDS_ONLY_SKIPPED_BY, who=override.who)
    return skipped_by_post(post)
