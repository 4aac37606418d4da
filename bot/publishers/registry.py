"""The networks that the bot can publish to, by the `type` of an account in the settings.

A new network is a package beside this file, a line in `NETWORKS`, and a model of its settings in
`bot/config/accounts.py`.
"""

from __future__ import annotations

from typing import Final

from bot.config import Account
from bot.domain import Abilities, AccountFacts
from bot.publishers.mastodon.network import MastodonNetwork
from bot.publishers.network import Network

NETWORKS: Final[dict[str, Network]] = {"mastodon": MastodonNetwork()}


def network_of(account: Account) -> Network:
    """The network of an account of the settings."""
    return NETWORKS[account.type]


def abilities_of(account: Account, facts: AccountFacts | None) -> Abilities:
    """What the account accepts and can do: as its publisher has reported, else as is usual on its network."""
    network = network_of(account)
    limits = facts.limits if facts is not None else network.limits
    reported = facts.capabilities if facts is not None else None
    return Abilities(limits=limits, capabilities=reported or network.capabilities(limits))
