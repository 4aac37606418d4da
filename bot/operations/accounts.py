"""The accounts: who the bot is on each server, what the server takes, and whether all is well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.config import Config
from bot.config.secrets import Token
from bot.domain import Reason
from bot.domain.clock import Clock
from bot.domain.errors import BotError
from bot.operations.site import open_site
from bot.planner.ruling import Verdict
from bot.publishers.inspection import find_tokens, inspect_accounts
from bot.publishers.network import Inspection


@dataclass(frozen=True, kw_only=True)
class AccountsHistory:
    """What the ledger and the plan know of the accounts, by address."""

    last_sent: Mapping[str, datetime] = field(default_factory=dict)
    blocked: Mapping[str, Reason] = field(default_factory=dict)  #: why nothing can be sent
    next_due: Mapping[str, datetime] = field(default_factory=dict)
    trouble: str = ""  #: why nothing is known


@dataclass(frozen=True, kw_only=True)
class AccountLimits:
    """Those limits of a server that an author meets."""

    characters: int
    characters_per_url: int
    pictures: int
    description: int  #: characters of alt text


@dataclass(frozen=True, kw_only=True)
class AccountReport:
    """One account. The fields are those of `announce accounts --json`."""

    name: str  #: of its section in the settings
    usable: bool
    server: str
    acct: str | None
    address: str | None
    reachable: bool
    software: str | None
    limits: AccountLimits | None
    scopes: tuple[str, ...]
    missing: tuple[str, ...]  #: scopes that the token lacks
    token_from: str | None
    warning: str
    last_sent: datetime | None
    next: datetime | None
    blocked: Reason | None  #: why the latest delivery could not be sent
    trouble: str
    remedy: str


def read_history(config: Config, clock: Clock) -> AccountsHistory:
    """What the ledger and the plan know; an error is told in the result, as the accounts can be asked all the same."""
    try:
        site = open_site(config, clock)
    except BotError as error:
        return AccountsHistory(trouble=str(error))
    following: dict[str, datetime] = {}
    for item in site.plan.items:
        if item.account and item.verdict in (Verdict.UPCOMING, Verdict.DUE, Verdict.SENDING):
            following[item.account] = min(item.due, following.get(item.account, item.due))
    accounts = site.snapshot.accounts
    return AccountsHistory(
        last_sent={address: state.last_sent_at for address, state in accounts.items() if state.last_sent_at},
        blocked={address: state.blocked for address, state in accounts.items() if state.blocked},
        next_due=following,
    )


def inspect(
    config: Config, history: AccountsHistory, *, environ: Mapping[str, str], clock: Clock
) -> Iterator[AccountReport]:
    """Ask all servers at once, and report each account as its server answers. Changes nothing there."""
    tokens = find_tokens(config, environ)
    for name, found in inspect_accounts(config, tokens, clock):
        yield _report(config, name, found, tokens[name], history)


def _report(config: Config, name: str, found: Inspection, token: Token, history: AccountsHistory) -> AccountReport:
    account = config.accounts[name]
    address = account.address(name)
    return AccountReport(
        name=name,
        usable=not found.trouble,
        server=account.server,
        acct=account.acct,
        address=found.address or None,
        reachable=found.reachable,
        software=found.software or None,
        limits=_limits(found),
        scopes=tuple(found.scopes),
        missing=tuple(found.missing),
        token_from=token.place or None,
        warning=token.warning,
        last_sent=history.last_sent.get(address),
        next=history.next_due.get(address),
        blocked=history.blocked.get(address),
        trouble=found.trouble,
        remedy=found.remedy,
    )


def _limits(found: Inspection) -> AccountLimits | None:
    if not found.limits:
        return None
    return AccountLimits(
        characters=found.limits.characters,
        characters_per_url=found.limits.characters_per_url,
        pictures=found.limits.pictures,
        description=found.limits.description,
    )
