"""The rules for one post and one account, in their order, each with its reason. Pure.

The order: what is settled or in flight stays; `expires:` beats all; then a person's word; then what the post itself
says; then `catch_up`; then `if_missed`; then the brake; then the hour of the day. Spacing is the protocol's.
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

#: A post that is later than this was missed: `if_missed:` and the hours of the day apply.
MISSED_AFTER: Final = timedelta(hours=1)
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)


def rule(case: Case, *, now: datetime, policy: Policy) -> Ruling:
    """Decide about one post on one account; `now` is aware."""
    return (
        _settled(case)
        or _withdrawn(case)
        or _expired(case, now)
        or _said(case)
        or _kept_out(case)
        or _held_so_far(case)
        or _late(case, now, policy)
        or _braked(case, policy)
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
    if known.state is DeliveryState.REJECTED and not _wants_again(case):
        return Ruling(verdict=Verdict.REJECTED, reason=known.reason)
    return None


def _wants_again(case: Case) -> bool:
    word, known = case.word, case.known
    if (
        word is None
        or known is None
        or word.said not in (OverrideKind.RETRY, OverrideKind.PUBLISH, OverrideKind.RELEASE)
    ):
        return False
    return known.settled_at is None or word.at >= known.settled_at


def _withdrawn(case: Case) -> Ruling | None:
    # Remembered, so that taking the mark away never toots.
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


def _said(case: Case) -> Ruling | None:
    word, known = case.word, case.known
    if word is None:
        return None
    if held_by(word) is not None:
        reason = held_by(word)
        return Ruling(verdict=Verdict.HELD, hold=Hold.PERSON, reason=reason, writes=True, compose=True)
    if word.said is OverrideKind.SKIP:
        reason = Reason(code=ReasonCode.SKIPPED_BY, who=word.who)
        return Ruling(verdict=Verdict.SKIPPED, reason=reason, writes=True)
    if not _lets_go(word, case):
        return None
    again = known is not None and known.state is not DeliveryState.DUE and was_tried(known)
    return Ruling(
        verdict=Verdict.DUE,
        writes=True,
        compose=True,
        ordered_by=word.who,
        again=again,
        reason=_last_failure(known),
    )


def _lets_go(word: Override, case: Case) -> bool:
    """Whether a word that lets go (release, publish, retry) means this toot."""
    known, joined = case.known, case.state.joined_at
    if joined is not None and case.entry.published < joined and word.at < joined:
        # Said before this account was there.
        return False
    if word.said is OverrideKind.RELEASE and _ruled_out(case):
        return False
    given_up = known is not None and (known.state is DeliveryState.REJECTED or known.hold is Hold.FAILED)
    if word.said is OverrideKind.RETRY and not given_up:
        # Only what was given up is tried again; once it is due, it goes on as this person's.
        return known is not None and known.state is DeliveryState.DUE and known.ordered_by == word.who
    was_settled = given_up or (known is not None and known.state is DeliveryState.SKIPPED)
    return not was_settled or _wants_again(case)


def _last_failure(known: Delivery | None) -> Reason | None:
    # While a retry is due, the reason of the last failure is worth keeping.
    return known.reason if known is not None and known.state is DeliveryState.DUE and was_tried(known) else None


def _kept_out(case: Case) -> Ruling | None:
    if case.known is not None and case.known.state is DeliveryState.SKIPPED:
        return Ruling(verdict=Verdict.SKIPPED, reason=case.known.reason)
    reason = _ruled_out(case)
    return skip(case, reason) if reason else None


def _ruled_out(case: Case) -> Reason | None:
    """Why this post is none for this account, whenever it is released."""
    joined = case.state.joined_at
    if case.post.mastodon.skip:
        return skipped_by_post(case.post)
    if case.post.hidden:
        return Reason(code=ReasonCode.HIDDEN)
    if joined is not None and case.entry.published < joined:
        return Reason(code=ReasonCode.ACCOUNT_JOINED_LATER, at=joined)
    return None


def _held_so_far(case: Case) -> Ruling | None:
    known = case.known
    if known is None or known.state is not DeliveryState.HELD:
        return None
    if known.hold is Hold.UNCLEAR and not failed_for_picture(known.reason):
        return None
    # Its words follow the file, so that what is let go later is not old news.
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
        return Ruling(verdict=Verdict.HELD, hold=Hold.PERSON, reason=reason, writes=True, compose=True)
    return None


def alike_until(case: Case, *, now: datetime, policy: Policy) -> datetime:
    """Until when a toot is ruled on as it is `now`, to the words of the reason; `now` if that cannot be said.

    It can be said of what nobody has tried or spoken of, and what is too late for a toot by a day or more: that it
    stays, but for the hours in the reason, and `expires:`.
    """
    late = now - case.due
    if case.known is not None or case.word is not None or case.post.withdrawn is not None:
        return now
    if late <= policy.catch_up or late < _DAY:
        return now
    # The reason counts in hours, and rounds: so a second less than is left of this one.
    until = now + _HOUR - late % _HOUR - timedelta(seconds=1)
    expires = case.post.expires
    return until if expires is None or expires <= now else min(until, expires)


def _braked(case: Case, policy: Policy) -> Ruling | None:
    if not _is_new(case) or case.room > 0:
        return None
    reason = burst_limit_reason(policy)
    return Ruling(verdict=Verdict.HELD, hold=Hold.BRAKE, reason=reason, writes=True, compose=True)


def _is_new(case: Case) -> bool:
    """Whether the toot has taken no room of the brake yet; one that was unclear has not."""
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
    """Not to be sent. Where nothing was tried that is not remembered, so it is judged anew at each pass."""
    known = case.known
    if known is None:
        return Ruling(verdict=Verdict.SKIPPED, reason=reason)
    if was_tried(known) or known.state is DeliveryState.SKIPPED:
        return Ruling(verdict=Verdict.SKIPPED, reason=reason, writes=True)
    return Ruling(verdict=Verdict.SKIPPED, reason=reason, retract=True)
