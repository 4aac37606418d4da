"""The queue: what goes out next, when and where, and what does not and why.

The lines are the plan's items as a table shows them: what is the same on several accounts is one line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from bot.domain import DeliveryKey, Occasion, Post, Reason
from bot.domain.errors import PostError
from bot.operations.site import SiteState
from bot.planner.builder import PlanItem
from bot.planner.plan import Plan
from bot.planner.ruling import Verdict

FEEDS: Final = "feeds"
#: Of the skipped posts the queue shows the latest: they answer "why was this not tooted?".
_SKIPS_SHOWN: Final = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueLine:
    """One post, reminder or edit, wherever it goes with the same fate."""

    due: datetime  #: UTC
    slug: str
    title: str
    occasion: Occasion
    places: tuple[str, ...]  #: "feeds" and the accounts by their names in the settings
    verdict: Verdict
    reason: Reason | None

    @property
    def what(self) -> str:
        """The occasion in words, if it is not the post's own release: "reminder week"."""
        if self.occasion == Occasion.PUBLISH:
            return ""
        return str(self.occasion).replace(":", " ")


@dataclass(frozen=True, kw_only=True)
class Queue:
    """What the queue shows."""

    items: tuple[PlanItem, ...]
    lines: tuple[QueueLine, ...]
    doubt: Reason | None  #: why nothing at all is released; None if all is well
    released: int  #: how many posts were released until now
    faults: tuple[PostError, ...]  #: files that cannot be used


def view_queue(site: SiteState, *, today: datetime, everything: bool = False) -> Queue:
    """The queue of a site as of `site.now`; `today` is the present moment, which may lie before that.

    With `everything` also what was sent, and all that was skipped.
    """
    items = site.plan.items if everything else _open_items(site.plan, today)
    return Queue(
        items=items,
        lines=lines_of(items, site.account_names),
        doubt=site.plan.doubt,
        released=len(site.snapshot.entries),
        faults=site.scan.faults,
    )


def _open_items(plan: Plan, today: datetime) -> tuple[PlanItem, ...]:
    # As of a later day, what is due before it is taken as done by then.
    until_then = {item.due for item in plan.items if today < item.due <= plan.now}
    skipped = [item for item in plan.items if item.verdict is Verdict.SKIPPED]
    latest = {id(item) for item in skipped[-_SKIPS_SHOWN:]}
    return tuple(
        item
        for item in plan.items
        if item.due not in until_then and (item.verdict not in (Verdict.SENT, Verdict.SKIPPED) or id(item) in latest)
    )


def lines_of(items: Iterable[PlanItem], names: Mapping[str, str]) -> tuple[QueueLine, ...]:
    """The lines in the order of the items. `names` are those of the accounts in the settings, by address."""
    places: dict[QueueLine, list[str]] = {}
    for item in items:
        line = QueueLine(
            due=item.due,
            slug=item.slug,
            title=item.title,
            occasion=item.occasion,
            places=(),
            verdict=item.verdict,
            reason=item.reason,
        )
        listed = places.setdefault(line, [])
        is_release = item.occasion == Occasion.PUBLISH
        if (is_release or not item.account) and FEEDS not in listed:
            listed.append(FEEDS)
        if item.account:
            listed.append(names.get(item.account, item.account))
    return tuple(replace(line, places=tuple(listed)) for line, listed in places.items())


@dataclass(frozen=True, kw_only=True)
class TickForecast:
    """What one cycle would do now."""

    doubt: Reason | None  #: why it would release nothing; then it does nothing else either
    released: tuple[Post, ...]  #: into the feeds
    due: tuple[PlanItem, ...]
    waiting: tuple[PlanItem, ...]  #: for their pages
    unknown: tuple[PlanItem, ...]  #: of unknown outcome: looked for before they are sent again
    held: tuple[PlanItem, ...]  #: from now on


def foresee_tick(site: SiteState) -> TickForecast:
    """What one cycle would do with a site as of `site.now`."""
    plan = site.plan
    changed = {change.key for change in plan.batch.changes}
    return TickForecast(
        doubt=plan.doubt,
        released=tuple(plan.released),
        due=tuple(plan.of(Verdict.DUE)),
        waiting=tuple(plan.of(Verdict.WAITING)),
        unknown=tuple(plan.of(Verdict.SENDING)),
        held=tuple(
            item for item in plan.of(Verdict.HELD) if DeliveryKey(item.post_id, item.account, item.occasion) in changed
        ),
    )
