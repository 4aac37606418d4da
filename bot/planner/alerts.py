"""Collects the alerts of a plan: each says what happened, what it means and what to do. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from bot.compose.announcement import make_reminder_post
from bot.compose.pictures import pictures_of, problem_of
from bot.domain import AccountState, Finding, Hold, Occasion, Post, Reason, ReasonCode
from bot.domain.alerts import REDACTED_ALERT, AlertKey, AlertKind, alert_words
from bot.domain.durations import format_duration
from bot.domain.errors import ComposeError, OutputError, PictureUnusableError, PostError
from bot.domain.wording import reason_words
from bot.planner.builder import Compose, PlanItem
from bot.planner.plan import Plan
from bot.planner.ruling import Verdict
from bot.posts.git.status import SourceTrouble

#: A post is composed this long before its release; a problem is reported once at each distance.
LOOK_AHEAD: Final = (timedelta(hours=24), timedelta(hours=1))


@dataclass(frozen=True, kw_only=True, slots=True)
class Alert:
    """One thing that is wrong. Equal `key`: the same cause."""

    key: AlertKey
    what: str  #: what happened
    means: str  #: what that means
    todo: str  #: what to do
    embargoed: bool = False  #: names a post that is not public yet
    instead_of: AlertKey | None = None  #: the key of an alert that this one replaces

    def redacted(self) -> Alert:
        """Return the alert with an opaque id in place of everything that tells of an unreleased post."""
        if not self.embargoed:
            return self
        what, means, todo = REDACTED_ALERT
        return replace(self, what=what.format(opaque=opaque(str(self.key))), means=means, todo=todo)


def opaque(text: str) -> str:
    """Return a short hash of `text` that does not reveal it."""
    return "post-" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


@dataclass(frozen=True, kw_only=True, slots=True)
class Faults:
    """What is wrong besides the plan."""

    files: Sequence[PostError] = ()  #: posts that cannot be used
    feeds: Sequence[OutputError] = ()  #: public files that cannot be written
    site: str = ""  #: what is wrong with the deploy hook
    sources: Sequence[SourceTrouble] = ()  #: repositories of posts


def collect_alerts(plan: Plan, faults: Faults, *, posts: Sequence[Post], compose: Compose) -> tuple[Alert, ...]:
    """Return an alert for everything that is wrong now."""
    return (
        *_of_plan(plan),
        *_of_files(faults),
        *_of_site(faults.site),
        *_of_sources(faults.sources),
        # Also those that the ledger meets in this cycle: what is wrong with a post does not wait for them.
        *_of_accounts(plan.accounts.values()),
        *_of_items(plan.items),
        *_without_picture(plan, posts),
        *_ahead(plan, posts, compose),
    )


def collect_problems(plan: Plan, faults: Faults) -> dict[AlertKey, str]:
    """Return a sentence for each problem with the bot or its files, for the log and the history."""
    problems: dict[AlertKey, str] = {}
    if plan.doubt is not None:
        problems[_doubt_key(plan.doubt)] = reason_words(plan.doubt)
    problems |= {_fault_key(fault): str(fault) for fault in faults.files}
    problems |= {_finding_key(finding): str(finding) for finding in plan.findings}
    problems |= {AlertKey(AlertKind.TROUBLE, trouble.subject): reason_words(trouble) for trouble in plan.troubles}
    problems |= {AlertKey(AlertKind.FEEDS, fault.subject): str(fault) for fault in faults.feeds}
    problems |= {_source_key(trouble): str(trouble) for trouble in faults.sources}
    if faults.site:
        problems[AlertKey(AlertKind.DEPLOY_HOOK)] = faults.site
    return problems


def _doubt_key(doubt: Reason) -> AlertKey:
    return AlertKey(AlertKind.DOUBT, doubt.subject)


def _finding_key(finding: Finding) -> AlertKey:
    return AlertKey(AlertKind.FINDING, f"{finding.rule} {finding.path}")


def _fault_key(fault: PostError) -> AlertKey:
    return AlertKey(AlertKind.FILE, " ".join(filter(None, (str(fault.path), fault.rule, fault.field, fault.value))))


def _source_key(trouble: SourceTrouble) -> AlertKey:
    return AlertKey(AlertKind.SOURCE, trouble.source.checkout.name)


def _alert(
    key: AlertKey,
    *,
    which: Hold | ReasonCode | bool | None = None,
    embargoed: bool = False,
    **values: object,
) -> Alert:
    what, means, todo = alert_words(key.kind, which, **values)
    return Alert(key=key, what=what, means=means, todo=todo, embargoed=embargoed)


def _of_plan(plan: Plan) -> Iterator[Alert]:
    if plan.doubt is not None and plan.doubt.code is not ReasonCode.PAUSED:
        yield _alert(_doubt_key(plan.doubt), problem=reason_words(plan.doubt))
    for trouble in plan.troubles:
        yield _alert(AlertKey(AlertKind.TROUBLE, trouble.subject), problem=reason_words(trouble))
    for finding in plan.findings:
        yield _alert(
            _finding_key(finding),
            path=finding.path,
            problem=finding.problem,
            remedy=finding.remedy,
            embargoed=True,
        )


def _of_files(faults: Faults) -> Iterator[Alert]:
    for fault in faults.files:
        yield _alert(_fault_key(fault), problem=fault.message, remedy=fault.remedy, embargoed=True)
    for output_fault in faults.feeds:
        yield _alert(AlertKey(AlertKind.FEEDS, output_fault.subject), problem=output_fault)


def _of_site(trouble: str) -> Iterator[Alert]:
    if trouble:
        yield _alert(AlertKey(AlertKind.DEPLOY_HOOK), problem=trouble)


def _of_sources(troubles: Iterable[SourceTrouble]) -> Iterator[Alert]:
    for trouble in troubles:
        yield _alert(_source_key(trouble), which=trouble.never, problem=trouble)


def _of_accounts(accounts: Iterable[AccountState]) -> Iterator[Alert]:
    for account in accounts:
        if account.blocked is not None:
            key = AlertKey(AlertKind.ACCOUNT, f"{account.address} {account.blocked.subject}")
            problem = reason_words(account.blocked)
            yield _alert(key, account=account.address, problem=problem)


#: Holds that raise an alert. The operator's own holds do not: the operator knows of them.
_ALERTING_HOLDS: Final = (Hold.BURST_LIMIT, Hold.UNCLEAR, Hold.FAILED)


def _of_items(items: Iterable[PlanItem]) -> Iterator[Alert]:
    for item in items:
        name = f"{item.slug} → {item.account or 'feeds'}"
        name += "" if item.occasion == Occasion.PUBLISH else f" ({item.occasion})"
        problem = reason_words(item.reason)
        if item.verdict is Verdict.HELD and item.hold in _ALERTING_HOLDS:
            without_page = item.reason is not None and item.reason.code is ReasonCode.PAGE_MISSING
            which = ReasonCode.PAGE_MISSING if without_page else item.hold
            key = AlertKey(AlertKind.HELD, f"{name} {item.hold.value}")
            yield _alert(key, which=which, name=name, problem=problem, embargoed=not item.account)
        elif item.verdict is Verdict.REJECTED:
            yield _alert(AlertKey(AlertKind.REJECTED, name), name=name, problem=problem)


def _without_picture(plan: Plan, posts: Iterable[Post]) -> Iterator[Alert]:
    """Yield an alert for each toot of the last day that is sent or due without one of its post's pictures."""
    out = (Verdict.DUE, Verdict.SENDING, Verdict.SENT)
    since = plan.now - LOOK_AHEAD[0]
    tooted = {item.post_id for item in plan.items if item.verdict in out and item.account and item.due > since}
    for post in posts:
        for url, problem in _picture_problems(post) if post.post_id in tooted else ():
            yield _alert(AlertKey(AlertKind.PICTURE, f"{post.post_id} {url}"), path=post.path, problem=problem)


def _picture_problems(post: Post) -> Iterator[tuple[str, str]]:
    """Yield the URL and the problem of each picture that cannot be used; each picture once."""
    pictures = {picture.url: problem_of(picture) for picture in pictures_of(post)}
    yield from ((url, problem) for url, problem in pictures.items() if problem)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Trouble:
    """A problem that would keep an upcoming post from going out as intended."""

    subject: str
    problem: str


def _ahead(plan: Plan, posts: Sequence[Post], compose: Compose) -> Iterator[Alert]:
    waiting = {item.post_id for item in plan.of(Verdict.UPCOMING)}
    posts = [post for post in posts if post.post_id in waiting]
    reminders = [(make_reminder_post(post, reminder), reminder.at) for post in posts for reminder in post.reminders]
    for post, due in (*((post, post.published) for post in posts), *reminders):
        distances = _distances(due, plan.now)
        if not distances or post.mastodon.skip:
            continue
        for trouble in _troubles(post, tuple(plan.accounts), compose):
            yield from _at_each_distance(post, trouble, distances)


def _at_each_distance(post: Post, trouble: _Trouble, distances: Sequence[str]) -> Iterator[Alert]:
    reminder = f" reminder {post.reminding.reminder_id}" if post.reminding is not None else ""
    farther: AlertKey | None = None
    # The alert of the longer distance stays open beside the nearer one: its problem is not solved.
    for distance in distances:
        alert = _alert(
            AlertKey(AlertKind.AHEAD, f"{distance} {post.post_id}{reminder} {trouble.subject}"),
            path=post.path,
            reminder=reminder,
            distance=distance,
            problem=trouble.problem,
            slug=post.slug,
            embargoed=True,
        )
        yield replace(alert, instead_of=farther)
        farther = alert.key


def _distances(published: datetime | None, now: datetime) -> list[str]:
    """Return the look-ahead distances that the release lies within, the longest first."""
    if published is None or published <= now:
        return []
    return [format_duration(distance) for distance in LOOK_AHEAD if published <= now + distance]


def _troubles(post: Post, accounts: Sequence[str], compose: Compose) -> list[_Trouble]:
    pictures = dict(_picture_problems(post)) if post.reminding is None else {}
    found: dict[str, _Trouble] = {}
    for account in accounts:
        try:
            compose(post, account)
        except ComposeError as error:
            if isinstance(error, PictureUnusableError):
                pictures.pop(error.url, None)  # report each problem once
            # The same kind of error on several accounts is one cause.
            subject = f"compose {error.kind} {error.field}".rstrip()
            found.setdefault(subject, _Trouble(subject=subject, problem=str(error)))
    for url, problem in pictures.items():
        subject = f"picture {url}"
        found[subject] = _Trouble(subject=subject, problem=f"its picture cannot be used: {problem}")
    return sorted(found.values(), key=lambda trouble: trouble.problem)
