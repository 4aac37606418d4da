"""A released post as the feeds show it, the entries of earlier feeds, and the state of a post's page."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from bot.domain.posts import Digests, Picture
from bot.domain.reasons import Reason, ReasonCode

#: In place of the version of a post that the site should not show.
HIDDEN_VERSION: Final = "hidden"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A released post as the feeds show it."""

    post_id: str  #: frozen at the first release
    slug: str
    url: str
    title: str
    authors: tuple[str, ...] = ()
    category: str | None = None
    tags: tuple[str, ...] = ()
    published: datetime  #: frozen at the first release
    updated: datetime
    released_at: datetime  #: when the bot released it
    language: str
    summary: str = ""
    html: str = ""
    cover: Picture | None = None
    hidden: bool = False
    missing_since: datetime | None = None  #: when a cycle first found its file missing
    digests: Digests = field(default_factory=Digests)  #: of the author's text at the latest refresh
    revision: int = 0  #: how often the author has changed what the announcement says since the release
    dated: datetime | None = None  #: the file's own datetime, where it is not `published`: early, or in an old feed
    edit_owed: bool = False  #: the toots need an edit that could not be composed yet
    waited: timedelta = timedelta()  #: how long the release waited for its page; does not count as lateness
    without_page: str = ""  #: why it was released though its page was not online
    feed_id: str = ""  #: the permanent id in the feeds, frozen at the first release; empty: made of `post_id`

    @property
    def due(self) -> datetime:
        """When its toots were due: the datetime plus the wait for its page."""
        return self.published + self.waited


@dataclass(frozen=True, kw_only=True, slots=True)
class RemotePicture:
    """The facts about a picture on another host."""

    url: str
    media_type: str | None = None  #: e.g. "image/jpeg"; None, as `size`: it gave no answer that says it
    size: int | None = None  #: bytes
    asked_at: datetime  #: UTC

    @property
    def is_known(self) -> bool:
        """Whether the facts are complete, so that the host need not be asked again."""
        return self.media_type is not None and self.size is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class OldEntry:
    """An entry of a feed that the site had before: the facts by which feed readers identify it."""

    feed_id: str
    link: str = ""
    title: str = ""  #: plain text
    published: datetime | None = None
    updated: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class OldFeed:
    """A feed that the site had before."""

    source: str  #: where it was read, as the settings or the operator named it
    entries: tuple[OldEntry, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class PageWaitRecord:
    """A post whose datetime has come and whose page was not online yet, as the ledger remembers it."""

    post_id: str
    slug: str
    since: datetime  #: when the wait began
    why: str = ""  #: what the site answered; empty: it was not asked yet
    missing: bool = False  #: the page was not online in time: the operator has to release the post

    @property
    def missing_reason(self) -> Reason:
        """Why the post is held once its page is `missing`."""
        return Reason(code=ReasonCode.PAGE_MISSING, text=self.why, slug=self.slug)


@dataclass(frozen=True, kw_only=True, slots=True)
class PageRequest:
    """A page that a release waits for."""

    url: str
    due: datetime  #: the post's datetime; never asked before it
    until: datetime  #: the wait ends with the first answer from then on


@dataclass(frozen=True, kw_only=True, slots=True)
class PageAnswer:
    """What the site answered when it was asked for a page."""

    at: datetime  #: when it was asked
    online: bool
    kind: str = ""  #: which kind of answer, told apart without the words of `why`; empty if it is online
    why: str = ""  #: why it does not count as online
