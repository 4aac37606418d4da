"""Passes of the plan over a ledger in memory, for tests: what a person says and what a server does are named steps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain import (
    Abilities,
    Announcement,
    Capabilities,
    Delivery,
    DeliveryKey,
    DeliveryState,
    Entry,
    Limits,
    Occasion,
    OverrideKind,
    Post,
    Snapshot,
)
from bot.domain.clock import ManualClock
from bot.domain.errors import ComposeError
from bot.planner.builder import Compose
from bot.planner.overrides import Proposal, pause, propose_override, resume
from bot.planner.plan import Plan, PlanInput, make_plan
from bot.planner.ruling import Policy, Verdict
from tests.support.scratch_ledger import ScratchLedger

ACCOUNT = "conf@example.social"
OTHER = "kids@example.social"
NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
POLICY = Policy(catch_up=timedelta(hours=72), burst_limit=4)


def compose(post: Post, account: str) -> Announcement:
    """A composer that knows two faults: a title "broken", and an account's name in the text."""
    if post.title.startswith("broken"):
        raise ComposeError(f"{post.path}: the template has no end.", kind="file default.j2")
    text = f"{post.title} for {account}"
    return Announcement(text=text, link=post.url, length=len(text), limit=500)


def usual(accounts: Iterable[str]) -> dict[str, Abilities]:
    """Accounts on Mastodon."""
    return dict.fromkeys(accounts, Abilities(limits=Limits(), capabilities=Capabilities()))


def louder(post: Post, account: str) -> Announcement:
    """Another template: the same posts in other words."""
    return replace(compose(post, account), text=f"{post.title.upper()}!!! for {account}")


def wanted(plan: Plan) -> list[Delivery]:
    """The deliveries that the plan writes."""
    return [change.wanted for change in plan.batch.changes if change.wanted is not None]


def retracted(plan: Plan) -> list[DeliveryKey]:
    """The deliveries that the plan takes out."""
    return [change.key for change in plan.batch.changes if change.wanted is None]


def verdicts(plan: Plan) -> dict[str, Verdict]:
    """The verdict on each post, by slug; of an edit or a withdrawal by slug and occasion."""
    return {
        item.slug if item.occasion == Occasion.PUBLISH else f"{item.slug} {item.occasion}": item.verdict
        for item in plan.items
    }


class Season:
    """A ledger and a clock. Each pass must leave nothing to write for a second one at the same moment."""

    def __init__(self, *, accounts: Sequence[str] = (ACCOUNT,), policy: Policy = POLICY, now: datetime = NOW) -> None:
        self.accounts = list(accounts)
        self.policy = policy
        self.clock = ManualClock(now)
        self.ledger = ScratchLedger(self.clock)
        self.compose: Compose = compose

    @property
    def now(self) -> datetime:
        return self.clock.now()

    @property
    def snapshot(self) -> Snapshot:
        return self.ledger.snapshot()

    def look(self, *posts: Post, **options: Any) -> Plan:
        """A plan that is not recorded."""
        cache = options.pop("cache", None)
        given = PlanInput(
            posts=posts,
            snapshot=self.snapshot,
            now=self.now,
            accounts={**usual(self.accounts), **self._reported(), **options.pop("abilities", {})},
            policy=self.policy,
            compose=self.compose,
            **options,
        )
        return make_plan(given, cache=cache)

    def _reported(self) -> dict[str, Abilities]:
        states = self.snapshot.accounts.values()
        reported = {state.address: state.facts for state in states if state.facts and state.address in self.accounts}
        return {
            address: Abilities(limits=facts.limits, capabilities=facts.capabilities or Capabilities())
            for address, facts in reported.items()
        }

    def run(self, *posts: Post, after: timedelta = timedelta(), **options: Any) -> Plan:
        """A pass: plan and record."""
        self.clock.advance(after)
        plan = self.look(*posts, **options)
        assert self.ledger.record(plan.batch, now=self.now).refused == ()
        again = self.look(*posts, **options)
        assert not again.batch, again.batch
        assert again.released == ()
        return plan

    def propose(self, kind: OverrideKind, post: Post, *, who: str = "amy", early: bool = False) -> Proposal:
        return propose_override(kind, post, self.snapshot, who=who, now=self.now, accounts=self.accounts, early=early)

    def emit(self, kind: OverrideKind, post: Post, *, who: str = "amy", early: bool = False) -> Proposal:
        """A person's word, recorded; it must not be refused."""
        return self._note(self.propose(kind, post, who=who, early=early))

    def pause(self, who: str = "amy") -> Proposal:
        return self._note(pause(self.snapshot, who=who, now=self.now))

    def resume(self, who: str = "amy") -> Proposal:
        return self._note(resume(self.snapshot, who=who, now=self.now))

    def _note(self, proposal: Proposal) -> Proposal:
        assert proposal.refusal is None
        assert self.ledger.record(proposal.batch, now=self.now).refused == ()
        return proposal

    def delivery(self, slug: str, occasion: Occasion = Occasion.PUBLISH, account: str = ACCOUNT) -> Delivery | None:
        found = [
            delivery
            for delivery in self.snapshot.deliveries.values()
            if (delivery.slug, delivery.key.occasion, delivery.key.account) == (slug, occasion, account)
        ]
        assert len(found) < 2
        return found[0] if found else None

    def entry(self, slug: str) -> Entry:
        (entry,) = (entry for entry in self.snapshot.entries.values() if entry.slug == slug)
        return entry

    def state(self, slug: str, occasion: Occasion = Occasion.PUBLISH, account: str = ACCOUNT) -> DeliveryState | None:
        delivery = self.delivery(slug, occasion, account)
        return delivery.state if delivery is not None else None

    def settle(
        self,
        slug: str,
        state: DeliveryState,
        occasion: Occasion = Occasion.PUBLISH,
        account: str = ACCOUNT,
        **changes: Any,
    ) -> None:
        """What a delivery writes: an intent, and then how the attempt ended."""
        delivery = self.delivery(slug, occasion, account)
        assert delivery is not None
        lease = self.ledger.acquire_lease(account, owner="test", duration=MINUTE)
        if delivery.state is DeliveryState.DUE:
            assert self.ledger.write_intent(lease, delivery, after_id="0", now=self.now)
        delivery = self.delivery(slug, occasion, account)
        assert delivery is not None
        assert delivery.state is DeliveryState.SENDING
        if state is not DeliveryState.SENDING:
            settled_at = None if state is DeliveryState.DUE else self.now
            ended = replace(delivery, state=state, settled_at=settled_at, **changes)
            self.ledger.settle(lease, ended, event=None, now=self.now)
        self.ledger.release_lease(lease)

    def send(self, slug: str, occasion: Occasion = Occasion.PUBLISH, account: str = ACCOUNT) -> None:
        """Carried out by the server."""
        known = self.delivery(slug, occasion, account)
        assert known is not None
        status_id = str(100 + known.sequence)
        self.settle(
            slug,
            DeliveryState.SENT,
            occasion,
            account,
            status_id=status_id,
            status_url=f"https://x.example/{status_id}",
        )
