"""What becomes of a post when a branch with it is merged now, in one plain sentence. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from bot.domain import Announcement, Occasion, OccasionKind, Post
from bot.domain.durations import format_duration
from bot.planner.builder import PlanItem
from bot.planner.plan import Plan
from bot.planner.ruling import Verdict


class Moment(Enum):
    """When something of a post becomes public, once the branch is merged."""

    NOW = "now"
    LATER = "later"
    NEVER = "never"  #: as it stands


@dataclass(frozen=True, kw_only=True, slots=True)
class Outlook:
    """What merging means for a post."""

    moment: Moment
    says: str  #: a sentence
    by_account: Mapping[str, str] = field(default_factory=dict)  #: where the accounts differ: a sentence for each

    @property
    def is_tooted(self) -> bool:
        """Whether a toot goes out, now or later; held ones may."""
        return "Nothing is tooted" not in self.says and "Nothing happens" not in self.says


#: A toot on one account, or what is wrong with it.
Toots = Mapping[str, Announcement | str]


def outlook_of(
    post: Post, plan: Plan, *, toots: Toots, is_broken: bool = False, foretold_brake: bool = False
) -> Outlook:
    """The sentence for a post. `plan` is made for a moment right after the merge; `foretold_brake`: it will hold it."""
    if is_broken:
        return _never("Nothing happens: the file cannot be read as a post.")
    if post.published is None:
        return _never("Nothing happens: it is a draft.")
    items = [item for item in plan.items if item.slug == post.slug and not item.occasion.reminder_id]
    if plan.doubt:
        return _never(f"Nothing is released: {plan.doubt}")
    if post.published > plan.now and all(item.verdict in (Verdict.UPCOMING, Verdict.HELD) for item in items):
        return _to_come(post, items, plan, toots, foretold_brake=foretold_brake)
    return _at_once(post, items, plan)


def _never(says: str) -> Outlook:
    return Outlook(moment=Moment.NEVER, says=says)


def _to_come(post: Post, items: list[PlanItem], plan: Plan, toots: Toots, *, foretold_brake: bool) -> Outlook:
    assert post.published is not None
    distance = format_duration(post.published - plan.now)
    if not items:
        return _never("Nothing happens: a post that is out has its name or id.")
    said: dict[str, str] = {}
    for item in items:
        if item.verdict is Verdict.HELD:
            said[item.account] = f"Nothing happens: {item.reason}."
        elif post.hidden:
            said[item.account] = "Nothing happens: it is hidden."
        elif not item.account or item.reason:
            said[item.account] = f"Enters the feed in {distance}. Nothing is tooted{_because(item.reason)}."
        elif isinstance(toots.get(item.account), str):
            said[item.account] = f"Enters the feed in {distance}. Its toot would be held: it cannot be made."
        elif foretold_brake:
            said[item.account] = f"Enters the feed in {distance}. Its toot would be held by the brake."
        else:
            said[item.account] = f"Goes out in {distance}."
    nothing = all(sentence.startswith("Nothing") for sentence in said.values())
    return _joined(said, Moment.NEVER if nothing else Moment.LATER)


def _because(reason: str) -> str:
    """A reason as it follows a sentence: those in brackets without a colon."""
    reason = reason.removeprefix("in the feeds only").strip(" :.")
    return f" {reason}" if reason.startswith("(") else f": {reason}" if reason else ""


def _at_once(post: Post, items: list[PlanItem], plan: Plan) -> Outlook:
    is_new = any(released.path == post.path for released in plan.released)
    said: dict[str, str] = {}
    for item in items:
        said.setdefault(item.account, "")
        said[item.account] = _more_telling(said[item.account], _of_item(item, post, plan, is_new=is_new))
    if said:
        public = any("Merging" in sentence or is_new for sentence in said.values())
        return _joined(said, Moment.NOW if public else Moment.NEVER)
    if is_new and not post.hidden:
        return Outlook(moment=Moment.NOW, says="Merging this puts it into the feed at once.")
    if _feeds_change(post, plan):
        return Outlook(moment=Moment.NOW, says="It is out already. Merging this changes the feed.")
    return _never("It is out already, and nothing changes.")


def _more_telling(known: str, further: str) -> str:
    """Of a toot that stays and an edit of it, the edit is what merging means."""
    return further if not known or known.startswith("It is out") else known


def _of_item(item: PlanItem, post: Post, plan: Plan, *, is_new: bool) -> str:
    after = item.occasion != Occasion.PUBLISH
    match item.verdict:
        case Verdict.WAITING:
            return "Merging this toots as soon as its page is online."
        case Verdict.DUE if after:
            return _afterwards(item.occasion)
        case Verdict.DUE if "daytime" in item.reason:
            return "Merging this puts it into the feed at once. Its toot waits for the hours of `daytime`."
        case Verdict.DUE:
            return "Merging this toots at once."
        case Verdict.HELD:
            entered = "Merging this puts it into the feed at once. " if is_new and not post.hidden else ""
            return f"{entered}{'The change of its toot' if after else 'Its toot'} is held: {_clean(item.reason, post)}."
        case Verdict.SKIPPED | Verdict.REJECTED:
            return _skipped(item, post, plan, is_new=is_new)
        case _:
            feeds = " Merging this changes the feed." if _feeds_change(post, plan) else " Nothing changes."
            return f"It is out already.{feeds}"


def _afterwards(occasion: Occasion) -> str:
    if occasion.kind is OccasionKind.WITHDRAW:
        return "Merging this takes the toot back at once."
    return "It is out already. Merging this edits the toot at once."


def _skipped(item: PlanItem, post: Post, plan: Plan, *, is_new: bool) -> str:
    reason = _clean(item.reason, post)
    if post.hidden:
        return "Nothing happens: it is hidden." if post.withdrawn is None else "Merging this takes it out of the feed."
    if " late;" in reason and post.published is not None:
        reason = f"it is {format_duration(plan.now - post.published)} old"
    if is_new:
        return f"Merging this puts it into the feed at once. Nothing is tooted{_because(reason)}."
    feeds = " Merging this changes the feed." if _feeds_change(post, plan) else ""
    return f"It is in the feed already.{feeds} Nothing is tooted{_because(reason)}."


def _clean(reason: str, post: Post) -> str:
    return reason.removeprefix(f"{post.path}: ").rstrip(".")


def _feeds_change(post: Post, plan: Plan) -> bool:
    changed = {entry.slug for entry in plan.recording.entries}
    return post.slug in changed


def _joined(said: Mapping[str, str], moment: Moment) -> Outlook:
    different = dict.fromkeys(said.values())
    if len(different) == 1:
        return Outlook(moment=moment, says=next(iter(different)))
    return Outlook(moment=moment, says=_summed_up(different), by_account=dict(said))


def _summed_up(sentences: Iterable[str]) -> str:
    """What the accounts do not have in common is said account by account."""
    listed = list(sentences)
    at_once = [one for one in listed if one.startswith("Merging this toots")]
    return at_once[0] if at_once else "The accounts differ:"
