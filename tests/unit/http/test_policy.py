"""Whom a request may reach depends on who named the address."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.config import Config
from bot.domain.errors import FetchError
from bot.http.client import WebClient
from bot.http.policy import FROM_OPERATOR, ConnectPolicy, policy_of_site, policy_of_uploads
from tests.support.listeners import Page, web_server

WITHIN = timedelta(seconds=10)


@pytest.mark.parametrize("policy_of", [policy_of_site, policy_of_uploads])
@pytest.mark.parametrize("allowed", [False, True])
def test_private_addresses_are_for_the_settings_to_allow(
    site_config: Callable[..., Config], policy_of: Callable[[Config], ConnectPolicy], allowed: bool
) -> None:
    config = site_config()
    config = config.model_copy(update={"site": config.site.model_copy(update={"private_addresses": allowed})})
    policy = policy_of(config)
    assert policy.may_reach("192.168.1.4") is allowed
    assert policy.may_reach("93.184.216.34")


def test_what_the_operator_names_may_be_private() -> None:
    with web_server({"/a": Page(body=b"x")}) as url:
        assert WebClient(FROM_OPERATOR).headers_of(f"{url}/a", within=WITHIN)["Content-Length"] == "1"


def test_only_for_the_operators_addresses_a_proxy_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(host: str, _port: int) -> list[str]:
        raise OSError(f"{host} was looked up here")

    with web_server({}) as proxy:
        monkeypatch.setenv("http_proxy", proxy)
        through = WebClient(FROM_OPERATOR, resolve=resolve)
        assert through.post("http://conf.example/", headers={}, content=b"", within=WITHIN) >= 400
        past = WebClient(ConnectPolicy(schemes=("http",)), resolve=resolve)
        with pytest.raises(FetchError, match="has no address"):
            past.post("http://conf.example/", headers={}, content=b"", within=WITHIN)


def test_what_is_said_to_this_machine_goes_through_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with web_server({"/a": Page(body=b"x")}) as url:
        assert WebClient(FROM_OPERATOR).headers_of(f"{url}/a", within=WITHIN)
