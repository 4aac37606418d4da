"""What is known of an account's network before, and after, its server has told."""

from __future__ import annotations

import pytest

from bot.config import Account
from bot.config.accounts import ACCOUNT_TYPES
from bot.domain import Abilities, AccountFacts, Capabilities, Dialect, Limits
from bot.publishers.registry import NETWORKS, abilities_of

ACCOUNT = Account(server="http://127.0.0.1:3000")


def facts(software: str, capabilities: Capabilities | None = None) -> AccountFacts:
    limits = Limits(characters=5000, software=software)
    return AccountFacts(address="conf@example.social", account_id="1", limits=limits, capabilities=capabilities)


def test_each_type_of_the_settings_has_its_network() -> None:
    assert NETWORKS.keys() == ACCOUNT_TYPES.keys()


def test_an_account_is_on_mastodon_unless_its_settings_say_otherwise() -> None:
    assert ACCOUNT.type == "mastodon"


def test_before_the_server_was_asked_its_network_counts() -> None:
    assert abilities_of(ACCOUNT, None) == Abilities(limits=Limits(), capabilities=Capabilities())


def test_what_the_server_has_told_counts() -> None:
    can = Capabilities(edits=False)
    found = abilities_of(ACCOUNT, facts("mastodon 4.5.3", can))
    assert (found.limits.characters, found.capabilities) == (5000, can)


@pytest.mark.parametrize(
    ("software", "dialect", "spends"),
    [
        ("mastodon 4.5.3", Dialect(), False),
        ("gotosocial 0.20.1", Dialect(shortens=False, graphemes=False), False),
        ("pleroma 2.7.0", Dialect(shortens=False), True),
    ],
)
def test_facts_of_an_earlier_version_say_it_by_their_software(software: str, dialect: Dialect, spends: bool) -> None:
    can = abilities_of(ACCOUNT, facts(software)).capabilities
    assert (can.dialect, can.refusal_spends_key) == (dialect, spends)
