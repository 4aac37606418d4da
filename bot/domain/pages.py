"""What is known of a post's page on the site."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.reasons import Reason, ReasonCode


@dataclass(frozen=True, kw_only=True, slots=True)
class PageWaitRecord:
    """A post whose datetime has come and whose page was not online yet, as the ledger remembers it."""

    post_id: str
    slug: str
    since: datetime  #: when the wait began
    why: str = ""  #: what the site answered; empty: it was not asked yet
    missing: bool = False  #: the page was not online in time: the operator lets the post go

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
    why: str = ""  #: why it does not count as online
