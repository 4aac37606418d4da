"""Mutations: one step of the protocol is broken on purpose, to show that the oracle detects it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from bot.delivery.matching import find_status
from bot.delivery.protocol import Adopt, Preflight, ReadBack, Requeue, next_step
from bot.domain import DeliveryState, Lease, SeenStatus
from bot.domain.errors import LeaseHeldError, OutcomeUnknownError, TransientError
from bot.domain.reasons import text_reason
from bot.ledger.rules import may_change, may_intend
from bot.ledger.sqlite import SqliteLedger
from bot.planner.page_wait import rule_on_page
from bot.planner.plan import PlanInput, make_plan
from bot.planner.rules import _settled, rule
from bot.planner.ruling import Ruling, Verdict
from bot.publishers.mastodon.errors import classify
from bot.runtime.wiring import timing_of

Broken = Callable[..., Any]


@contextmanager
def everywhere(right: Callable[..., Any], broken: Broken) -> Iterator[None]:
    """Put a broken function in the place of the right one, in every module that has it."""
    places = [
        (module, name)
        for module_name, module in list(sys.modules.items())
        if module_name.startswith("bot.")
        for name, value in list(vars(module).items())
        if value is right
    ]
    assert places, f"{right} is nowhere"
    for module, name in places:
        setattr(module, name, broken)
    try:
        yield
    finally:
        for module, name in places:
            setattr(module, name, right)


@contextmanager
def attribute(owner: type, name: str, broken: Any) -> Iterator[None]:
    """Put something broken in the place of a method."""
    right = owner.__dict__[name]
    setattr(owner, name, broken)
    try:
        yield
    finally:
        setattr(owner, name, right)


def _no_read_back(known: Any, timing: Any) -> Any:
    step = next_step(known, timing)
    return Requeue(step.delivery) if isinstance(step, ReadBack) else step


def _record_before_post(known: Any, timing: Any) -> Any:
    step = next_step(known, timing)
    if not isinstance(step, ReadBack):
        return step
    made_up = SeenStatus(status_id="1", url="http://127.0.0.1/1", created_at=known.now, links=frozenset())
    return Adopt(step.delivery, made_up)


def _no_preflight(known: Any, timing: Any) -> Any:
    step = next_step(known, timing)
    while isinstance(step, Preflight):
        known = replace(known, preflights={**known.preflights, step.delivery.key: None})
        step = next_step(known, timing)
    return step


def _wrong_order(self: SqliteLedger, account: str) -> Any:
    view = _account_view(self, account)
    wrong = sorted(view.open, key=lambda d: (d.state is not DeliveryState.SENDING, -d.due.timestamp(), -d.sequence))
    return replace(view, open=tuple(wrong))


_account_view = SqliteLedger.account_view
_lease = SqliteLedger.acquire_lease


def _5xx_is_unsent(error: Any, **options: Any) -> Any:
    found = classify(error, **options)
    if isinstance(found, OutcomeUnknownError) and "answered 5" in found.message:
        return TransientError(found.message)
    return found


def _any_text(_announcement: Any, seen: Any, *, claimed: Any, **_: Any) -> Any:
    return next(((status, False) for status in seen if status.status_id not in claimed), (None, False))


def _early(given: PlanInput, **options: Any) -> Any:
    early = replace(given, snapshot=replace(given.snapshot, newest=None), now=given.now + timedelta(hours=1))
    return make_plan(early, **options)


def _lease_for_all(self: SqliteLedger, account: str, *, owner: str, duration: timedelta) -> Lease:
    try:
        return _lease(self, account, owner=owner, duration=duration)
    except LeaseHeldError:
        return Lease(account=account, owner=owner, fence=0)


def _no_settle(config: Any) -> Any:
    return replace(timing_of(config), settle=timedelta())


def _withdrawn_first(case: Any, **options: Any) -> Any:
    withdrawn = case.post.withdrawn is not None and case.known is not None
    if withdrawn and case.known.state is DeliveryState.SENDING:
        return Ruling(verdict=Verdict.SKIPPED, reason=text_reason("withdrawn"), writes=True)
    return rule(case, **options)


def _withdrawn_while_sending() -> ExitStack:
    """What is taken back while it is on its way counts as never sent."""
    stack = ExitStack()
    stack.enter_context(everywhere(rule, _withdrawn_first))
    stack.enter_context(everywhere(may_change, lambda known, change: known == change.known))
    return stack


def _lease_and_fence_off() -> ExitStack:
    from bot.ledger.rows import account_row, leased_row

    stack = ExitStack()
    stack.enter_context(attribute(SqliteLedger, "acquire_lease", _lease_for_all))
    stack.enter_context(everywhere(leased_row, lambda db, lease: account_row(db, lease.account)))
    return stack


def _open_to_change(case: Any) -> Any:
    known = case.known
    return None if known is not None and known.state is DeliveryState.SENDING else _settled(case)


def _changes_while_sending() -> ExitStack:
    """What is on its way is planned, changed and sent as if it were still waiting."""
    stack = ExitStack()
    stack.enter_context(everywhere(_settled, _open_to_change))
    stack.enter_context(everywhere(may_change, lambda _known, _change: True))
    stack.enter_context(everywhere(may_intend, lambda known, _wanted: known is not None))
    return stack


def _no_page(post: Any, *, policy: Any, **options: Any) -> Any:
    return rule_on_page(post, policy=replace(policy, wait_for_page=timedelta()), **options)


#: Name → the broken step.
MUTATIONS: Final[Mapping[str, Callable[[], Any]]] = {
    "no read-back": lambda: everywhere(next_step, _no_read_back),
    "5xx counted as unsent": lambda: everywhere(classify, _5xx_is_unsent),
    "text ignored in the look": lambda: everywhere(find_status, _any_text),
    "recorded before the POST": lambda: everywhere(next_step, _record_before_post),
    "wrong order": lambda: attribute(SqliteLedger, "account_view", _wrong_order),
    "an hour early": lambda: everywhere(make_plan, _early),
    "lease and fence off": _lease_and_fence_off,
    "settle time zero": lambda: everywhere(timing_of, _no_settle),
    "edits while sending": _changes_while_sending,
    "no pre-flight look": lambda: everywhere(next_step, _no_preflight),
    "withdrawn while sending ignored": _withdrawn_while_sending,
    "no wait for pages": lambda: everywhere(rule_on_page, _no_page),
}

#: The profile (`profiles.py`) with which a few seeds show it, and the seed that is tried first. The empty profile is a
#: seed as any other.
SEEN_WITH: Final[Mapping[str, tuple[str, int]]] = {
    "no read-back": ("late gateways", 0),
    "5xx counted as unsent": ("late gateways", 3),
    "text ignored in the look": ("strangers", 2),
    "recorded before the POST": ("", 2),
    "wrong order": ("after an outage", 0),
    "an hour early": ("", 1),
    "lease and fence off": ("two that stall", 6),
    "settle time zero": ("late gateways", 0),
    "edits while sending": ("edited under way", 0),
    "no pre-flight look": ("", 7),
    "withdrawn while sending ignored": ("withdrawn under way", 0),
    "no wait for pages": ("pages", 2),
}


@contextmanager
def mutated(name: str) -> Iterator[None]:
    """Break one step while this lasts; an empty name breaks nothing."""
    if not name:
        yield
        return
    with MUTATIONS[name]():
        yield
