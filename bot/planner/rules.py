"""The rules for one post and one account, in their order, each with its reason. Pure.

The order: deliveries that are settled or in flight; `withdrawn:`; `expires:`; the operator's override; the post's own
settings; `catch_up`; `if_missed`; the burst limit; the hours of the day. The delivery protocol applies the spacing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from bot.domain import Delivery, DeliveryState, Hold, Missed, Override, OverrideKind, Reason, ReasonCode
from bot.domain.durations import rounded_duration
from bot.planner.ruling import (
    Case,
    Policy,
    Ruling,
    Verdict,
    burst_limit_reason,
    failed_for_picture,
    held_by,
    skipped_by_post,
    was_tried,
)

#: A post that is later than this counts as missed: `if_missed:` and the hours of the day apply.
MISSED_AFTER: Final = timedelta(hours=1)
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)


def rule(case: Case, *, now: datetime, policy: Policy) -> Ruling:
    """Decide on one post on one account; `now` is aware."""
    return (
        _settled(case)
        or _withdrawn(case)
        or _expired(case, now)
        or _overridden(case)
        or _kept_out(case)
        or _still_held(case)
        or _late(case, now, policy)
        or _over_burst_limit(case, policy)
        or _due(case, now, policy)
    )


def _settled(case: Case) -> Ruling | None:
    known = case.known
    if known is None:
        return None
    if known.state is DeliveryState.SENDING:
        return Ruling(verdict=Verdict.SENDING, reason=known.reason)
    if known.state is DeliveryState.SENT:
        return Ruling(verdict=Verdict.SENT, reason=Reason(code=ReasonCode.TOOTED_BY_HAND) if known.foreign else None)
    if known.state is DeliveryState.REJECTED and not _retry_is_ordered(case):
        return Ruling(verdict=Verdict.REJECTED, reason=known.reason)
    return None


def _retry_is_ordered(case: Case) -> bool:
    override, known = case.override, case.known
    if (
        override is None
        or known is None
        or override.kind not in (OverrideKind.RETRY, OverrideKind.PUBLISH, OverrideKind.RELEASE)
    ):
        return False
    return known.settled_at is None or override.at >= known.settled_at


def _withdrawn(case: Case) -> Ruling | None:
    # Recorded, so that the post is not tooted if the author removes `withdrawn:`.
    if case.post.withdrawn is None:
        return None
    return Ruling(verdict=Verdict.SKIPPED, reason=Reason(code=ReasonCode.WITHDRAWN), writes=True)


def _expired(case: Case, now: datetime) -> Ruling | None:
    expires = case.post.expires
    if expires is None or now < expires:
        return None
    if case.post.reminding is not None and expires == case.post.deadline:
        return skip(case, Reason(code=ReasonCode.DEADLINE_PASSED, at=expires))
    return skip(case, Reason(code=ReasonCode.EXPIRED, at=expires))


def _overridden(case: Case) -> Ruling | None:
    override, known = case.override, case.known
    if override is None:
        return None
    if held_by(override) is not None:
        reason = held_by(override)
        return Ruling(verdict=Verdict.HELD, hold=Hold.OPERATOR, reason=reason, writes=True, compose=True)
    if override.kind is OverrideKind.SKIP:
        reason = Reason(code=ReasonCode.SKIPPED_BY, who=override.who)
        return Ruling(verdict=Verdict.SKIPPED, reason=reason, writes=True)
    if not _applies(override, case):
        return None
    again = known is not None and known.state is not DeliveryState.DUE and was_tried(known)
    return Ruling(
        verdict=Verdict.DUE,
        writes=True,
        compose=True,
        ordered_by=override.who,
        again=again,
        reason=_last_failure(known),
    )


def _applies(override: Override, case: Case) -> bool:
    """Whether a releasing override (RELEASE, PUBLISH, RETRY) applies to this toot."""
    known, joined = case.known, case.state.joined_at
    if joined is not None and case.entry.published < joined and override.at < joined:
        # The operator gave the override before this account was added.
        return False
    if override.kind is OverrideKind.RELEASE and _reason_against(case):
        return False
    given_up = known is not None and (known.state is DeliveryState.REJECTED or known.hold is Hold.FAILED)
    if override.kind is OverrideKind.RETRY and not given_up:
        # RETRY applies only to a failed toot; once it is due again, it stays the order of the same operator.
        return known is not None and known.state is DeliveryState.DUE and known.ordered_by == override.who
    was_settled = given_up or (known is not None and known.state is DeliveryState.SKIPPED)
    return not was_settled or _retry_is_ordered(case)


def _last_failure(known: Delivery | None) -> Reason | None:
    # While a retry is due, the operator wants to see the last failure.
    return known.reason if known is not None and known.state is DeliveryState.DUE and was_tried(known) else None


def _kept_out(case: Case) -> Ruling | None:
    if case.known is not None and case.known.state is DeliveryState.SKIPPED:
        return Ruling(verdict=Verdict.SKIPPED, reason=case.known.reason)
    reason = _reason_against(case)
    return skip(case, reason) if reason else None


def _reason_against(case: Case) -> Reason | None:
    """Return why the account never announces this post; None if it may."""
    joined = case.state.joined_at
    if case.post.mastodon.skip:
        return skipped_by_post(case.post)
    if case.post.hidden:
        return Reason(code=ReasonCode.HIDDEN)
    if joined is not None and case.entry.published < joined:
        return Reason(code=ReasonCode.ACCOUNT_JOINED_LATER, at=joined)
    return None


def _still_held(case: Case) -> Ruling | None:
    known = case.known
    if known is None or known.state is not DeliveryState.HELD:
        return None
    if known.hold is Hold.UNCLEAR and not failed_for_picture(known.reason):
        return None
    # A held toot follows its file, so that a later release sends the latest text.
    return Ruling(verdict=Verdict.HELD, hold=known.hold, reason=known.reason, writes=True, compose=True)


def _late(case: Case, now: datetime, policy: Policy) -> Ruling | None:
    known = case.known
    if known is not None and (was_tried(known) or known.ordered_by):
        return None
    late = now - case.due
    if late > policy.catch_up:
        return skip(
            case,
            Reason(code=ReasonCode.TOO_LATE, lasted=rounded_duration(late), limit=rounded_duration(policy.catch_up)),
        )
    if late <= MISSED_AFTER:
        return None
    if case.post.if_missed is Missed.SKIP:
        return skip(case, Reason(code=ReasonCode.LATE_AND_SKIPPED, lasted=rounded_duration(late)))
    if case.post.if_missed is Missed.HOLD:
        reason = Reason(code=ReasonCode.LATE_AND_HELD, lasted=rounded_duration(late))
        return Ruling(verdict=Verdict.HELD, hold=Hold.OPERATOR, reason=reason, writes=True, compose=True)
    return None


def alike_until(case: Case, *, now: datetime, policy: Policy) -> datetime:
    """Return until when the ruling stays the same, including its reason's text; `now` if it may change at any time.

    Only the ruling on an untried post without an override that is too late by a day or more is known to stay: it
    changes only with the hours in its reason, and with `expires:`.
    """
    late = now - case.due
    if case.known is not None or case.override is not None or case.post.withdrawn is not None:
        return now
    if late <= policy.catch_up or late < _DAY:
        return now
    # The reason shows rounded hours, so the ruling stays for the rest of this hour, less a second.
    until = now + _HOUR - late % _HOUR - timedelta(seconds=1)
    expires = case.post.expires
    return until if expires is None or expires <= now else min(until, expires)


def _over_burst_limit(case: Case, policy: Policy) -> Ruling | None:
    if not _is_new(case) or case.room > 0:
        return None
    reason = burst_limit_reason(policy)
    return Ruling(verdict=Verdict.HELD, hold=Hold.BURST_LIMIT, reason=reason, writes=True, compose=True)


def _is_new(case: Case) -> bool:
    """Whether the toot does not count against the burst limit yet; one with an UNCLEAR hold does not."""
    known = case.known
    return known is None or (known.hold is Hold.UNCLEAR and not known.ordered_by and not was_tried(known))


def _due(case: Case, now: datetime, policy: Policy) -> Ruling:
    ordered = case.known is not None and case.known.ordered_by
    late = now - case.due
    not_before = None
    if policy.daytime is not None and late > MISSED_AFTER and not ordered:
        not_before = policy.daytime.wait_until(now)
    waits = Reason(code=ReasonCode.WAITS_FOR_DAYTIME) if not_before is not None else None
    return Ruling(
        verdict=Verdict.DUE,
        writes=True,
        compose=True,
        counts=_is_new(case),
        not_before=not_before,
        reason=_last_failure(case.known) or waits,
    )


def skip(case: Case, reason: Reason) -> Ruling:
    """Return a ruling that skips the toot. An untried one is not recorded, so each cycle rules on it anew."""
    known = case.known
    if known is None:
        return Ruling(verdict=Verdict.SKIPPED, reason=reason)
    if was_tried(known) or known.state is DeliveryState.SKIPPED:
        return Ruling(verdict=Verdict.SKIPPED, reason=reason, writes=True)
    return Ruling(verdict=Verdict.SKIPPED, reason=reason, retract=True)
