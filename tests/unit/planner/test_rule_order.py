"""The order of the rules, pair by pair: whatever else is true, the earlier one decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from itertools import combinations
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.domain import AccountState, Delivery, DeliveryState, Entry, Hold, Missed, Override, OverrideKind, Post
from bot.domain.durations import Daytime
from bot.domain.reasons import text_reason
from bot.domain.wording import reason_words
from bot.planner.rules import rule
from bot.planner.ruling import Case, Policy, Ruling, Verdict

ACCOUNT = "conf@example.social"
DUE = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
NOW = DUE + timedelta(hours=2)
POLICY = Policy(catch_up=timedelta(hours=72), burst_limit=4)


@dataclass(frozen=True, kw_only=True)
class Given:
    """What makes a rule speak."""

    name: str
    speaks: str  #: how its verdict can be told
    post: Mapping[str, Any] = field(default_factory=dict)
    known: Mapping[str, Any] | None = None
    said: OverrideKind | None = None
    room: int = 4
    policy: Mapping[str, Any] = field(default_factory=dict)


NIGHT = Daytime(begin=time(3), end=time(4), zone=ZoneInfo("UTC"))
#: In the order of the rules. The words are one rule: the latest counts, so they never meet.
RULES = (
    Given(
        name="settled",
        known={"state": DeliveryState.REJECTED, "reason": text_reason("too long")},
        speaks="rejected: too long",
    ),
    Given(name="withdrawn", post={"withdrawn": ""}, speaks="skipped: withdrawn"),
    Given(name="expires", post={"expires": NOW}, speaks="skipped: expired"),
    Given(name="hold", said=OverrideKind.HOLD, speaks="held person: held by amy"),
    Given(name="skip", said=OverrideKind.SKIP, speaks="skipped: skipped by amy"),
    Given(name="publish", said=OverrideKind.PUBLISH, speaks="due amy: "),
    Given(name="hidden", post={"hidden": True}, speaks="skipped: hidden"),
    Given(
        name="held so far",
        known={"state": DeliveryState.HELD, "hold": Hold.BURST_LIMIT, "reason": text_reason("too many")},
        speaks="held brake: too many",
    ),
    Given(name="catch_up", policy={"catch_up": timedelta(hours=1)}, speaks="skipped: 2 h late; `catch_up`"),
    Given(name="if_missed", post={"if_missed": Missed.HOLD}, speaks="held person: 2 h late (`if_missed"),
    Given(name="brake", room=0, speaks="held brake: more than 4"),
    Given(name="daytime", policy={"daytime": NIGHT}, speaks="due: late: waits"),
)


@pytest.fixture
def ruled(
    make_post: Callable[..., Post], make_entry: Callable[..., Entry], make_delivery: Callable[..., Delivery]
) -> Callable[..., str]:
    def decide(*given: Given) -> str:
        post = {name: value for one in given for name, value in one.post.items()}
        known = next((one.known for one in given if one.known is not None), None)
        said = next((one.said for one in given if one.said is not None), None)
        case = Case(
            post=make_post(**post),
            entry=make_entry(published=DUE),
            state=AccountState(address=ACCOUNT, joined_at=None),
            known=None if known is None else make_delivery(**known),
            override=None if said is None else Override(post_id="x", kind=said, who="amy", at=NOW - timedelta(hours=1)),
            room=min((one.room for one in given), default=4),
        )
        policy = replace(POLICY, **{name: value for one in given for name, value in one.policy.items()})
        return shown(rule(_settled_just_now(case), now=NOW, policy=policy))

    return decide


def _settled_just_now(case: Case) -> Case:
    # After the word, so that the word does not mean it.
    if case.known is None or case.known.state is not DeliveryState.REJECTED:
        return case
    return replace(case, known=replace(case.known, settled_at=NOW))


def shown(ruling: Ruling) -> str:
    parts = (ruling.verdict.value, ruling.hold.value if ruling.hold else "", ruling.ordered_by)
    return f"{' '.join(filter(None, parts))}: {reason_words(ruling.reason)}"


def test_with_nothing_said_it_is_due(ruled: Callable[..., str]) -> None:
    assert ruled() == f"{Verdict.DUE.value}: "


@pytest.mark.parametrize("given", RULES, ids=lambda given: given.name)
def test_each_rule_speaks_alone(ruled: Callable[..., str], given: Given) -> None:
    assert ruled(given).startswith(given.speaks)


def _meet(earlier: Given, later: Given) -> bool:
    return not (earlier.known and later.known) and not (earlier.said and later.said)


@pytest.mark.parametrize(
    ("earlier", "later"),
    [pytest.param(a, b, id=f"{a.name} over {b.name}") for a, b in combinations(RULES, 2) if _meet(a, b)],
)
def test_the_earlier_rule_decides(ruled: Callable[..., str], earlier: Given, later: Given) -> None:
    assert ruled(earlier, later).startswith(earlier.speaks)
    assert ruled(earlier, later) != ruled(later)
