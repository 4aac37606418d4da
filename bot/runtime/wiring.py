"""The parts of a bot, each made from the settings, and what a ledger that is there knows. Contacts nobody."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from bot.config import Config, is_loopback
from bot.config.secrets import find_token
from bot.delivery.protocol import Timing
from bot.domain import Event
from bot.domain.clock import Clock
from bot.integrations.server_clock import ServerTimes
from bot.integrations.site import Site
from bot.integrations.websub import WebSubPings
from bot.ledger import Ledger
from bot.publishers.contract import Publisher

if TYPE_CHECKING:
    from bot.http.client import WebClient


Emit = Callable[[Event], None]


def make_pings(
    config: Config, *, ledger: Ledger, clock: Clock, emit: Emit, stopping: Callable[[], bool] = lambda: False
) -> WebSubPings:
    """What the hubs in the settings are owed. Contacts nobody."""
    return WebSubPings(
        hubs=tuple(dict.fromkeys(config.feeds.hubs)),
        public=config.public_folder,
        web=client_for_public(config),
        ledger=ledger,
        clock=clock,
        emit=emit,
        stopping=stopping,
    )


def client_for_public(config: Config) -> WebClient:
    """For what is public anyway: nothing secret is said or learned."""
    from bot.http.client import WebClient
    from bot.http.policy import policy_of_site

    return WebClient(policy_of_site(config))


def make_site(
    config: Config,
    *,
    environ: Mapping[str, str],
    ledger: Ledger,
    clock: Clock,
    emit: Emit,
    stopping: Callable[[], bool],
    notify: Callable[[], None],
) -> Site:
    """What releases ask of the conference's site; `ring` is called for answers that matter. Contacts nobody."""
    from bot.http.client import WebClient
    from bot.http.policy import FROM_OPERATOR, policy_of_site
    from bot.integrations.deploy_hook import DeployHookCaller
    from bot.integrations.pages import PageChecker, expect_page

    hook, web = WebClient(FROM_OPERATOR), WebClient(policy_of_site(config))
    ask = partial(expect_page, web=web, require_card=config.release.require_card)
    return Site(
        deploy=DeployHookCaller(config.release, environ=environ, web=hook, ledger=ledger, clock=clock, emit=emit),
        pages=PageChecker(ask, clock=clock, on_news=notify, stopping=stopping),
        clock=clock,
        prepare=web.prepare if config.wait_for_page else _nothing,
    )


def servers_with_a_clock(config: Config, *, loopback_too: bool = False) -> dict[str, str]:
    """The servers whose time tells something of ours: by address, those that are not on this machine."""
    return {
        account.address(name): account.server
        for name, account in config.accounts.items()
        if loopback_too or not is_loopback(account.server)
    }


def make_publishers(
    config: Config, *, environ: Mapping[str, str], clock: Clock, server_times: ServerTimes | None = None
) -> dict[str, Publisher]:
    """A publisher for each account, by address; what time its server has is noted. Contacts nobody."""
    from bot.http.client import WebClient
    from bot.http.policy import policy_of_uploads
    from bot.publishers.contract import AbsentPublisher
    from bot.publishers.mastodon.publisher import MastodonPublisher

    web = WebClient(policy_of_uploads(config))
    publishers: dict[str, Publisher] = {}
    for name, account in config.accounts.items():
        address = account.address(name)
        token = find_token(name, account, root=config.root, environ=environ)
        if token.value is None:
            publishers[address] = AbsentPublisher(address=address, trouble=token.trouble)
            continue
        publishers[address] = MastodonPublisher(
            address=address,
            acct=account.acct,
            server=account.server,
            token=token.value,
            timeout=config.delivery.timeout,
            clock=clock,
            on_answer=partial(server_times.note, address) if server_times is not None else None,
            web=web,
        )
    return publishers


def timing_of(config: Config) -> Timing:
    """The protocol's times from the settings."""
    times, release = config.delivery, config.release
    return Timing(
        lease=times.lease,
        settle=times.settle,
        send_within=times.send_within,
        spacing=release.spacing,
        give_up_after=release.give_up_after,
    )


def _nothing() -> None:
    """Nothing is to be prepared where nothing will be asked."""
