"""Getting a token, keeping it and revoking it, at a server whose answers the tests choose."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

import pytest

from bot.config import Config
from bot.config.secrets import Application, store_token
from bot.domain.errors import AccountBlockedError, BotError, CodeRefusedError, PublishError, UsageError
from bot.operations.login import (
    begin_login,
    exchange_code,
    find_account,
    log_out,
    propose_logout,
    revoke_grant,
    store_grant,
    verify_grant,
)
from tests.support.logins import CODE, FILE, SCOPES, TOKEN, login_server
from tests.support.scripted_server import OddServer, Says

VARIABLE = "ANNOUNCE_TOKEN_MAIN"
SECTION = '[accounts.main]\nserver = "{}"\nacct = "@conf@conf.example"\n'
ELSEWHERE = Application(server="https://other.example", client_id="app", client_secret="s", scopes=SCOPES)


@pytest.fixture
def mastodon() -> Iterator[OddServer]:
    with login_server() as odd:
        yield odd


@pytest.fixture
def config(site_config: Callable[..., Config], mastodon: OddServer) -> Config:
    return site_config(accounts=SECTION.format(mastodon.url))


@pytest.mark.parametrize(
    ("accounts", "name", "message", "remedy"),
    [
        ("", "main", "the settings name no account.", "Add [accounts.main]"),
        (
            SECTION.format("https://a.example"),
            "mian",
            "there is no [accounts.mian]",
            "Did you mean main?",
        ),
        (SECTION.format("https://a.example"), "x", "there is no [accounts.x]", "Known are: main."),
    ],
)
def test_an_unknown_account_is_refused_with_what_there_is(
    site_config: Callable[..., Config], accounts: str, name: str, message: str, remedy: str
) -> None:
    with pytest.raises(UsageError) as caught:
        find_account(site_config(accounts=accounts), name)
    assert caught.value.message.startswith(message)
    assert remedy in caught.value.remedy


def test_a_second_login_hands_back_the_first_token_to_revoke(config: Config, mastodon: OddServer) -> None:
    with begin_login(config, "main") as login:
        first = exchange_code(login, CODE)
        assert verify_grant(login, first) == "conf@conf.example"
        stored = store_grant(login, first, environ={})
        assert (str(stored.file), stored.environment_wins, stored.earlier) == (FILE, False, None)
        second = exchange_code(login, CODE)
        stored = store_grant(login, second, environ={VARIABLE: "another"})
        assert stored.environment_wins
        assert stored.earlier == replace(first, scopes=())
        assert (config.root / FILE).read_text() == f"{TOKEN}-2\n"
        revoke_grant(login, stored.earlier)
    assert [form["token"] for form in mastodon.forms["/oauth/revoke"]] == [f"{TOKEN}-1"]


def test_a_token_of_another_server_is_not_handed_back(config: Config) -> None:
    store_token(config.root / FILE, "old", ELSEWHERE)
    with begin_login(config, "main") as login:
        assert store_grant(login, exchange_code(login, CODE), environ={}).earlier is None


def test_a_wrong_code_stores_nothing(config: Config) -> None:
    with begin_login(config, "main") as login, pytest.raises(CodeRefusedError):
        exchange_code(login, "wrong")
    assert not (config.root / FILE).exists()


@pytest.mark.parametrize(
    ("scopes", "acct", "message"),
    [
        (("profile", "read:statuses"), "conf", "the token lacks"),
        (SCOPES, "ada", "you allowed it as @ada@conf.example, but the settings say @conf@conf.example."),
    ],
)
def test_a_token_that_cannot_be_used_is_refused(
    config: Config, mastodon: OddServer, scopes: tuple[str, ...], acct: str, message: str
) -> None:
    account = {"id": "2", "username": acct, "acct": acct}
    mastodon.answers["/api/v1/accounts/verify_credentials"] = Says(account)
    with begin_login(config, "main") as login, pytest.raises(AccountBlockedError) as caught:
        verify_grant(login, replace(exchange_code(login, CODE), scopes=scopes))
    assert caught.value.message.startswith(message)


@pytest.mark.parametrize(
    ("by_hand", "environ", "raises"),
    [
        (False, {}, nullcontext()),
        (False, {VARIABLE: " "}, nullcontext()),
        (False, {VARIABLE: "x"}, pytest.raises(UsageError, match=f"the token comes from {VARIABLE}")),
        (True, {}, pytest.raises(BotError, match="was not made by `announce login`")),
    ],
)
def test_without_a_token_of_a_login_there_is_nothing_to_revoke(
    config: Config, by_hand: bool, environ: dict[str, str], raises: AbstractContextManager[object]
) -> None:
    if by_hand:
        (config.root / FILE).parent.mkdir()
        (config.root / FILE).write_text("typed\n")
    with raises:
        proposal = propose_logout(config, "main", environ=environ)
        assert (proposal.grant, proposal.in_environment) == (None, False)


@pytest.mark.parametrize("status", [200, 503])
def test_a_token_is_deleted_only_if_the_server_revoked_it(config: Config, mastodon: OddServer, status: int) -> None:
    with begin_login(config, "main") as login:
        store_grant(login, exchange_code(login, CODE), environ={})
    mastodon.answers["/oauth/revoke"] = Says({}, status)
    proposal = propose_logout(config, "main", environ={VARIABLE: "x"})
    assert proposal.in_environment
    with nullcontext() if status == 200 else pytest.raises(PublishError):
        log_out(proposal)
    assert (config.root / FILE).exists() == (status != 200)
    assert mastodon.forms["/oauth/revoke"][0]["token"] == f"{TOKEN}-1"
