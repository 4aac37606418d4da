"""A release on the dot: everything that can be prepared is done before its instant.

Some seconds ahead the release is planned as of its datetime, and each account's worker asks its server what it would
ask first (which account the token is of, what it shows already), on a connection that stays open. Some milliseconds
before the instant the plan is written, if files, clock and overrides are still as they were; at the instant it is
committed, and the toots are sent. Of the post itself nothing is committed or sent before. The cycle that follows finds
the release made and does the rest: feeds, files, alerts.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from bot.domain import Delivery, Post
from bot.domain.gc import gc_paused
from bot.integrations.old_feed import find_missing_old_feed
from bot.planner.guards import server_doubt
from bot.planner.plan import Plan, make_plan
from bot.posts.cache.racy_files import without_digest
from bot.posts.listing import FileState, state_of
from bot.runtime.app import Bot
from bot.runtime.context import CycleContext
from bot.runtime.planning import plan_input, scan_posts

#: Preparation begins this long before the instant, and earlier by the time that cycles take.
PREPARATION_LEAD: Final = timedelta(seconds=5)
#: The extra time for requests that have begun; the bot waits for no answer.
REQUEST_GRACE: Final = timedelta(milliseconds=50)
#: How often to check whether the clock was set.
CLOCK_CHECK_INTERVAL: Final = timedelta(milliseconds=500)
#: No cycle begins this long before the instant, plus four times the time that a cycle takes: a slow cycle with another
#: preparation after it would make the release late.
QUIET_PERIOD: Final = timedelta(seconds=1)
#: Writing begins this long before the instant, to be committed at the instant or not at all. It takes some
#: milliseconds, and on a shared machine up to fifty more. Meanwhile no other process writes to the ledger.
PREPARE_AHEAD: Final = timedelta(milliseconds=150)
#: The thread stays awake this long before the instant: a sleeping thread wakes late, in one case of twenty by several
#: milliseconds.
SPIN: Final = timedelta(milliseconds=10)
#: Collecting garbage may take some tenths of a second: not done if less than this is left.
MIN_TIME_FOR_UPKEEP: Final = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Tolerance:
    """How late a release on the dot may be, and how long the next cycle waits for it."""

    lateness: timedelta = timedelta(seconds=1)  #: a release later than this is left to the regular cycle
    #: The longest wait for the first requests to be sent: a cycle would keep the interpreter from them.
    wait_for_requests: timedelta = timedelta(seconds=1)


_USUAL: Final = Tolerance()


@dataclass(frozen=True, kw_only=True)
class PreparedRelease:
    """A release that waits for its instant."""

    moment: datetime  #: UTC
    plan: Plan  #: as of that moment
    files: Mapping[str, FileState | None]  #: of the posts and their pictures, as they were read

    def expected(self) -> dict[str, list[Delivery]]:
        """What will be owed, by account: the toots that leave at the instant."""
        found: dict[str, list[Delivery]] = {}
        for change in self.plan.batch.changes:
            wanted = change.wanted
            if wanted is not None and wanted.key.occasion.part == 1:
                found.setdefault(wanted.key.account, []).append(wanted)
        return found


def prepare_release(context: CycleContext, moment: datetime) -> PreparedRelease | None:
    """Plan the release of `moment` ahead; None if nothing is released then. Writes nothing and sends no request.

    Raises LedgerError.
    """
    scan, snapshot, ahead = scan_posts(context.posts), context.ledger.snapshot(), moment - context.clock.now()
    if find_missing_old_feed(context.config, snapshot) or not context.server_times.asked:
        return None
    server_times = {account: theirs + ahead for account, theirs in context.server_times.now().items()}
    given = plan_input(context.config, scan, snapshot, now=moment)
    given = replace(given, server_times=server_times, pages=context.site.page_answers)
    plan = make_plan(given, cache=context.state.plan_cache)
    if not _only_releases(plan):
        return None
    wanted = {str(path) for post in plan.released for path in _files_of(post, context.config.root)}
    files = {path: state and without_digest(state) for path, state in scan.signature if path in wanted}
    if not all(str(context.config.root / post.path) in files for post in plan.released):
        return None
    return PreparedRelease(moment=moment, plan=plan, files=files)


def _only_releases(plan: Plan) -> bool:
    """Whether nothing is written but new releases: what else there is to decide may be old news at the instant."""
    batch = plan.batch
    new = len(batch.entries) == len(plan.released) and all(change.known is None for change in batch.changes)
    return bool(plan.released) and new and not plan.doubt


def carry_out(
    context: CycleContext,
    prepared: PreparedRelease,
    *,
    instant: Callable[[], bool] = lambda: True,
    tolerance: Tolerance = _USUAL,
) -> bool:
    """Release at the instant: record the plan and notify. False if something has changed: then a cycle decides.

    `instant` waits for the rest of the time, while all is written and nothing is kept yet; False: it is called off.
    Raises LedgerError.
    """
    if server_doubt(context.server_times.now(), context.clock.now()):
        return False
    if any(state_of(path) != state for path, state in prepared.files.items()):
        return False

    # Which posts are to come is left to the cycle that follows: going through a thousand takes time.
    batch = replace(prepared.plan.batch, upcoming=None)
    with context.ledger.prepare(batch, now=prepared.moment) as pending:
        if pending.result.outdated or not instant():
            return False
        if not prepared.moment <= context.clock.now() <= prepared.moment + tolerance.lateness:
            return False
        # Durable with the intent of the first toot, or by the cycle that follows before it writes the feeds.
        pending.commit(durable=False)
    for address in prepared.expected():
        context.notify(address)
    for event in pending.result.events:
        context.emit(event)
    return True


def release_on_time(
    bot: Bot,
    moment: datetime,
    *,
    expect: Callable[[str, list[Delivery]], None],
    wait: Callable[[datetime], None],
    cycle_takes: timedelta,
    tolerance: Tolerance = _USUAL,
) -> bool:
    """Prepare the release of `moment`, wait for it, and carry it out; whether it was.

    `expect` hands what an account will be owed to its worker; `wait` returns at a time, or earlier if there is a
    reason for another cycle. Raises LedgerError.
    """
    with gc_paused():  # over thousands of posts it would take a tenth of a second, perhaps at the instant
        prepared = prepare_release(bot.context, moment)
        if prepared is None:
            return False
        for address, deliveries in prepared.expected().items():
            expect(address, deliveries)
        if moment - bot.context.clock.now() > MIN_TIME_FOR_UPKEEP:
            gc.collect()
        if not _waited(
            bot, moment - PREPARE_AHEAD, again=4 * cycle_takes + QUIET_PERIOD, wait=wait, tolerance=tolerance
        ):
            return False
        # An account that is still asking its server is not waited for: a slow one must not delay the feeds.
        bot.deliverer.latch.expect(address for address in prepared.expected() if bot.deliverer.is_warm(address))
        if not carry_out(bot.context, prepared, instant=lambda: _is_there(bot, moment), tolerance=tolerance):
            return False
        if bot.deliverer.latch.wait(tolerance.wait_for_requests.total_seconds(), stop=bot.stop):
            bot.stop.wait(REQUEST_GRACE.total_seconds())
    return True


def _waited(
    bot: Bot, moment: datetime, *, again: timedelta, wait: Callable[[datetime], None], tolerance: Tolerance
) -> bool:
    """Wait for the instant; False as soon as something else has happened and there is time for a cycle."""
    clock, begun = bot.context.clock, bot.context.clock.monotonic()
    longest = (moment - clock.now()) + tolerance.lateness
    calm_until = moment - again
    if clock.now() < calm_until:
        wait(calm_until)
        if clock.now() < calm_until:
            return False
    while (left := moment - clock.now()) > timedelta():
        if bot.stop.is_set() or clock.monotonic() - begun > longest.total_seconds():
            return False  # the second: the clock was set back
        bot.stop.wait(min(left, CLOCK_CHECK_INTERVAL).total_seconds())
    return not bot.stop.is_set()  # also if the preparing took until the instant


def _is_there(bot: Bot, moment: datetime) -> bool:
    """Wait for the last milliseconds; False if the clock was set back meanwhile, or there is a stop."""
    while (left := moment - bot.context.clock.now()) > timedelta():
        if left > PREPARE_AHEAD or bot.stop.wait(max(timedelta(), left - SPIN).total_seconds()):
            return False
    return not bot.stop.is_set()


def _files_of(post: Post, root: Path) -> Iterator[Path]:
    yield root / post.path
    for picture in (post.cover, *(post.mastodon.media or ())):
        if picture is not None and picture.path is not None:
            yield picture.path
