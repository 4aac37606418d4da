"""A tick is one cycle: it reads the posts once and writes its plan once, and shows what the deliveries came to."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from bot.config import Config
from bot.domain import AccountFacts, DeliveryState, EventKind, Limits, QuotePolicy, WriteBatch, WriteResult
from bot.ledger import Ledger
from bot.posts.folder import PostFolder, Scan
from bot.runtime.deliverer import Accounts
from tests.support.before_release import ACCOUNT, ACCOUNTS, NOON, SECOND, Asked, Stage
from tests.support.changed_bot import with_parts


class CountingFolder(PostFolder):
    """Counts how often the posts are read."""

    scans = 0

    def scan(self) -> Scan:
        self.scans += 1
        return super().scan()


@dataclass
class CountingLedger:
    """Counts what is recorded; all else is done by the ledger itself."""

    inner: Ledger
    recorded: list[WriteBatch] = field(default_factory=list)

    def record(self, batch: WriteBatch, *, now: datetime, **how: Any) -> WriteResult:
        self.recorded.append(batch)
        return self.inner.record(batch, now=now, **how)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def test_a_toot_takes_one_cycle(site_config: Callable[..., Config]) -> None:
    stage = Stage(site_config(accounts=ACCOUNTS))
    posts, ledger = CountingFolder(stage.config), CountingLedger(stage.ledger)
    bot = with_parts(stage.bot, posts=posts, ledger=ledger)
    stage.clock.step_to(NOON)
    result, delivered = bot.tick()
    assert [len(one.events) for one in delivered] == [1]
    assert (posts.scans, len(ledger.recorded)) == (1, 1)
    shown = json.loads((stage.config.public_folder / "news" / "syndication.json").read_text())
    assert "keynote" in json.dumps(shown), "where the toot lives was published by the same tick"
    assert not result.attention


def test_a_tick_with_nothing_to_do_records_nothing(site_config: Callable[..., Config]) -> None:
    stage = Stage(site_config(accounts=ACCOUNTS))
    stage.bot.tick()
    ledger = CountingLedger(stage.ledger)
    result, delivered = with_parts(stage.bot, ledger=ledger).tick()
    assert (result.events, result.changed_files, ledger.recorded) == ((), (), [])
    assert not any(one.events for one in delivered)


QUOTES = ACCOUNTS + '\nquote_policy = "nobody"'


def test_the_first_toot_of_an_account_is_composed_by_its_servers_limits(
    site_config: Callable[..., Config],
) -> None:
    stage = Stage(site_config(accounts=QUOTES))
    stage.publisher.limits = Limits(characters=60, quote_policy=True, software="mastodon 4.5.0")
    stage.clock.step_to(NOON)
    result, _ = stage.bot.tick()
    (toot,) = stage.ledger.snapshot().deliveries.values()
    assert toot.state is DeliveryState.SENT
    assert (toot.announcement.limit, toot.announcement.quote_policy) == (60, QuotePolicy.NOBODY)
    assert [status.text for status in stage.publisher.statuses] == [toot.announcement.text]
    assert stage.publisher.questions.count("who") == 1
    assert [post.slug for post in result.plan.released] == ["keynote"]
    assert result.changed_files


def test_what_the_first_of_two_cycles_finds_is_reported_by_the_tick(site_config: Callable[..., Config]) -> None:
    stage = Stage(site_config(accounts=ACCOUNTS))
    stage.publisher.limits = Limits(characters=60)  # the toot is composed again, by a second cycle
    (stage.config.posts_folder / "broken.md").write_text("---\ntitle: [\n---\n")
    stage.clock.step_to(NOON)
    result, delivered = stage.bot.tick()
    assert len(delivered) == 2
    assert [event.kind for event in result.events].count(EventKind.RELEASED) == 1
    assert EventKind.PROBLEM in [event.kind for event in result.events]
    assert result.attention, "the exit code of `announce tick`"


def test_new_limits_of_a_server_hold_for_the_next_toot(site_config: Callable[..., Config]) -> None:
    stage = Stage(site_config(accounts=ACCOUNTS))
    stage.clock.step_to(NOON)
    stage.bot.tick()
    stage.publisher.limits = Limits(characters=60)
    stage.write("second", NOON + 5 * SECOND)
    stage.clock.step_to(NOON + 60 * SECOND)
    stage.bot.tick()
    sent = {one.slug: one for one in stage.ledger.snapshot().deliveries.values()}
    assert sent["second"].state is DeliveryState.SENT
    assert sent["second"].announcement.limit == 60
    assert len(stage.publisher.statuses) == 2


def test_a_server_that_reports_something_else_each_time_delays_no_toot(site_config: Callable[..., Config]) -> None:
    class Flapping(Asked):
        def verify_account(self) -> AccountFacts:
            self.limits = Limits(characters=self.limits.characters + 1)
            return super().verify_account()

    stage = Stage(site_config(accounts=ACCOUNTS))
    publisher = Flapping(address=ACCOUNT, clock=stage.clock)
    bot = replace(stage.bot, deliverer=replace(stage.bot.deliverer, publishers={ACCOUNT: publisher}))
    stage.clock.step_to(NOON)
    bot.tick()
    assert set(stage.states().values()) == {DeliveryState.SENT}
    assert len(publisher.statuses) == 1


def test_a_page_that_is_slow_delays_no_other_post(site_config: Callable[..., Config]) -> None:
    stage = Stage(site_config(accounts=ACCOUNTS, release='wait_for_page = "30m"'))
    seen: list[tuple[str, str, list[str]]] = []

    def ask(url: str) -> None:
        feed = (stage.config.public_folder / "news" / "rss.xml").read_text()
        shown = [slug for slug in ("hall", "keynote") if f"About {slug}" in feed]
        seen.append((url, "Halls" if "Halls" in feed else "", shown))

    stage.bot.site.pages.ask, stage.bot.site.pages.in_threads = ask, False
    stage.write("hall", stage.clock.now())
    stage.bot.tick()
    stage.write("hall", stage.clock.now(), more="category: Halls\n")
    stage.clock.step_to(NOON)
    result, _ = stage.bot.tick()
    assert [(url.split("/")[-2], category, shown) for url, category, shown in seen] == [
        ("hall", "", []),
        ("keynote", "Halls", ["hall"]),
    ]
    assert [post.slug for post in result.plan.released] == ["keynote"]
    assert set(stage.states().values()) == {DeliveryState.SENT}


def test_a_worker_that_learns_new_limits_asks_for_a_cycle_before_it_sends(site_config: Callable[..., Config]) -> None:
    stage = Stage(site_config(accounts=ACCOUNTS))
    stage.publisher.limits = Limits(characters=60)
    stage.clock.step_to(NOON)
    bot, asked_for = stage.bot, []
    accounts = Accounts(
        bot.deliverer,
        workers=bot.workers,
        call_at=lambda *_: None,
        wake_loop=lambda: asked_for.append("cycle"),
    )
    bot.cycle_once()
    accounts.serve(ACCOUNT)
    assert (asked_for, stage.publisher.statuses) == (["cycle"], [])
    bot.cycle_once()
    accounts.serve(ACCOUNT)
    (toot,) = stage.ledger.snapshot().deliveries.values()
    assert (toot.state, toot.announcement.limit, len(stage.publisher.statuses)) == (DeliveryState.SENT, 60, 1)
