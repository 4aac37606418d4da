"""The parts of a bot, each made from the settings, and none of them contacts a server."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from threading import Event as Signal

from bot.config import Config, is_loopback
from bot.config.secrets import find_token
from bot.delivery.protocol import Timing
from bot.domain import Event
from bot.domain.clock import Clock
from bot.http.client import WebClient
from bot.http.policy import FROM_OPERATOR, policy_of_site, policy_of_uploads
from bot.integrations.deploy_hook import DeployHookCaller
from bot.integrations.pages import PageChecker, expect_page
from bot.integrations.remote_pictures import RemotePictures
from bot.integrations.server_clock import ServerTimes
from bot.integrations.site import SiteRequests
from bot.integrations.websub import WebSubPings
from bot.ledger import Ledger
from bot.planner.guards import server_doubt
from bot.publishers.contract import AbsentPublisher, Publisher
from bot.publishers.network import AccountAccess
from bot.publishers.registry import abilities_of, network_of
from bot.runtime.deliverer import Deliverer
from bot.runtime.git_syncer import GitSyncer

Emit = Callable[[Event], None]


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What the parts of one bot share."""

    config: Config
    environ: Mapping[str, str]
    ledger: Ledger
    clock: Clock
    emit: Emit  #: called with each outcome
    stopping: Callable[[], bool] = lambda: False  #: whether nothing new may begin


def make_pings(shared: Surroundings) -> WebSubPings:
    """What the hubs in the settings are owed. Sends no request."""
    return WebSubPings(
        hubs=tuple(dict.fromkeys(shared.config.feeds.hubs)),
        public=shared.config.public_folder,
        web=WebClient(policy_of_site(shared.config)),
        ledger=shared.ledger,
        clock=shared.clock,
        emit=shared.emit,
        stopping=shared.stopping,
    )


def make_remote_pictures(shared: Surroundings) -> RemotePictures:
    """What asks other hosts about their pictures. Sends no request."""
    web = WebClient(policy_of_site(shared.config))
    return RemotePictures(web=web, ledger=shared.ledger, clock=shared.clock, stopping=shared.stopping)


def make_site(shared: Surroundings, *, on_news: Callable[[], None]) -> SiteRequests:
    """What releases ask of the conference's site; `on_news` is called for answers that matter. Sends no request."""
    config, answered = shared.config, Signal()
    web = WebClient(policy_of_site(config))
    ask = partial(expect_page, web=web, require_card=config.release.require_card)
    deploy = DeployHookCaller(
        config.release,
        environ=shared.environ,
        web=WebClient(FROM_OPERATOR),
        ledger=shared.ledger,
        clock=shared.clock,
        emit=shared.emit,
    )
    pages = PageChecker(ask, clock=shared.clock, on_news=on_news, on_answer=answered.set, stopping=shared.stopping)
    prepare = web.prepare if config.wait_for_page else _nothing
    return SiteRequests(deploy=deploy, pages=pages, answered=answered, clock=shared.clock, prepare=prepare)


def servers_with_a_clock(config: Config, *, loopback_too: bool = False) -> dict[str, str]:
    """The addresses at which servers can be asked for the time, by account; not of servers that share our clock."""
    asked = {
        account.address(name): network_of(account).clock_address(account)
        for name, account in config.accounts.items()
        if loopback_too or not is_loopback(account.server)
    }
    return {address: url for address, url in asked.items() if url}


def make_publishers(
    config: Config, *, environ: Mapping[str, str], clock: Clock, server_times: ServerTimes | None = None
) -> dict[str, Publisher]:
    """A publisher for each account, by address; the time of its server is noted. Sends no request."""
    web = WebClient(policy_of_uploads(config))
    publishers: dict[str, Publisher] = {}
    for name, account in config.accounts.items():
        address = account.address(name)
        token = find_token(name, account, root=config.root, environ=environ)
        if token.value is None:
            publishers[address] = AbsentPublisher(address=address, trouble=token.trouble)
            continue
        access = AccountAccess(
            account=account, address=address, token=token.value, timeout=config.delivery.timeout, clock=clock
        )
        on_answer = partial(server_times.note, address) if server_times is not None else None
        publishers[address] = network_of(account).make_publisher(access, web=web, on_answer=on_answer)
    return publishers


def make_sources(shared: Surroundings, *, fetches: bool) -> GitSyncer:
    """What fetches the repositories of posts; unless it `fetches` there are none for it. Sends no request."""
    config = shared.config if fetches else shared.config.model_copy(update={"sources": ()})
    return GitSyncer(config, environ=shared.environ, clock=shared.clock, emit=shared.emit, stopping=shared.stopping)


def make_deliverer(
    shared: Surroundings, *, publishers: Mapping[str, Publisher], server_times: ServerTimes
) -> Deliverer:
    """What delivers for the accounts. Sends no request."""
    config = shared.config

    def begins_nothing() -> bool:
        # An answer may show only now that the clock is wrong.
        return shared.stopping() or bool(server_doubt(server_times.now(), shared.clock.now()))

    return Deliverer(
        ledger=shared.ledger,
        publishers=publishers,
        clock=shared.clock,
        timing=timing_of(config),
        owner=f"{socket.gethostname()} {os.getpid()}",
        stopping=begins_nothing,
        emit=shared.emit,
        hold_without_picture=config.release.if_no_picture == "hold",
        jitter=random.random,
        abilities={account.address(name): partial(abilities_of, account) for name, account in config.accounts.items()},
    )


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
