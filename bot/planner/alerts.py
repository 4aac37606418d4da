"""What somebody should be told, whoever is watching: each cause with what it means and what to do. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.compose.announcement import as_reminder
from bot.compose.pictures import problems_of
from bot.domain import AccountState, Hold, Occasion, Post
from bot.domain.durations import format_duration
from bot.domain.errors import ComposeError, PostError
from bot.planner.builder import Compose, PlanItem
from bot.planner.page_wait import PAGE_MISSING
from bot.planner.plan import Plan
from bot.planner.ruling import Verdict
from bot.posts.git.status import SourceTrouble

#: Before each release the post is tried out at these distances; trouble is told once at each.
LOOK_AHEAD: Final = (timedelta(hours=24), timedelta(hours=1))


@dataclass(frozen=True, kw_only=True, slots=True)
class Alert:
    """One thing that is wrong. Equal `key`: the same cause."""

    key: str
    what: str  #: what happened
    means: str  #: what that means
    todo: str  #: what to do
    embargoed: bool = False  #: tells of a post that is not public yet
    instead_of: str = ""  #: the key of a cause that need not be told besides this one

    def redacted(self) -> Alert:
        """The same without a word of an unreleased post: it is known by an opaque id."""
        if not self.embargoed:
            return self
        return Alert(
            key=self.key,
            what=f"trouble with an upcoming post ({opaque(self.key)})",
            means="It may not go out as planned.",
            todo="Look at `announce check` and `announce queue` on the bot's machine.",
            embargoed=True,
            instead_of=self.instead_of,
        )


def opaque(text: str) -> str:
    """A short id that gives nothing away."""
    return "post-" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def collect_alerts(
    plan: Plan,
    *,
    posts: Sequence[Post],
    faults: Iterable[PostError],
    feed_faults: Iterable[str],
    accounts: Mapping[str, AccountState],
    compose: Compose,
    site_trouble: str = "",
    sources: Iterable[SourceTrouble] = (),
) -> tuple[Alert, ...]:
    """Everything that is wrong now. `accounts` are those in the settings, by address."""
    return (
        *_of_plan(plan),
        *_of_files(faults, feed_faults),
        *_of_site(site_trouble),
        *_of_sources(sources),
        *_of_accounts(accounts.values()),
        *_of_items(plan.items),
        *_without_picture(plan, posts),
        *_ahead(plan, posts, list(accounts), compose),
    )


def _of_plan(plan: Plan) -> Iterator[Alert]:
    if plan.doubt and not plan.doubt.startswith("paused"):
        yield Alert(
            key=f"doubt {plan.doubt[:40]}",
            what=plan.doubt,
            means="Nothing is released and nothing is tooted.",
            todo="See to the cause; the bot goes on by itself once it is gone.",
        )
    for trouble in plan.troubles:
        yield Alert(key=f"trouble {trouble[:60]}", what=trouble, means="", todo="Look at `announce queue`.")
    for finding in plan.findings:
        yield Alert(
            key=f"finding {finding.rule} {finding.path}",
            what=f"{finding.path}: {finding.problem}",
            means="",
            todo=finding.remedy,
            embargoed=True,
        )


def _of_files(faults: Iterable[PostError], feed_faults: Iterable[str]) -> Iterator[Alert]:
    for fault in faults:
        yield Alert(
            key=f"file {fault.path} {fault.problem}",
            what=fault.message,
            means="The post of this file is left out until it is mended; the others go on.",
            todo=fault.remedy,
            embargoed=True,
        )
    for text in feed_faults:
        yield Alert(
            key=f"feeds {text}", what=text, means="The last good feed stays in its place.", todo="See to the cause."
        )


def _of_site(trouble: str) -> Iterator[Alert]:
    if trouble:
        yield Alert(
            key="deploy hook",
            what=trouble,
            means="Pages of released posts may be missing on the site.",
            todo="See to its address, its token and what that may do; it is called again until it takes the call.",
        )


def _of_sources(troubles: Iterable[SourceTrouble]) -> Iterator[Alert]:
    for trouble in troubles:
        yield Alert(
            key=f"source {trouble.source.place.name}",
            what=str(trouble),
            means="None of its posts is known here."
            if trouble.never
            else "The posts that were fetched last stay in force; what was changed since then is not seen.",
            todo="See to the cause; the bot goes on by itself.",
        )


def _of_accounts(accounts: Iterable[AccountState]) -> Iterator[Alert]:
    for account in accounts:
        if account.blocked:
            yield Alert(
                key=f"account {account.address} {account.blocked}",
                what=f"{account.address}: {account.blocked}",
                means="Nothing is tooted there; what is due waits. The feeds go on.",
                todo="Mend the token or the settings; the bot goes on by itself.",
            )


_MEANS: Final = {
    Hold.BRAKE: ("A flood was stopped; these toots wait.", "Look at `announce queue`, then `announce resume`."),
    Hold.UNCLEAR: ("The toot waits until its file is mended.", "Mend the file."),
    Hold.FAILED: ("The toot waits for a person.", "See to the cause, then `announce retry SLUG`."),
}


_WITHOUT_PAGE = (
    "Neither the feeds nor the toots have it: their link would lead nowhere.",
    "See why the site was not built, then `announce release SLUG`.",
)


def _of_items(items: Iterable[PlanItem]) -> Iterator[Alert]:
    for item in items:
        name = f"{item.slug} → {item.account or 'feeds'}"
        name += "" if item.occasion == Occasion.PUBLISH else f" ({item.occasion})"
        if item.verdict is Verdict.HELD and item.hold in _MEANS:
            means, todo = _WITHOUT_PAGE if item.reason.startswith(PAGE_MISSING) else _MEANS[item.hold]
            yield Alert(
                key=f"held {name} {item.hold.value}",
                what=f"held: {name}: {item.reason}",
                means=means,
                todo=todo,
                embargoed=not item.account,
            )
        elif item.verdict is Verdict.REJECTED:
            yield Alert(
                key=f"rejected {name}",
                what=f"rejected: {name}: {item.reason}",
                means="The server refuses this toot as it stands; it is not sent.",
                todo="Change the post and `announce retry SLUG`, or toot by hand.",
            )


def _without_picture(plan: Plan, posts: Iterable[Post]) -> Iterator[Alert]:
    """Toots of the last day that went out, or are going, without a picture that the post wants."""
    out = (Verdict.DUE, Verdict.SENDING, Verdict.SENT)
    since = plan.now - LOOK_AHEAD[0]
    tooted = {item.post_id for item in plan.items if item.verdict in out and item.account and item.due > since}
    for post in posts:
        for problem in problems_of(post) if post.post_id in tooted else ():
            yield Alert(
                key=f"picture {post.post_id} {problem}",
                what=f"{post.path}: a picture cannot be used: {problem}",
                means="Its toot goes out without it.",
                todo="Mend it for the feeds; a change of the post's words edits the toot, with the picture.",
            )


def _ahead(plan: Plan, posts: Sequence[Post], accounts: Sequence[str], compose: Compose) -> Iterator[Alert]:
    waiting = {item.post_id for item in plan.of(Verdict.UPCOMING)}
    posts = [post for post in posts if post.post_id in waiting]
    reminders = [(as_reminder(post, reminder), reminder.at) for post in posts for reminder in post.reminders]
    for post, due in (*((post, post.published) for post in posts), *reminders):
        distances = _distances(due, plan.now)
        if not distances or post.mastodon.skip:
            continue
        for problem in sorted(set(_troubles(post, accounts, compose))):
            which = f" reminder {post.reminding.reminder_id}" if post.reminding is not None else ""
            keys = [f"ahead {distance} {post.post_id}{which} {problem}" for distance in distances]
            # The farther cause stays beside the nearer one: it has not been solved.
            for key, distance, farther in zip(keys, distances, ("", *keys), strict=False):
                yield Alert(
                    key=key,
                    what=f"{post.path}{which} is due in less than {distance}: {problem}",
                    means="It would not go out as meant.",
                    todo=f"Mend it; `announce preview {post.slug}` shows how it stands.",
                    embargoed=True,
                    instead_of=farther,
                )


def _distances(published: datetime | None, now: datetime) -> list[str]:
    """The distances that the release is within, farthest first."""
    if published is None or published <= now:
        return []
    return [format_duration(distance) for distance in LOOK_AHEAD if published <= now + distance]


def _troubles(post: Post, accounts: Sequence[str], compose: Compose) -> Iterator[str]:
    problems = list(problems_of(post)) if post.reminding is None else []
    for account in accounts:
        try:
            compose(post, account)
        except ComposeError as error:
            # One trouble is told once.
            problems = [problem for problem in problems if problem not in error.message]
            yield str(error)
    yield from (f"its picture cannot be used: {problem}" for problem in problems)
