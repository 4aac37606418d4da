"""Holds a release until the post's page is online, so that the link in feed and toot works. Pure.

The wait begins with the first cycle that finds the post due; the ledger records that moment. It ends with an answer of
the site: the page is online, or it is still missing at the end of `wait_for_page`. Time alone never ends the wait (the
machine may sleep, or the scheduler may run every half hour): the site has to be asked once more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain import (
    Hold,
    Override,
    OverrideKind,
    PageAnswer,
    PageRequest,
    PageWaitRecord,
    Post,
    Reason,
    ReasonCode,
    Snapshot,
)
from bot.planner.builder import PlanItem, published_of
from bot.planner.matching import GONE_AFTER
from bot.planner.ruling import Policy, Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class PageRuling:
    """The decision on a release, as far as the post's page is concerned."""

    released: bool
    waited: timedelta = timedelta()
    without: str = ""  #: why the page does not count as online, if the post is released without it
    waiting: PageWaitRecord | None = None  #: to be recorded
    until: datetime | None = None  #: when the wait ends; None if the site is not to be asked


def rule_on_page(
    post: Post,
    *,
    known: PageWaitRecord | None,
    answer: PageAnswer | None,
    override: Override | None,
    now: datetime,
    policy: Policy,
) -> PageRuling:
    """Decide on a post that is due. `known` is the recorded wait, `answer` the site's latest answer."""
    # A clock that was ahead when the wait began must not shorten it.
    since = now if known is None or known.since > now else known.since
    waited = now - since
    if not policy.wait_for_page or post.hidden or since - published_of(post) > policy.catch_up:
        # No feed or toot links to a hidden post. A post too old for a toot has had its page for long.
        return PageRuling(released=True, waited=waited)
    if answer is not None and answer.at < since:
        answer = None
    if _overruled(override, since) or (answer is not None and answer.online):
        return PageRuling(released=True, waited=waited)
    until = since + policy.wait_for_page
    why = answer.why if answer is not None else known.why if known is not None else ""
    missing = (known is not None and known.missing) or (answer is not None and answer.at >= until)
    is_skipped = override is not None and override.kind is OverrideKind.SKIP
    if missing and (policy.release_without_page or is_skipped):
        # A skipped post has no toot to hold for the operator: it enters the feeds, as `announce skip` promises.
        return PageRuling(released=True, waited=waited, without=why)
    waiting = PageWaitRecord(post_id=post.post_id, slug=post.slug, since=since, why=why, missing=missing)
    return PageRuling(released=False, waiting=waiting, until=None if missing else until)


def _overruled(override: Override | None, since: datetime) -> bool:
    """Whether the operator released the post without its page; an earlier RELEASE was about another hold."""
    if override is None:
        return False
    return override.kind is OverrideKind.PUBLISH or (override.kind is OverrideKind.RELEASE and override.at > since)


class PageWaits:
    """Rules on the pages of one cycle, and collects the posts that wait."""

    def __init__(self, *, snapshot: Snapshot, answers: Mapping[str, PageAnswer], now: datetime, policy: Policy) -> None:
        self._snapshot = snapshot
        self._answers = answers
        self._now = now
        self._policy = policy
        self._waiting: dict[str, PageWaitRecord] = {}
        self.wanted: list[PageRequest] = []  #: the pages that the site is to be asked for

    def rule(self, post: Post, override: Override | None) -> PageRuling:
        """Decide on a post that is due, and collect its wait."""
        ruling = rule_on_page(
            post,
            known=self._snapshot.waiting.get(post.post_id),
            answer=self._answers.get(post.url),
            override=override,
            now=self._now,
            policy=self._policy,
        )
        if ruling.waiting is not None:
            self._waiting[post.post_id] = ruling.waiting
        if ruling.until is not None:
            self.wanted.append(PageRequest(url=post.url, due=published_of(post), until=ruling.until))
        return ruling

    def remembered(self, here: Collection[str]) -> Mapping[str, PageWaitRecord] | None:
        """Return the waits to record; None if the ledger has them already. `here` are the ids of the posts with a file.

        The wait of a post whose file is missing or broken for a while is kept.
        """
        away = {
            post_id: waiting
            for post_id, waiting in self._snapshot.waiting.items()
            if post_id not in here and self._now < waiting.since + self._policy.wait_for_page + GONE_AFTER
        }
        kept = {**away, **self._waiting}
        return None if kept == self._snapshot.waiting else kept


def item_without_page(post: Post, ruling: PageRuling, *, now: datetime) -> PlanItem:
    """Return the plan item of a post that is not released because its page is missing."""
    assert ruling.waiting is not None
    waits = PlanItem(
        post_id=post.post_id,
        slug=post.slug,
        title=post.title,
        account="",
        due=published_of(post),
        order=post.order,
        verdict=Verdict.WAITING,
    )
    why = ruling.waiting.why
    if ruling.until is None:
        return replace(waits, verdict=Verdict.HELD, hold=Hold.UNCLEAR, reason=ruling.waiting.missing_reason)
    until = ruling.until if now < ruling.until else None
    return replace(waits, reason=Reason(code=ReasonCode.WAITS_FOR_PAGE, at=until, text=why))
