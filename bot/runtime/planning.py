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
from bot.config.text_files import read_text_files
from bot.domain import Abilities, Snapshot
from bot.domain.durations import Daytime
from bot.domain.errors import PostError
from bot.planner.plan import Plan, PlanInput, make_plan
from bot.planner.ruling import Policy
from bot.posts.folder import Scan, broken_slugs
from bot.posts.git.folders import PostSource
from bot.publishers.registry import abilities_of


def scan_posts(posts: PostSource) -> Scan:
    """What the posts folder holds. One that is not there is a fault like any other: what was released stays so."""
    try:
        return posts.scan()
    except PostError as error:
        return Scan(posts=(), faults=(error,), signature=())


def read_templates_of(config: Config) -> dict[str, Templates]:
    """The templates of each account, with the people that they may name, by the account's address."""
    files = read_text_files(config)
    return {
        address: Templates.of(files.templates[name], people=People.of(files.people, network=config.accounts[name].type))
        for name, address in config.account_addresses().items()
    }


def make_composer(config: Config, snapshot: Snapshot, *, templates: Mapping[str, Templates] | None = None) -> Composer:
    """What turns posts into announcements, by what the ledger knows of the accounts' servers.

    `templates` are those of `read_templates_of`; without them they are read now.
    """
    if templates is None:
        templates = read_templates_of(config)
    abilities = known_abilities(config, snapshot)
    return Composer(
        {
            address: ComposeContext(
                account=config.accounts[name],
                site=config.site,
                release=config.release,
                limits=abilities[address].limits,
                capabilities=abilities[address].capabilities,
                templates=templates[address],
            )
            for name, address in config.account_addresses().items()
        }
    )


def known_abilities(config: Config, snapshot: Snapshot) -> dict[str, Abilities]:
    """What each account accepts and can do, as far as the ledger knows, by the account's address."""
    states = snapshot.accounts
    return {
        address: abilities_of(config.accounts[name], states[address].facts if address in states else None)
        for name, address in config.account_addresses().items()
    }


def plan_input(
    config: Config, scan: Scan, snapshot: Snapshot, *, now: datetime, templates: Mapping[str, Templates] | None = None
) -> PlanInput:
    """What a plan by the settings' rules depends on. Reads the `templates` unless they are given."""
    return PlanInput(
        posts=scan.posts,
        snapshot=snapshot,
        now=now,
        accounts=known_abilities(config, snapshot),
        policy=policy_of(config),
        compose=make_composer(config, snapshot, templates=templates),
        broken=broken_slugs(scan.faults, config),
        readable=bool(scan.signature) and scan.complete,
    )


def decide(config: Config, scan: Scan, snapshot: Snapshot, *, now: datetime) -> Plan:
    """Plan as a cycle would, for an operator to see; writes nothing, sends no request."""
    return make_plan(plan_input(config, scan, snapshot, now=now))


def policy_of(config: Config) -> Policy:
    """The settings that the rules depend on."""
    release = config.release
    hours = release.daytime
    return Policy(
        catch_up=release.catch_up,
        burst_limit=release.brake,
        daytime=None if hours is None else Daytime(begin=hours[0], end=hours[1], zone=config.site.timezone),
        edits=release.edits,
        edit_window=release.edit_window,
        give_up_after=release.give_up_after,
        hold_without_picture=release.if_no_picture == "hold",
        wait_for_page=config.wait_for_page,
        release_without_page=release.page_missing == "release",
        tag_ids=config.feeds.ids == "tag",
    )
