"""What an account's server says, and the right to deliver to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.announcements import Capabilities, Limits
from bot.domain.reasons import Reason


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """A status that a server has: its answer to a request, or what a read-back found."""

    status_id: str
    url: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class SeenStatus:
    """One of the account's own statuses, as the server lists it."""

    status_id: str
    url: str
    created_at: datetime
    links: frozenset[str]  #: the `href`s in its HTML
    text: str | None = None  #: what was sent, from the server's `source`; None if it was not asked for
    in_reply_to: str | None = None  #: id of the status that it answers
    content_warning: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountFacts:
    """What an account's server says of it."""

    address: str  #: user@domain, lower case, as the server confirms it
    account_id: str
    limits: Limits
    capabilities: Capabilities | None = None  #: None: written by a version that did not know of any


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountState:
    """What the ledger knows of an account."""

    address: str
    joined_at: datetime | None  #: None: since the ledger's beginning; else only posts due later are its business
    facts: AccountFacts | None = None
    last_status_id: str | None = None  #: newest known status of the account; "0" if it is known to have none
    blocked: Reason | None = None  #: why nothing can be sent; None if all is well
    not_before: datetime | None = None  #: the server asked for a pause until then
    last_sent_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Lease:
    """The right to deliver for one account. The fence rises with each new lease."""

    account: str
    owner: str
    fence: int
