"""The report on each account: what its server says, beside what the ledger and the plan know of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from bot.config import Config
from bot.domain import Reason, ReasonCode
from bot.domain.clock import ManualClock
from bot.operations.accounts import AccountLimits, AccountReport, AccountsHistory, inspect
from tests.fakes.mastodon_server import FakeMastodon
from tests.support.scripted_server import odd_server

NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
TOKEN = {"ANNOUNCE_TOKEN_MAIN": "a-token-that-is-long-enough"}


@pytest.fixture
def mastodon() -> Iterator[FakeMastodon]:
    with FakeMastodon().start() as server:
        yield server


def reports_of(config: Config, history: AccountsHistory | None = None) -> dict[str, AccountReport]:
    found = inspect(config, history or AccountsHistory(), environ=TOKEN, clock=ManualClock(NOW))
    return {report.name: report for report in found}


def test_a_report_joins_the_server_and_the_history(site_config: Callable[..., Config], mastodon: FakeMastodon) -> None:
    config = site_config(accounts=f'[accounts.main]\nserver = "{mastodon.url}"')
    address = config.accounts["main"].address("main")
    blocked = Reason(code=ReasonCode.ACCOUNT_UNREACHABLE, text="the server cannot be reached.")
    history = AccountsHistory(last_sent={address: NOW}, next_due={address: NOW}, blocked={address: blocked})
    report = reports_of(config, history)["main"]
    assert (report.usable, report.reachable, report.trouble, report.remedy) == (True, True, "", "")
    assert (report.last_sent, report.next, report.blocked) == (NOW, NOW, blocked)
    assert report.token_from == "ANNOUNCE_TOKEN_MAIN"
    assert report.limits == AccountLimits(characters=500, characters_per_url=23, pictures=4, description=1500)
    assert TOKEN["ANNOUNCE_TOKEN_MAIN"] not in repr(report)


def test_one_account_that_is_gone_does_not_hide_the_others(
    site_config: Callable[..., Config], mastodon: FakeMastodon
) -> None:
    with odd_server() as gone:
        nowhere = gone.url
    config = site_config(accounts=f'[accounts.gone]\nserver = "{nowhere}"\n[accounts.main]\nserver = "{mastodon.url}"')
    reports = reports_of(config)
    assert (reports["gone"].usable, reports["gone"].reachable, reports["gone"].limits) == (False, False, None)
    assert reports["gone"].trouble
    assert reports["main"].usable


def test_an_account_without_a_token_says_how_to_get_one(site_config: Callable[..., Config]) -> None:
    lines = ("[accounts.other]", 'server = "https://social.invalid"', 'acct = "@a@social.invalid"')
    config = site_config(accounts="\n".join((*lines, 'token_file = "var/none"')))
    report = reports_of(config)["other"]
    assert (report.usable, report.token_from) == (False, None)
    assert "announce login other" in f"{report.trouble} {report.remedy}"
