"""From posts and ledger to a plan: reading the posts, and planning with the rules of the settings.

Everything that shows a plan or acts on it begins here: the cycle, the precise release and the operations. The module
imports neither feeds nor network, so that a command which only shows the plan starts fast.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.compose.composer import Composer
from bot.compose.context import ComposeContext
from bot.compose.people import People
from bot.compose.templates import Templates
from bot.config import Config
from bot.config.wording import read_wording
from bot.domain import PageAnswer, Reason, Snapshot
from bot.domain.durations import Daytime
from bot.domain.errors import PostError
from bot.planner.cache import PlanCache
from bot.planner.plan import Plan, PlanInput, make_plan
from bot.planner.ruling import Policy
from bot.posts.folder import Scan, broken_slugs
from bot.posts.git.folders import PostSource
from bot.publishers.registry import known_capabilities, known_limits


def scan_posts(posts: PostSource) -> Scan:
    """What the posts folder holds. One that is not there is a fault like any other: what was released stays so."""
    try:
        return posts.scan()
    except PostError as error:
        return Scan(posts=(), faults=(error,), signature=())


def read_templates_of(config: Config) -> dict[str, Templates]:
    """The templates of each account, with the people that they may name, by the account's address."""
    wording = read_wording(config)
    return {
        address: Templates.of(
            wording.templates[name], people=People.of(wording.people, network=config.accounts[name].type)
        )
        for name, address in config.account_addresses().items()
    }


def make_composer(config: Config, snapshot: Snapshot, *, templates: Mapping[str, Templates] | None = None) -> Composer:
    """What turns posts into announcements, by what the ledger knows of the accounts' servers.

    `templates` are those of `read_templates_of`; without them they are read now.
    """
    if templates is None:
        templates = read_templates_of(config)
    contexts: dict[str, ComposeContext] = {}
    for name, address in config.account_addresses().items():
        account, state = config.accounts[name], snapshot.accounts.get(address)
        facts = state.facts if state is not None else None
        contexts[address] = ComposeContext(
            account=account,
            site=config.site,
            release=config.release,
            limits=known_limits(account, facts),
            capabilities=known_capabilities(account, facts),
            templates=templates[address],
        )
    return Composer(contexts)


def decide(
    config: Config,
    scan: Scan,
    snapshot: Snapshot,
    *,
    now: datetime,
    server_times: Mapping[str, datetime] | None = None,
    doubt: Reason | None = None,
    pages: Mapping[str, PageAnswer] | None = None,
    cache: PlanCache | None = None,
    templates: Mapping[str, Templates] | None = None,
) -> Plan:
    """Plan with the settings' rules; writes nothing, sends no request. Reads the `templates` unless they are given."""
    compose = make_composer(config, snapshot, templates=templates)
    return make_plan(
        PlanInput(
            posts=scan.posts,
            snapshot=snapshot,
            now=now,
            accounts=list(config.account_addresses().values()),
            policy=policy_of(config),
            compose=compose,
            capabilities=compose.capabilities,
            broken=broken_slugs(scan.faults, dated=config.posts.dated_names),
            readable=bool(scan.signature) and scan.complete,
            server_times=server_times or {},
            doubt=doubt,
            pages=pages or {},
        ),
        cache=cache,
    )


def policy_of(config: Config) -> Policy:
    """The settings that the rules depend on."""
    release = config.release
    hours = release.daytime
    return Policy(
        catch_up=release.catch_up,
        brake=release.brake,
        daytime=None if hours is None else Daytime(begin=hours[0], end=hours[1], zone=config.site.timezone),
        edits=release.edits,
        edit_window=release.edit_window,
        give_up_after=release.give_up_after,
        hold_without_picture=release.if_no_picture == "hold",
        wait_for_page=config.wait_for_page,
        release_without_page=release.page_missing == "release",
        tag_ids=config.feeds.ids == "tag",
    )
