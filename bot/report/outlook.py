"""What becomes of a post, in words: by the plan, and when a branch with it is merged now. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final

from bot.compose.composer import Toots
from bot.domain import Occasion, OccasionKind, Post, Reason, ReasonCode
from bot.domain.durations import format_duration
from bot.domain.wording import HOLD_REMEDIES, reason_words
from bot.operations.branch import PostStage
from bot.planner.builder import PlanItem
from bot.planner.plan import Plan
from bot.planner.ruling import Verdict

_NEXT_STEPS: Final[Mapping[Verdict, str]] = {
    Verdict.UPCOMING: "it goes out at its time",
    Verdict.WAITING: "its page is asked for again and again; `announce publish {slug}` does not wait",
    Verdict.DUE: "it goes out with the next cycle, or when the server can be reached",
    Verdict.SENDING: "the account's own toots are looked through before it is ever sent again",
    Verdict.SENT: "nothing; if the post's words change, the toot is edited",
    Verdict.SKIPPED: "nothing; `announce publish {slug}` toots it all the same",
    Verdict.REJECTED: "change the post, then `announce retry {slug}`",
}


def outcome_words(item: PlanItem) -> str:
    """What the plan decided, and why: "held: there is no picture"."""
    return f"{item.verdict.value}{f': {reason_words(item.reason)}' if item.reason else ''}"


def next_step(item: PlanItem, slug: str) -> str:
    """What happens next, or what the operator can do; `slug` is the post's present one."""
    if item.verdict is Verdict.SENT and item.occasion != Occasion.PUBLISH:
        return "nothing"
    words = HOLD_REMEDIES[item.hold] if item.verdict is Verdict.HELD else _NEXT_STEPS[item.verdict]
    return words.format(slug=slug)


#: What it means that a branch deletes the file of a post.
DELETION_WORDS: Final[Mapping[PostStage, str]] = {
    PostStage.DRAFT: "It was a draft: nothing changes for readers.",
    PostStage.UPCOMING: "It will not go out.",
    PostStage.OUT: (
        "It is out. Its toot stays; its entry leaves the feed after a day. "
        "To take the toot back too, keep the file and write `withdrawn: true` in it."
    ),
}


class Moment(Enum):
    """When something of a post becomes public, once the branch is merged."""

    NOW = "now"
    LATER = "later"
    NEVER = "never"  #: as it stands


class _Effect(Enum):
    """What merging does to a post: the clause that says so. {distance}, {reason} and {because} are filled in."""

    NOTHING_DRAFT = "Nothing happens: it is a draft"
    NOTHING_NAME_TAKEN = "Nothing happens: a post that is out has its name or id"
    NOTHING_HIDDEN = "Nothing happens: it is hidden"
    NOTHING_HELD = "Nothing happens: {reason}"
    NOTHING_RELEASED = "Nothing is released: {reason}"
    GOES_OUT_LATER = "Goes out in {distance}"
    ENTERS_LATER = "Enters the feed in {distance}"
    ENTERS_NOW = "puts it into the feed at once"
    CHANGES_FEED = "changes the feed"
    LEAVES_FEED = "takes it out of the feed"
    IN_FEED = "It is in the feed already"
    OUT = "It is out already"
    OUT_UNCHANGED = "It is out already, and nothing changes"
    UNCHANGED = "Nothing changes"
    TOOTS_NOW = "toots at once"
    TOOTS_WITH_PAGE = "toots as soon as its page is online"
    TOOTS_IN_DAYTIME = "Its toot waits for the hours of `daytime`"
    EDITS_TOOT = "edits the toot at once"
    TAKES_TOOT_BACK = "takes the toot back at once"
    NOT_TOOTED = "Nothing is tooted{because}"
    TOOT_HELD = "Its toot is held: {reason}"
    EDIT_HELD = "The change of its toot is held: {reason}"
    CANNOT_BE_MADE = "Its toot would be held: it cannot be made"
    BRAKED = "Its toot would be held by the brake"


_E: Final = _Effect
#: Said with "Merging this" before them.
_OF_MERGING: Final = frozenset(
    {
        _E.ENTERS_NOW,
        _E.CHANGES_FEED,
        _E.LEAVES_FEED,
        _E.TOOTS_NOW,
        _E.TOOTS_WITH_PAGE,
        _E.EDITS_TOOT,
        _E.TAKES_TOOT_BACK,
    }
)
_AT_ONCE: Final = frozenset({_E.TOOTS_NOW, _E.TOOTS_WITH_PAGE})
_HELD: Final = frozenset({_E.TOOT_HELD, _E.EDIT_HELD, _E.CANNOT_BE_MADE, _E.BRAKED})
_NO_TOOT: Final = frozenset(
    {
        _E.NOTHING_DRAFT,
        _E.NOTHING_NAME_TAKEN,
        _E.NOTHING_HIDDEN,
        _E.NOTHING_HELD,
        _E.NOT_TOOTED,
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Prospect:
    """What merging means for a post on one account."""

    effects: tuple[_Effect, ...]
    moment: Moment = Moment.NEVER  #: when something becomes public by it
    reason: Reason | None = None

    def has(self, effects: Collection[_Effect]) -> bool:
        return any(effect in effects for effect in self.effects)


@dataclass(frozen=True, kw_only=True, slots=True)
class Outlook:
    """What merging means for a post."""

    moment: Moment
    says: str  #: in whole sentences
    brief: str  #: the first of them, as it stands in a list
    by_account: Mapping[str, str] = field(default_factory=dict)  #: where the accounts differ: sentences for each
    is_tooted: bool = True  #: whether a toot goes out, now or later; held ones may
    is_held: bool = False  #: whether its toot is, or would be, held


def outlook_of(post: Post, plan: Plan, *, toots: Toots, exceeds_burst_limit: bool = False) -> Outlook:
    """The outlook of a post. `plan` is made for a moment right after the merge.

    `exceeds_burst_limit`: `announce check` expects that the toot will be held.
    """
    by_account = _prospects(post, plan, toots, exceeds_burst_limit=exceeds_burst_limit)
    first, *others = dict.fromkeys(by_account.values())
    if not others:
        clauses = _clauses(first, post, plan)
        return Outlook(
            moment=first.moment,
            says=_sentences(clauses),
            brief=clauses[0][1],
            is_tooted=not first.has(_NO_TOOT),
            is_held=first.has(_HELD),
        )
    at_once = next((one for one in (first, *others) if one.has(_AT_ONCE)), None)
    clauses = _clauses(at_once, post, plan) if at_once is not None else []
    return Outlook(
        moment=min((one.moment for one in (first, *others)), key=list(Moment).index),
        says=_sentences(clauses) or "The accounts differ:",
        brief=clauses[0][1] if clauses else "The accounts differ:",
        by_account={account: _sentences(_clauses(one, post, plan)) for account, one in by_account.items()},
    )


def _prospects(post: Post, plan: Plan, toots: Toots, *, exceeds_burst_limit: bool) -> Mapping[str, _Prospect]:
    """By account; under "" what holds for the post as a whole."""
    if post.published is None:
        return {"": _Prospect(effects=(_E.NOTHING_DRAFT,))}
    if plan.doubt is not None:
        return {"": _Prospect(effects=(_E.NOTHING_RELEASED,), reason=plan.doubt)}
    items = [item for item in plan.items if item.slug == post.slug and not item.occasion.reminder_id]
    if post.published > plan.now and all(item.verdict in (Verdict.UPCOMING, Verdict.HELD) for item in items):
        to_come = {item.account: _to_come(item, post, toots, exceeds_burst_limit=exceeds_burst_limit) for item in items}
        return to_come or {"": _Prospect(effects=(_E.NOTHING_NAME_TAKEN,))}
    return _at_once(post, items, plan)


def _to_come(item: PlanItem, post: Post, toots: Toots, *, exceeds_burst_limit: bool) -> _Prospect:
    if item.verdict is Verdict.HELD:
        return _Prospect(effects=(_E.NOTHING_HELD,), reason=item.reason)
    if post.hidden:
        return _Prospect(effects=(_E.NOTHING_HIDDEN,))
    if not item.account or item.reason is not None:
        effects = (_E.ENTERS_LATER, _E.NOT_TOOTED)
        return _Prospect(effects=effects, moment=Moment.LATER, reason=item.reason)
    if isinstance(toots.get(item.account), str):
        return _Prospect(effects=(_E.ENTERS_LATER, _E.CANNOT_BE_MADE), moment=Moment.LATER)
    if exceeds_burst_limit:
        return _Prospect(effects=(_E.ENTERS_LATER, _E.BRAKED), moment=Moment.LATER)
    return _Prospect(effects=(_E.GOES_OUT_LATER,), moment=Moment.LATER)


def _at_once(post: Post, items: list[PlanItem], plan: Plan) -> Mapping[str, _Prospect]:
    is_new = any(released.path == post.path for released in plan.released)
    by_account: dict[str, _Prospect] = {}
    for item in items:
        known, further = by_account.get(item.account), _of_item(item, post, plan, is_new=is_new)
        # Of a toot that stays and an edit of it, the edit is what merging means.
        by_account[item.account] = further if known is None or known.has({_E.OUT}) else known
    if by_account:
        return by_account
    if is_new and not post.hidden:
        return {"": _Prospect(effects=(_E.ENTERS_NOW,), moment=Moment.NOW)}
    if _feeds_change(post, plan):
        return {"": _Prospect(effects=(_E.OUT, _E.CHANGES_FEED), moment=Moment.NOW)}
    return {"": _Prospect(effects=(_E.OUT_UNCHANGED,))}


def _of_item(item: PlanItem, post: Post, plan: Plan, *, is_new: bool) -> _Prospect:
    is_followup = item.occasion != Occasion.PUBLISH
    match item.verdict:
        case Verdict.WAITING:
            return _Prospect(effects=(_E.TOOTS_WITH_PAGE,), moment=Moment.NOW)
        case Verdict.DUE if item.occasion.kind is OccasionKind.WITHDRAW:
            return _Prospect(effects=(_E.TAKES_TOOT_BACK,), moment=Moment.NOW)
        case Verdict.DUE if is_followup:
            return _Prospect(effects=(_E.OUT, _E.EDITS_TOOT), moment=Moment.NOW)
        case Verdict.DUE if item.reason is not None and item.reason.code is ReasonCode.WAITS_FOR_DAYTIME:
            return _Prospect(effects=(_E.ENTERS_NOW, _E.TOOTS_IN_DAYTIME), moment=Moment.NOW)
        case Verdict.DUE:
            return _Prospect(effects=(_E.TOOTS_NOW,), moment=Moment.NOW)
        case Verdict.HELD:
            entered = (_E.ENTERS_NOW,) if is_new and not post.hidden else ()
            held = _E.EDIT_HELD if is_followup else _E.TOOT_HELD
            moment = Moment.NOW if is_new else Moment.NEVER
            return _Prospect(effects=(*entered, held), moment=moment, reason=item.reason)
        case Verdict.SKIPPED | Verdict.REJECTED:
            return _skipped(item, post, plan, is_new=is_new)
        case _:
            changes = _feeds_change(post, plan)
            effects = (_E.OUT, _E.CHANGES_FEED if changes else _E.UNCHANGED)
            return _Prospect(effects=effects, moment=Moment.NOW if changes or is_new else Moment.NEVER)


def _skipped(item: PlanItem, post: Post, plan: Plan, *, is_new: bool) -> _Prospect:
    if post.hidden and post.withdrawn is not None:
        return _Prospect(effects=(_E.LEAVES_FEED,), moment=Moment.NOW)
    if post.hidden:
        return _Prospect(effects=(_E.NOTHING_HIDDEN,), moment=Moment.NOW if is_new else Moment.NEVER)
    if is_new:
        return _Prospect(effects=(_E.ENTERS_NOW, _E.NOT_TOOTED), moment=Moment.NOW, reason=item.reason)
    if _feeds_change(post, plan):
        effects = (_E.IN_FEED, _E.CHANGES_FEED, _E.NOT_TOOTED)
        return _Prospect(effects=effects, moment=Moment.NOW, reason=item.reason)
    return _Prospect(effects=(_E.IN_FEED, _E.NOT_TOOTED), reason=item.reason)


def _feeds_change(post: Post, plan: Plan) -> bool:
    return any(entry.slug == post.slug for entry in plan.batch.entries)


def _sentences(clauses: Iterable[tuple[str, str]]) -> str:
    return " ".join(f"{before}{clause}." for before, clause in clauses)


def _clauses(prospect: _Prospect, post: Post, plan: Plan) -> list[tuple[str, str]]:
    """The effects in words, without an end: what a sentence begins with, and what a list shows."""
    distance = format_duration(post.published - plan.now) if post.published is not None else ""
    words = {"distance": distance, "reason": _clean(prospect.reason, post), "because": _because(prospect, post, plan)}
    return [
        ("Merging this " if effect in _OF_MERGING else "", effect.value.format(**words)) for effect in prospect.effects
    ]


def _because(prospect: _Prospect, post: Post, plan: Plan) -> str:
    """A reason as it follows a clause: after a colon, or in brackets."""
    reason = prospect.reason
    if reason is None:
        return ""
    if reason.code is ReasonCode.TOO_LATE and post.published is not None and prospect.moment is not Moment.LATER:
        return f": it is {format_duration(plan.now - post.published)} old"
    if reason.code is ReasonCode.FEEDS_ONLY:
        return " (`mastodon.skip`)"
    if reason.code is ReasonCode.FEEDS_ONLY_SKIPPED_BY:
        reason = replace(reason, code=ReasonCode.SKIPPED_BY)
    return f": {_clean(reason, post).strip(' :.')}"


def _clean(reason: Reason | None, post: Post) -> str:
    """A reason in words, without the file's name, which is read there anyway."""
    return reason_words(reason).removeprefix(f"{post.path}: ").rstrip(".")
