"""What becomes of a post, in words: by the plan, and when a branch with it is merged now. Pure."""

from __future__ import annotations

from collections.abc import Mapping
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


@dataclass(frozen=True, kw_only=True, slots=True)
class _Prospect:
    """What merging means for a post on one account: a sentence, and what decisions need to know of it."""

    says: str
    moment: Moment = Moment.NEVER  #: when something becomes public by it
    is_tooted: bool = True  #: a toot goes out, now or later, or is out; held ones may
    is_held: bool = False
    is_at_once: bool = False  #: the toot leaves with the merge
    is_out: bool = False  #: it is about a toot that is out


@dataclass(frozen=True, kw_only=True, slots=True)
class Outlook:
    """What merging means for a post."""

    moment: Moment
    says: str  #: a sentence
    by_account: Mapping[str, str] = field(default_factory=dict)  #: where the accounts differ: a sentence for each
    is_tooted: bool = True  #: whether a toot goes out, now or later; held ones may
    is_held: bool = False  #: whether its toot is, or would be, held

    @property
    def brief(self) -> str:
        """Its first sentence, as it stands in a list."""
        return self.says.partition(". ")[0].rstrip(".").replace("Merging this ", "")


def outlook_of(
    post: Post, plan: Plan, *, toots: Toots, is_broken: bool = False, foretold_brake: bool = False
) -> Outlook:
    """The sentence for a post. `plan` is made for a moment right after the merge; `foretold_brake`: it will hold it."""
    if is_broken:
        return _nothing("Nothing happens: the file cannot be read as a post.")
    if post.published is None:
        return _nothing("Nothing happens: it is a draft.")
    items = [item for item in plan.items if item.slug == post.slug and not item.occasion.reminder_id]
    if plan.doubt is not None:
        return Outlook(moment=Moment.NEVER, says=f"Nothing is released: {reason_words(plan.doubt)}")
    if post.published > plan.now and all(item.verdict in (Verdict.UPCOMING, Verdict.HELD) for item in items):
        return _to_come(post, items, plan, toots, foretold_brake=foretold_brake)
    return _at_once(post, items, plan)


def _nothing(says: str) -> Outlook:
    return Outlook(moment=Moment.NEVER, says=says, is_tooted=False)


def _to_come(post: Post, items: list[PlanItem], plan: Plan, toots: Toots, *, foretold_brake: bool) -> Outlook:
    assert post.published is not None
    if not items:
        return _nothing("Nothing happens: a post that is out has its name or id.")
    distance = format_duration(post.published - plan.now)
    by_account = {
        item.account: _of_item_to_come(item, post, distance, toots, foretold_brake=foretold_brake) for item in items
    }
    return _joined(by_account)


def _of_item_to_come(item: PlanItem, post: Post, distance: str, toots: Toots, *, foretold_brake: bool) -> _Prospect:
    entered = f"Enters the feed in {distance}."
    if item.verdict is Verdict.HELD:
        return _Prospect(says=f"Nothing happens: {reason_words(item.reason)}.", is_tooted=False)
    if post.hidden:
        return _Prospect(says="Nothing happens: it is hidden.", is_tooted=False)
    if not item.account or item.reason is not None:
        says = f"{entered} Nothing is tooted{_because(item.reason, post)}."
        return _Prospect(says=says, moment=Moment.LATER, is_tooted=False)
    if isinstance(toots.get(item.account), str):
        says = f"{entered} Its toot would be held: it cannot be made."
        return _Prospect(says=says, moment=Moment.LATER, is_held=True)
    if foretold_brake:
        says = f"{entered} Its toot would be held by the brake."
        return _Prospect(says=says, moment=Moment.LATER, is_held=True)
    return _Prospect(says=f"Goes out in {distance}.", moment=Moment.LATER)


def _because(reason: Reason | None, post: Post) -> str:
    """A reason as it follows a sentence: after a colon, or in brackets."""
    if reason is None:
        return ""
    if reason.code is ReasonCode.FEEDS_ONLY:
        return " (`mastodon.skip`)"
    if reason.code is ReasonCode.FEEDS_ONLY_SKIPPED_BY:
        reason = replace(reason, code=ReasonCode.SKIPPED_BY)
    return f": {_clean(reason, post).strip(' :.')}"


def _at_once(post: Post, items: list[PlanItem], plan: Plan) -> Outlook:
    is_new = any(released.path == post.path for released in plan.released)
    by_account: dict[str, _Prospect] = {}
    for item in items:
        known, further = by_account.get(item.account), _of_item(item, post, plan, is_new=is_new)
        # Of a toot that stays and an edit of it, the edit is what merging means.
        by_account[item.account] = further if known is None or known.is_out else known
    if by_account:
        return _joined(by_account)
    if is_new and not post.hidden:
        return Outlook(moment=Moment.NOW, says="Merging this puts it into the feed at once.")
    if _feeds_change(post, plan):
        return Outlook(moment=Moment.NOW, says="It is out already. Merging this changes the feed.")
    return Outlook(moment=Moment.NEVER, says="It is out already, and nothing changes.")


def _of_item(item: PlanItem, post: Post, plan: Plan, *, is_new: bool) -> _Prospect:
    after = item.occasion != Occasion.PUBLISH
    match item.verdict:
        case Verdict.WAITING:
            says = "Merging this toots as soon as its page is online."
            return _Prospect(says=says, moment=Moment.NOW, is_at_once=True)
        case Verdict.DUE if after:
            return _of_followup(item.occasion)
        case Verdict.DUE if item.reason is not None and item.reason.code is ReasonCode.WAITS_FOR_DAYTIME:
            says = "Merging this puts it into the feed at once. Its toot waits for the hours of `daytime`."
            return _Prospect(says=says, moment=Moment.NOW)
        case Verdict.DUE:
            return _Prospect(says="Merging this toots at once.", moment=Moment.NOW, is_at_once=True)
        case Verdict.HELD:
            is_entered = is_new and not post.hidden
            entered = "Merging this puts it into the feed at once. " if is_entered else ""
            toot = "The change of its toot" if after else "Its toot"
            says = f"{entered}{toot} is held: {_clean(item.reason, post)}."
            return _Prospect(says=says, moment=Moment.NOW if is_new else Moment.NEVER, is_held=True)
        case Verdict.SKIPPED | Verdict.REJECTED:
            return _skipped(item, post, plan, is_new=is_new)
        case _:
            changes = _feeds_change(post, plan)
            says = f"It is out already. {'Merging this changes the feed.' if changes else 'Nothing changes.'}"
            return _Prospect(says=says, moment=Moment.NOW if changes or is_new else Moment.NEVER, is_out=True)


def _of_followup(occasion: Occasion) -> _Prospect:
    if occasion.kind is OccasionKind.WITHDRAW:
        return _Prospect(says="Merging this takes the toot back at once.", moment=Moment.NOW)
    says = "It is out already. Merging this edits the toot at once."
    return _Prospect(says=says, moment=Moment.NOW, is_out=True)


def _skipped(item: PlanItem, post: Post, plan: Plan, *, is_new: bool) -> _Prospect:
    if post.hidden and post.withdrawn is None:
        moment = Moment.NOW if is_new else Moment.NEVER
        return _Prospect(says="Nothing happens: it is hidden.", moment=moment, is_tooted=False)
    if post.hidden:
        return _Prospect(says="Merging this takes it out of the feed.", moment=Moment.NOW)
    because = _because(item.reason, post)
    if item.reason is not None and item.reason.code is ReasonCode.TOO_LATE and post.published is not None:
        because = f": it is {format_duration(plan.now - post.published)} old"
    if is_new:
        says = f"Merging this puts it into the feed at once. Nothing is tooted{because}."
        return _Prospect(says=says, moment=Moment.NOW, is_tooted=False)
    changes = _feeds_change(post, plan)
    feeds = " Merging this changes the feed." if changes else ""
    says = f"It is in the feed already.{feeds} Nothing is tooted{because}."
    return _Prospect(says=says, moment=Moment.NOW if changes else Moment.NEVER, is_tooted=False)


def _clean(reason: Reason | None, post: Post) -> str:
    """A reason in words, without the file's name, which is read there anyway."""
    return reason_words(reason).removeprefix(f"{post.path}: ").rstrip(".")


def _feeds_change(post: Post, plan: Plan) -> bool:
    changed = {entry.slug for entry in plan.batch.entries}
    return post.slug in changed


def _joined(by_account: Mapping[str, _Prospect]) -> Outlook:
    """One sentence for all accounts; what they do not have in common is said account by account."""
    different = list(dict.fromkeys(by_account.values()))
    moment = min((prospect.moment for prospect in different), key=list(Moment).index)
    if len(different) == 1:
        only = different[0]
        return Outlook(moment=moment, says=only.says, is_tooted=only.is_tooted, is_held=only.is_held)
    at_once = next((prospect.says for prospect in different if prospect.is_at_once), "The accounts differ:")
    return Outlook(
        moment=moment,
        says=at_once,
        by_account={account: prospect.says for account, prospect in by_account.items()},
    )
