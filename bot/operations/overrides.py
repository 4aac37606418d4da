"""Manual overrides: what an operator decides about a post, or about everything.

A caller proposes, shows the operator what would happen, and applies the proposal once the operator has confirmed it.
Between the two the ledger may change: a delivery that the bot began meanwhile is left as it is, and the caller learns
of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.config import Config
from bot.domain import Event, OverrideKind
from bot.domain.clock import Clock
from bot.domain.errors import UsageError
from bot.domain.wording import reason_words
from bot.ledger import open_ledger, read_snapshot
from bot.operations.site import find_post
from bot.planner import overrides
from bot.planner.overrides import Proposal


@dataclass(frozen=True, kw_only=True)
class Applied:
    """What became of a proposal."""

    events: tuple[Event, ...]  #: what was written to the log
    came_late: bool  #: the override is kept, but the bot was sending the announcement just then


def propose_override(
    config: Config, name: str, kind: OverrideKind, *, operator: str, clock: Clock, early: bool = False
) -> Proposal:
    """What the override would do to the post with this slug or path. With `early` it may be one that is to come.

    Raises UsageError if there is no such post or it cannot be done, PostError for a broken file, LedgerError.
    """
    post, accounts = find_post(config, name), list(config.account_addresses().values())
    snapshot = read_snapshot(config, clock)
    return _possible(
        overrides.propose_override(kind, post, snapshot, who=operator, now=clock.now(), accounts=accounts, early=early)
    )


def propose_pause(config: Config, *, operator: str, clock: Clock) -> Proposal:
    """What a pause of everything would do. Raises UsageError if all is paused, LedgerError."""
    return _possible(overrides.pause(read_snapshot(config, clock), who=operator, now=clock.now()))


def propose_resume(config: Config, *, operator: str, clock: Clock) -> Proposal:
    """What the end of a pause and of the burst limit's holds would do. Raises UsageError, LedgerError."""
    return _possible(overrides.resume(read_snapshot(config, clock), who=operator, now=clock.now()))


def _possible(proposal: Proposal) -> Proposal:
    if proposal.refusal is not None:
        raise UsageError(f"nothing was changed: {reason_words(proposal.refusal)}.")
    return proposal


def apply(config: Config, proposal: Proposal, *, clock: Clock) -> Applied:
    """Record what was proposed; the next cycle carries it out. Raises LedgerError."""
    ledger = open_ledger(config, clock)
    try:
        refused = ledger.record(proposal.batch, now=clock.now()).refused
    finally:
        ledger.close()
    return Applied(events=proposal.batch.events, came_late=bool(refused))
