"""Words are for people alone: with every sentence replaced by another one the bot does the same, and tells the same.

One story is told twice, through the planner, the delivery, the alerts and the report: in the words of today, and with
each sentence of the bot, of a server, of a site and of a template exchanged for another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from bot.domain import (
    AccountState,
    Announcement,
    DeliveryState,
    EffectKind,
    Event,
    Hold,
    MastodonOptions,
    Missed,
    OverrideKind,
    PageAnswer,
    Picture,
    Post,
    Reason,
    ReasonCode,
    Reminder,
    alerts,
    wording,
)
from bot.domain.alerts import AlertKind
from bot.domain.errors import (
    AccountBlockedError,
    ComposeError,
    OutputError,
    PictureUnusableError,
    PostError,
    RejectedError,
    TransientError,
)
from bot.domain.events import EventKind
from bot.planner.alerts import Faults, collect_alerts
from bot.planner.plan import Plan
from bot.report.outlook import outlook_of
from tests.support.delivery_stage import World, new_world, raising
from tests.support.digests import both
from tests.support.planning import ACCOUNT, DAY, HOUR, MINUTE, NOW, POLICY, Season

MakePost = Callable[..., Post]
WORLD_STEPS = 9


@dataclass(frozen=True, kw_only=True)
class Teller:
    """Who says the words that are not the bot's own: a template's fault, a server's answer, a site's."""

    said: str

    def compose(self, post: Post, account: str) -> Announcement:
        if post.title.startswith("broken"):
            raise ComposeError(f"{post.path}: {self.said}", kind="no-room", field="title")
        if post.cover is not None and post.cover.problem:
            raise PictureUnusableError(f"{post.path}: {self.said}", url=post.cover.url)
        text = f"{post.title} for {account}"
        pictures = () if post.cover is None else (post.cover,)
        return Announcement(text=text, link=post.url, length=len(text), limit=500, pictures=pictures)


def reworded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every sentence of the bot becomes another one, and one that looks like others of before."""
    monkeypatch.setattr(wording, "EVENT_WORDS", {kind: f"paused {kind.name[::-1]}" for kind in EventKind})
    monkeypatch.setattr(wording, "REASON_WORDS", {code: f"daytime held {code.name[::-1]}" for code in ReasonCode})
    monkeypatch.setattr(wording, "EVENT_REMEDIES", dict.fromkeys(ReasonCode, "Nothing is tooted"))
    monkeypatch.setattr(
        alerts, "ALERT_WORDS", dict.fromkeys(alerts.ALERT_WORDS, ("Xyzzy {problem}", "Plugh", "Plover"))
    )


def a_story(make_post: MakePost, teller: Teller) -> Iterator[object]:
    """What is decided, recorded and told at each step; without a word."""
    policy = replace(POLICY, wait_for_page=30 * MINUTE)
    season = Season(policy=replace(POLICY, burst_limit=9))
    season.compose = teller.compose
    cover = Picture(url="https://conf.example/a.png", alt="A", size=10)
    posts: dict[str, Post] = {
        "on-time": make_post("on-time"),
        "silent": make_post("silent", mastodon=MastodonOptions(skip=True)),
        "hidden": make_post("hidden", hidden=True),
        "broken": make_post("broken", title="broken"),
        "pictured": make_post("pictured", cover=cover),
        "late": make_post("late", published=NOW - 80 * HOUR),
        "missed": make_post("missed", published=NOW - 2 * HOUR, if_missed=Missed.SKIP),
        "asked": make_post("asked", published=NOW - 2 * HOUR, if_missed=Missed.HOLD),
        "expired": make_post("expired", expires=NOW),
        "soon": make_post("soon", title="broken soon", published=NOW + HOUR),
        "no-picture": make_post("no-picture", cover=replace(cover, problem=teller.said), published=NOW + DAY),
        "reminded": make_post(
            "reminded",
            published=NOW + 2 * HOUR,
            reminders=(Reminder(reminder_id="call", at=NOW + DAY),),
        ),
    }

    def step(**options: Any) -> Iterator[object]:
        plan = season.run(*posts.values(), **options)
        yield decided(plan)
        yield told(plan, posts.values(), teller)
        yield [(post.slug, outlook(post, plan)) for post in posts.values()]
        yield sorted(((d.key, d.state, d.hold, code(d.reason)) for d in season.snapshot.deliveries.values()), key=str)

    yield from step()
    season.settle(
        "pictured",
        DeliveryState.HELD,
        hold=Hold.UNCLEAR,
        reason=Reason(code=ReasonCode.PICTURE_FAILED, text=teller.said),
    )
    season.send("on-time")
    yield from step(after=MINUTE)
    posts["pictured"] = make_post("pictured", cover=replace(cover, url="https://conf.example/b.png"))
    posts["on-time"] = make_post("on-time", title="broken now", digests=both("new"))
    yield from step(after=MINUTE)
    season.emit(OverrideKind.HOLD, posts["reminded"])
    season.emit(OverrideKind.SKIP, posts["soon"])
    yield from step(after=MINUTE)
    season.pause()
    yield from step(after=MINUTE)
    season.resume()
    yield from step(after=3 * HOUR)
    del posts["on-time"]
    yield from step(after=MINUTE, server_times={ACCOUNT: season.now + 4 * MINUTE})
    yield from step(after=MINUTE, server_times={ACCOUNT: season.now - HOUR})
    yield from step(after=DAY, server_times={ACCOUNT: season.now})
    waiting = Season(policy=policy)
    waiting.run(make_post("page"))
    no_page = PageAnswer(at=NOW + HOUR, online=False, why=teller.said)
    plan = waiting.run(make_post("page"), after=HOUR, pages={make_post("page").url: no_page})
    yield decided(plan)
    yield told(plan, [make_post("page")], teller)
    flood = [make_post(f"flood-{number}") for number in range(6)]
    plan = Season().run(*flood)
    yield decided(plan)
    yield told(plan, flood, teller)


def decided(plan: Plan) -> object:
    return (
        code(plan.doubt),
        [(i.slug, i.account, i.occasion, i.verdict, i.hold, code(i.reason)) for i in plan.items],
        [happened(event) for event in plan.batch.events],
        [(trouble.code, trouble.subject) for trouble in plan.troubles],
        plan.next_release,
    )


def told(plan: Plan, posts: Any, teller: Teller) -> object:
    blocked = Reason(code=ReasonCode.ACCOUNT_BLOCKED, text=teller.said)
    plan = replace(plan, accounts={ACCOUNT: AccountState(address=ACCOUNT, joined_at=None, blocked=blocked)})
    faults = Faults(
        files=[PostError(Path("posts/damaged.md"), teller.said, rule="front-matter", remedy=teller.said)],
        feeds=[OutputError(teller.said, subject="rss.xml")],
        site=teller.said,
    )
    alerts = collect_alerts(plan, faults, posts=tuple(posts), compose=teller.compose)
    return sorted((str(alert.key), str(alert.instead_of), alert.embargoed) for alert in alerts)


def outlook(post: Post, plan: Plan) -> object:
    found = outlook_of(post, plan, toots={})
    return found.moment, found.is_tooted, found.is_held, sorted(found.by_account)


def happened(event: Event) -> object:
    return event.kind, event.slug, event.account, event.occasion, code(event.reason)


def code(reason: Reason | None) -> ReasonCode | None:
    return reason.code if reason is not None else None


def a_delivery_story(world: World, owed: Callable[..., Any], teller: Teller) -> Iterator[object]:
    """Failures of every kind, one after the other."""
    errors = [
        TransientError(teller.said),
        AccountBlockedError(teller.said),
        TransientError(teller.said, retry_after=MINUTE),
    ]
    world.hold_without_picture = True
    cover = Picture(url="https://conf.example/a.png", alt="A", size=10)
    world.owes(owed("plain", due=NOW), owed("other", due=NOW))
    pictured = owed("pictured", due=NOW)
    world.owes(replace(pictured, announcement=replace(pictured.announcement, pictures=(cover,))))
    world.server.during("verify_account", *(raising(error) for error in errors))
    world.server.during("upload", raising(RejectedError(teller.said)))
    world.server.during("publish", raising(RejectedError(teller.said)))
    for _ in range(WORLD_STEPS):
        result = world.deliver_pending()
        yield result.attention, result.trouble, result.wait_until, code(result.why)
        yield [happened(event) for event in result.events]
        yield code(world.account.blocked)
        yield [(row.slug, row.state, row.hold, code(row.reason)) for row in world.ledger.snapshot().deliveries.values()]
        world.clock.advance(10 * MINUTE)


def test_another_wording_changes_neither_decisions_nor_alerts(
    make_post: MakePost, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = list(a_story(make_post, Teller(said="there is no template.")))
    reworded(monkeypatch)
    after = list(a_story(make_post, Teller(said="paused: daytime held, 3 h late; not served")))
    assert after == before


def test_another_wording_changes_nothing_in_how_is_delivered(
    make_delivery: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = list(a_delivery_story(new_world(), make_delivery, Teller(said="no.")))
    reworded(monkeypatch)
    after = list(
        a_delivery_story(new_world(), make_delivery, Teller(said="not served: a picture could not be uploaded"))
    )
    assert after == before


def test_the_story_meets_what_decisions_depend_on(make_post: MakePost, make_delivery: Callable[..., Any]) -> None:
    teller = Teller(said="no.")
    seen = repr([*a_story(make_post, teller), *a_delivery_story(new_world(), make_delivery, teller)])
    for met in (
        ReasonCode.PICTURE_FAILED,
        ReasonCode.PAGE_MISSING,
        ReasonCode.PAUSED,
        ReasonCode.FEEDS_ONLY,
        ReasonCode.TOO_LATE,
        ReasonCode.BURST_LIMIT,
        ReasonCode.ACCOUNT_UNREACHABLE,
        ReasonCode.ACCOUNT_BLOCKED,
        ReasonCode.NOT_EDITED,
        ReasonCode.CLOCK_SLIGHTLY_OFF,
        ReasonCode.CLOCK_AHEAD_OF_SERVERS,
        ReasonCode.FILE_GONE,
    ):
        assert met.name in seen or met.value in seen, met
    for kind in (
        AlertKind.DOUBT,
        AlertKind.AHEAD,
        AlertKind.HELD,
        AlertKind.TROUBLE,
        AlertKind.FILE,
        AlertKind.ACCOUNT,
    ):
        assert f"'{kind.value} " in seen, kind


def test_every_code_and_kind_has_words() -> None:
    assert wording.REASON_WORDS.keys() == set(ReasonCode)
    assert wording.EVENT_WORDS.keys() == set(EventKind)
    assert wording.EFFECT_WORDS.keys() == set(EffectKind)
    assert {kind for kind, _ in alerts.ALERT_WORDS} == set(AlertKind)
