"""What only servers can say: the accounts, the clocks, the site's pages, the hubs. Nothing is changed anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final

from bot.config import Config
from bot.domain import Snapshot
from bot.domain.clock import Clock
from bot.domain.errors import FetchError
from bot.domain.wording import count_words, reason_words
from bot.http.client import WebClient
from bot.http.policy import policy_of_site
from bot.integrations.server_clock import ServerTimes
from bot.operations.doctor.report import DoctorLine, note, ok, problem
from bot.planner.guards import SERVER_NOTICE, server_doubt
from bot.publishers.inspection import find_tokens, inspect_accounts
from bot.runtime.wiring import servers_with_a_clock

_WITHIN: Final = timedelta(seconds=10)


def accounts(config: Config, environ: Mapping[str, str], clock: Clock) -> Iterator[DoctorLine]:
    """Who we are on each server, and what the token may do."""
    if not config.accounts:
        yield note("accounts", "the settings name none: posts go into the feeds only")
        return
    found = dict(inspect_accounts(config, find_tokens(config, environ), clock))
    for name in config.accounts:
        one = found[name]
        if one.trouble:
            yield problem("accounts", f"{name}: {one.trouble}", one.remedy)
            continue
        scopes = ", ".join(one.scopes) or "not told, and what is needed works"
        yield ok("accounts", f"{name}: @{one.address} on {one.software or 'unknown software'}; scopes: {scopes}")


def clock_of_servers(config: Config, clock: Clock) -> Iterator[DoctorLine]:
    """How far our clock is from those of the accounts' servers."""
    servers = servers_with_a_clock(config)
    if not servers:
        yield note("clock", "no account on a real server to compare it with")
        return
    times = ServerTimes(clock, servers, timeout=_WITHIN)
    times.ask()
    answers, now = times.now(), clock.now()
    if not answers:
        yield note("clock", "no server has told its time")
        return
    doubt = server_doubt(answers, now)
    away = min((abs(theirs - now) for theirs in answers.values()), default=timedelta())
    if doubt or away > SERVER_NOTICE:
        remedy = "Set this machine's clock, best by a time server."
        yield problem("clock", reason_words(doubt) or f"{away.total_seconds():.0f} s off the servers' clocks", remedy)
    else:
        # An answer tells whole seconds.
        yield ok(
            "clock",
            f"agrees with {count_words(len(answers), 'server')} within a few seconds",
        )


def pages(config: Config, snapshot: Snapshot) -> Iterator[DoctorLine]:
    """The site's front page and the page of the latest released post; those to come are not asked for."""
    web = WebClient(policy_of_site(config))
    shown = [entry for entry in snapshot.entries.values() if not entry.hidden]
    latest = max(shown, key=lambda entry: entry.published, default=None)
    for what, url in (("site", config.site.url + "/"), ("latest page", latest.url if latest else "")):
        if not url:
            continue
        try:
            web.get_beginning(url, within=_WITHIN)
            yield ok("site", f"{what}: {url} is online")
        except FetchError as error:
            remedy = "Check [site] url and permalink in the settings, and that the site is up."
            yield problem("site", f"{what}: {error.message}", remedy)


def hubs(config: Config) -> Iterator[DoctorLine]:
    """Whether each hub answers at all."""
    web = WebClient(policy_of_site(config))
    for hub in dict.fromkeys(config.feeds.hubs):
        try:
            web.get_beginning(hub, within=_WITHIN)
        except FetchError as error:
            # A hub is there to be posted to; many refuse to be read.
            if error.passing or error.status is None:
                yield problem("hubs", error.message, "It is told of changes once it answers again.")
                continue
        yield ok("hubs", f"{hub} answers")
