"""Whether a post may be released as far as its page goes: feed and toot wait until the link leads somewhere. Pure.

The wait begins with the first pass that finds the post due, and the ledger keeps that moment. It ends with an answer of
the site: the page is online, or it is still missing at the end of `wait_for_page`. Whatever time passes without an
answer (a machine that sleeps, a tick that comes by every half hour) decides nothing: then the site is asked once more.
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
    """What the page means for the release."""

    released: bool
    waited: timedelta = timedelta()
    without: str = ""  #: why its page does not count as online, of one that is released all the same
    waiting: PageWaitRecord | None = None  #: to be remembered
    until: datetime | None = None  #: the site is to be asked until then


def rule_on_page(
    post: Post,
    *,
    known: PageWaitRecord | None,
    look: PageAnswer | None,
    word: Override | None,
    now: datetime,
    policy: Policy,
) -> PageRuling:
    """Decide about a post whose datetime has come. `known` is what the ledger remembers, `look` the latest answer."""
    # A clock that was ahead when the wait began must not shorten it.
    since = now if known is None or known.since > now else known.since
    waited = now - since
    if not policy.wait_for_page or post.hidden or since - published_of(post) > policy.catch_up:
        # Nobody is led to a hidden post. What is old enough not to be tooted has had its page for long.
        return PageRuling(released=True, waited=waited)
    if look is not None and look.at < since:
        look = None
    if _overruled(word, since) or (look is not None and look.online):
        return PageRuling(released=True, waited=waited)
    until = since + policy.wait_for_page
    why = look.why if look is not None else known.why if known is not None else ""
    missing = (known is not None and known.missing) or (look is not None and look.at >= until)
    is_skipped = word is not None and word.said is OverrideKind.SKIP
    if missing and (policy.release_without_page or is_skipped):
        # Without a toot there is nothing that a person could let go: it enters the feeds, as skipping it promised.
        return PageRuling(released=True, waited=waited, without=why)
    waiting = PageWaitRecord(post_id=post.post_id, slug=post.slug, since=since, why=why, missing=missing)
    return PageRuling(released=False, waiting=waiting, until=None if missing else until)


def _overruled(word: Override | None, since: datetime) -> bool:
    """Whether a person lets it go without its page; a release that was said before is about another hold."""
    if word is None:
        return False
    return word.said is OverrideKind.PUBLISH or (word.said is OverrideKind.RELEASE and word.at > since)


class PageWaits:
    """The posts that wait for their pages in one pass."""

    def __init__(self, *, snapshot: Snapshot, looks: Mapping[str, PageAnswer], now: datetime, policy: Policy) -> None:
        self._snapshot = snapshot
        self._looks = looks
        self._now = now
        self._policy = policy
        self._waiting: dict[str, PageWaitRecord] = {}
        self.wanted: list[PageRequest] = []  #: the site is to be asked for these

    def rule(self, post: Post, word: Override | None) -> PageRuling:
        """Decide about a post whose datetime has come, and remember what it waits for."""
        ruling = rule_on_page(
            post,
            known=self._snapshot.waiting.get(post.post_id),
            look=self._looks.get(post.url),
            word=word,
            now=self._now,
            policy=self._policy,
        )
        if ruling.waiting is not None:
            self._waiting[post.post_id] = ruling.waiting
        if ruling.until is not None:
            self.wanted.append(PageRequest(url=post.url, due=published_of(post), until=ruling.until))
        return ruling

    def remembered(self, here: Collection[str]) -> Mapping[str, PageWaitRecord] | None:
        """What the ledger is to remember; None if that is what it has. `here` are the ids of the posts that are there.

        One whose file is away or broken for a while goes on where it was.
        """
        away = {
            post_id: waiting
            for post_id, waiting in self._snapshot.waiting.items()
            if post_id not in here and self._now < waiting.since + self._policy.wait_for_page + GONE_AFTER
        }
        kept = {**away, **self._waiting}
        return None if kept == self._snapshot.waiting else kept


def item_without_page(post: Post, ruling: PageRuling, *, now: datetime) -> PlanItem:
    """What the plan says of a post that is not released for want of its page."""
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
