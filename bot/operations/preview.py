"""A preview: exactly what a post will say on each account, its feed entry and its reminders, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.compose.announcement import make_reminder_post
from bot.compose.composer import Toots, compose_toots
from bot.config import Config
from bot.domain import Entry, Occasion, Post
from bot.domain.clock import Clock
from bot.feeds.entry import entry_of
from bot.ledger import read_snapshot
from bot.operations.site import SiteState, open_site, scan_with
from bot.planner.builder import PlanItem
from bot.posts.folder import Scan
from bot.posts.git.folders import open_posts
from bot.runtime.planning import make_composer, scan_posts


@dataclass(frozen=True, kw_only=True)
class Preview:
    """One post as others will see it."""

    post: Post
    site: SiteState  #: with this post in place of the file of its name
    toots: Toots
    entry: Entry | None  #: as the feeds will show it; None for a draft
    reminders: Mapping[str, Toots]  #: by the reminder's id
    items: Mapping[tuple[Occasion, str], PlanItem]  #: what becomes of each, by the account's address; "": the feeds

    @property
    def releases(self) -> tuple[PlanItem, ...]:
        """What becomes of the post itself, without its reminders."""
        return tuple(item for (occasion, _), item in self.items.items() if occasion == Occasion.PUBLISH)

    @property
    def is_held(self) -> bool:
        """Whether anything of it that should go out cannot be composed."""
        if not self.post.is_tooted:
            return False
        everything = [*self.toots.values(), *(toot for toots in self.reminders.values() for toot in toots.values())]
        return any(isinstance(toot, str) for toot in everything)


def preview(config: Config, post: Post, clock: Clock, *, scan: Scan | None = None) -> Preview:
    """What becomes of a post, whether it lies in the folder or not. Raises LedgerError.

    The other posts are those of a `scan` that the caller has made, else of a new one.
    """
    scan = scan_posts(open_posts(config)) if scan is None else scan
    snapshot = read_snapshot(config, clock)
    compose = make_composer(config, snapshot)
    addresses = tuple(config.account_addresses().values())
    site = open_site(config, clock, scan=scan_with(config, post, scan), snapshot=snapshot)
    return Preview(
        post=post,
        site=site,
        toots=compose_toots(post, compose, addresses),
        entry=entry_of(post, released_at=post.published) if post.published else None,
        reminders={
            one.reminder_id: compose_toots(make_reminder_post(post, one), compose, addresses) for one in post.reminders
        },
        items={(item.occasion, item.account): item for item in site.plan.items if item.slug == post.slug},
    )
