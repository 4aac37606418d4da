"""The networks that the bot can publish to, by the `type` of an account in the settings.

A new network is a package beside this file, a line in `NETWORKS`, and a model of its settings in
`bot/config/accounts.py`.
"""

from __future__ import annotations

from typing import Final

from bot.config import Account
from bot.domain import AccountFacts, Capabilities, Limits
from bot.publishers.mastodon.network import MastodonNetwork
from bot.publishers.network import Network

NETWORKS: Final[dict[str, Network]] = {"mastodon": MastodonNetwork()}


def network_of(account: Account) -> Network:
    """The network of an account of the settings."""
    return NETWORKS[account.type]


def known_limits(account: Account, facts: AccountFacts | None) -> Limits:
    """What the account's server accepts: as it reported, else the usual limits of its network."""
    return facts.limits if facts is not None else network_of(account).limits


def known_capabilities(account: Account, facts: AccountFacts | None) -> Capabilities:
    """What the account can do: as its publisher reported, else what is usual on its network."""
    if facts is not None and facts.capabilities is not None:
        return facts.capabilities
    return network_of(account).capabilities(known_limits(account, facts))


def assumed_facts(account: Account, address: str) -> AccountFacts:
    """What is assumed of an account until its server has reported: toots are composed by it."""
    limits, capabilities = known_limits(account, None), known_capabilities(account, None)
    return AccountFacts(address=address, account_id="", limits=limits, capabilities=capabilities)
