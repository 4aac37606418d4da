"""What would happen now, if the bot began with these posts. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.model import Post


@dataclass(frozen=True, kw_only=True, slots=True)
class Outlook:
    """The posts of a site, sorted by what a first start makes of them."""

    total: int
    drafts: int
    old: int  #: into the feeds, without a toot
    fresh: tuple[Post, ...]  #: due and not too late: tooted at once
    coming: tuple[Post, ...]  #: tooted at their times, the next one first


def outlook_of(posts: Iterable[Post], *, now: datetime, catch_up: timedelta) -> Outlook:
    """Sort the posts as of now."""
    known = list(posts)
    dated = sorted(((post.published, post) for post in known if post.published is not None), key=lambda pair: pair[0])
    fresh = tuple(post for at, post in dated if now - catch_up <= at <= now and not post.mastodon.skip)
    return Outlook(
        total=len(known),
        drafts=len(known) - len(dated),
        old=sum(at <= now for at, _ in dated) - len(fresh),
        fresh=fresh,
        coming=tuple(post for at, post in dated if at > now),
    )


def words_of(outlook: Outlook, *, tooted: bool) -> Sequence[str]:
    """The outlook for a person. `tooted`: whether there is an account."""
    count = f"{outlook.total} post{'' if outlook.total == 1 else 's'}"
    if not outlook.total:
        return ["No posts yet."]
    if outlook.old == outlook.total:
        return [f"{count}, all past: nothing will be tooted."]
    parts = [
        f"{outlook.old} past" if outlook.old else "",
        f"{len(outlook.fresh)} of the last days" if outlook.fresh else "",
        f"{len(outlook.coming)} to come" if outlook.coming else "",
        f"{outlook.drafts} draft{'' if outlook.drafts == 1 else 's'}" if outlook.drafts else "",
    ]
    lines = [f"{count}: {', '.join(filter(None, parts))}."]
    if outlook.fresh and tooted:
        names = ", ".join(post.slug for post in outlook.fresh)
        lines.append(f"A first `announce tick` would toot these at once: {names}.")
    elif not outlook.fresh:
        lines.append("Nothing would be tooted now.")
    return lines
