"""What an account's server says, and the right to deliver to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.announcements import Capabilities, Limits
from bot.domain.reasons import Reason


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """A status on a server, from the answer to a request or from a read-back."""

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
    text: str | None = None  #: the text as it was sent, from the server's `source`; None if it was not requested
    in_reply_to: str | None = None  #: id of the status that it replies to
    content_warning: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountFacts:
    """What an account's server reports about the account."""

    address: str  #: user@domain, lower case, as the server confirms it
    account_id: str
    limits: Limits
    capabilities: Capabilities | None = None  #: None: recorded by a version without capabilities


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountState:
    """An account as the ledger records it."""

    address: str
    joined_at: datetime | None  #: the account gets only posts due later; None: it is as old as the ledger
    facts: AccountFacts | None = None
    last_status_id: str | None = None  #: newest known status of the account; "0" if it is known to have none
    blocked: Reason | None = None  #: why nothing can be sent; None if all is well
    not_before: datetime | None = None  #: until then the server asked for a pause
    last_sent_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Lease:
    """The right to deliver for one account. Each new lease has a higher fence."""

    account: str
    owner: str
    fence: int
