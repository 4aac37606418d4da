"""What the kept ledger of commit 37b060a holds (`tests/unit/ledger/fixtures`): all of it invented."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.domain import (
    AccountFacts,
    AccountState,
    Action,
    Announcement,
    Delivery,
    DeliveryKey,
    DeliveryState,
    Entry,
    Event,
    EventKind,
    Hold,
    Limits,
    Occasion,
    OldEntry,
    OldFeed,
    Override,
    OverrideKind,
    PageWaitRecord,
    Picture,
    RemotePicture,
    Upcoming,
    Visibility,
)
from bot.domain.reasons import text_reason

FIRST = datetime(2025, 3, 10, 14, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
NOW = FIRST + 2 * MINUTE  #: the newest time that it holds
MAIN = "conf@social.example"
KIDS = "kids@social.example"
NEWS = "https://conf.example/news/"
PAUSED = "ada on 2025-03-10 14:01 UTC"

PICTURE = Picture(
    url="https://conf.example/assets/ticket.png",
    path=Path("assets/ticket.png"),
    alt="A paper ticket",
    media_type="image/png",
    size=2048,
    width=640,
    height=480,
)
TICKETS = Entry(
    post_id=NEWS + "tickets/",
    slug="tickets",
    url=NEWS + "tickets/",
    title="Tickets are on sale",
    authors=("Ada", "Ben"),
    category="news",
    tags=("tickets", "prices"),
    published=FIRST,
    updated=FIRST + 5 * MINUTE,
    released_at=FIRST + SECOND,
    language="en",
    summary="They cost less until May.",
    html="<p>They cost less until May.</p>",
    cover=PICTURE,
    revision=1,
    feed_id=NEWS + "tickets/",
)
CFP = Entry(
    post_id="cfp 2025/ü",
    slug="cfp",
    url=NEWS + "cfp/",
    title="Grüße & talks",
    published=FIRST - timedelta(days=90),
    updated=FIRST - timedelta(days=90),
    released_at=FIRST + SECOND,
    language="de",
    hidden=True,
    missing_since=FIRST + MINUTE,
    feed_id="tag:conf.example,2024:cfp%202025/%C3%BC",
)
KEYNOTE = Entry(
    post_id="tag:conf.example,2024:keynote",
    slug="keynote",
    url=NEWS + "keynote/",
    title="A keynote",
    published=FIRST - MINUTE,
    updated=FIRST - MINUTE,
    released_at=FIRST + SECOND,
    language="en",
    html="<p>Who it is.</p>",
    feed_id="tag:conf.example,2024:keynote",
)
ENTRIES = (TICKETS, CFP, KEYNOTE)


def says(text: str, **more: Any) -> Announcement:
    return replace(Announcement(text=text, link=None, length=len(text), limit=500), **more)


def delivery(post_id: str, account: str, occasion: Occasion, slug: str, **more: Any) -> Delivery:
    key = DeliveryKey(post_id, account, occasion)
    return replace(Delivery(key=key, slug=slug, due=FIRST, announcement=says(f"{slug} {occasion}")), **more)


_PLAIN = (
    delivery(
        TICKETS.post_id,
        MAIN,
        Occasion.PUBLISH,
        "tickets",
        announcement=says(
            f"Tickets are on sale\n\n{NEWS}tickets/",
            link=f"{NEWS}tickets/",
            pictures=(PICTURE,),
            visibility=Visibility.UNLISTED,
            language="en",
            content_warning="prices",
        ),
        state=DeliveryState.SENT,
        attempts=1,
        after_id="9",
        intended_at=FIRST + 2 * SECOND,
        intended_mark="boot 2.000000",
        first_tried_at=FIRST + 2 * SECOND,
        status_id="11",
        status_url="https://social.example/@conf/11",
        settled_at=FIRST + 3 * SECOND,
    ),
    delivery(
        TICKETS.post_id,
        MAIN,
        Occasion.edit(1),
        "tickets",
        action=Action.EDIT,
        not_before=FIRST + 6 * MINUTE,
        reason=text_reason("the server cannot be reached."),
    ),
    delivery(
        TICKETS.post_id,
        KIDS,
        Occasion.PUBLISH,
        "tickets",
        state=DeliveryState.SENDING,
        attempts=2,
        generation=1,
        after_id="0",
        intended_at=FIRST + 4 * SECOND,
        intended_mark="boot 4.000000",
        first_tried_at=FIRST + 2 * SECOND,
    ),
    delivery(
        CFP.post_id,
        MAIN,
        Occasion.PUBLISH,
        "cfp",
        state=DeliveryState.SENT,
        status_id="7",
        status_url="https://social.example/@conf/7",
        settled_at=FIRST - MINUTE,
        foreign=True,
    ),
    delivery(
        CFP.post_id,
        KIDS,
        Occasion.PUBLISH,
        "cfp",
        state=DeliveryState.HELD,
        hold=Hold.BURST_LIMIT,
        reason=text_reason("more than 4 new toots within an hour"),
    ),
    delivery(
        KEYNOTE.post_id,
        MAIN,
        Occasion.PUBLISH,
        "keynote",
        state=DeliveryState.REJECTED,
        reason=text_reason("the server answered 422: too long."),
        attempts=1,
        after_id="11",
        intended_at=FIRST + 5 * SECOND,
        intended_mark="boot 5.000000",
        first_tried_at=FIRST + 5 * SECOND,
        settled_at=FIRST + 6 * SECOND,
    ),
    delivery(
        KEYNOTE.post_id,
        KIDS,
        Occasion.PUBLISH,
        "keynote",
        state=DeliveryState.SKIPPED,
        reason=text_reason("skipped by ada"),
        settled_at=FIRST,
    ),
    delivery(
        NEWS + "gone/",
        MAIN,
        Occasion.PUBLISH,
        "gone",
        state=DeliveryState.SENT,
        status_id="5",
        status_url="https://social.example/@conf/5",
        settled_at=FIRST - 2 * MINUTE,
        ordered_by="ben",
    ),
    delivery(NEWS + "gone/", MAIN, Occasion.WITHDRAW, "gone", action=Action.DELETE),
    delivery(
        NEWS + "moved/",
        MAIN,
        Occasion.PUBLISH,
        "moved",
        state=DeliveryState.HELD,
        hold=Hold.OPERATOR,
        reason=text_reason("held by ada"),
    ),
    delivery(
        NEWS + "moved/",
        MAIN,
        Occasion.WITHDRAW,
        "moved",
        action=Action.REPLY,
        announcement=says("It moved to June."),
        state=DeliveryState.HELD,
        hold=Hold.FAILED,
        reason=text_reason("tried for 1 day"),
    ),
    delivery(
        NEWS + "moved/",
        KIDS,
        Occasion.PUBLISH,
        "moved",
        state=DeliveryState.HELD,
        hold=Hold.UNCLEAR,
        reason=text_reason("its file is gone"),
    ),
)
DELIVERIES = tuple(replace(one, sequence=number) for number, one in enumerate(_PLAIN, start=1))
WORDS = tuple(
    Override(post_id=post_id, kind=kind, early=early, who=who, at=FIRST + MINUTE)
    for post_id, kind, early, who in (
        ("p1", OverrideKind.HOLD, False, "ada"),
        ("p2", OverrideKind.RELEASE, False, "ada"),
        (KEYNOTE.post_id, OverrideKind.PUBLISH, True, "ben"),
        ("p4", OverrideKind.SKIP, False, "ben"),
        ("p5", OverrideKind.RETRY, False, "ada"),
    )
)
UPCOMING = (Upcoming(post_id=f"{NEWS}schedule/", slug="schedule", due=FIRST + timedelta(days=40)),)
FACTS = AccountFacts(address=MAIN, account_id="1", limits=Limits(characters=1000, pictures=6))
BLOCKED = "the server does not accept the token"
ACCOUNTS = (
    AccountState(address=MAIN, joined_at=None, facts=FACTS, last_status_id="11", last_sent_at=FIRST + 3 * SECOND),
    AccountState(address=KIDS, joined_at=FIRST, blocked=text_reason(BLOCKED), not_before=FIRST + 2 * MINUTE),
)
_RECORDED = (
    Event(at=FIRST + SECOND, kind=EventKind.RELEASED, slug="tickets", detail="1 s after its time"),
    Event(
        at=FIRST + 3 * SECOND,
        kind=EventKind.SENT,
        slug="tickets",
        account=MAIN,
        occasion=Occasion.PUBLISH,
        detail="https://social.example/@conf/11",
    ),
    Event(at=FIRST + MINUTE, kind=EventKind.HELD, slug="moved", who="ada"),
)
OLD_FEED = OldFeed(
    source="old/rss.xml",
    entries=(
        OldEntry(feed_id="17 at https://conf.example", link=NEWS + "venue", title="The venue", published=FIRST),
        OldEntry(feed_id="urn:x:18"),
    ),
)
HUB = "https://hub.example/"
PINGED = {f"{HUB} {NEWS}rss.xml": "d" * 64}
PICTURES = (
    RemotePicture(url="https://pictures.example/pier.jpg", media_type="image/jpeg", size=4711, asked_at=FIRST),
    RemotePicture(url="https://pictures.example/gone.jpg", asked_at=FIRST + MINUTE),
)
WAITING = (PageWaitRecord(post_id=f"{NEWS}venue/", slug="venue", since=FIRST + SECOND),)
DEPLOYED = {TICKETS.post_id: "d1"}
PROBLEM = "posts/broken.md:3: title: is missing."
_PINGED = Event(at=FIRST + MINUTE, kind=EventKind.PINGED, detail=f"{HUB}: 1 feed")
_CALLED = Event(at=FIRST + MINUTE, kind=EventKind.DEPLOY_HOOK_CALLED, detail="1 post")
EVENTS = (
    *_RECORDED,
    Event(at=FIRST + MINUTE, kind=EventKind.BLOCKED, account=KIDS, detail=BLOCKED),
    _PINGED,
    _CALLED,
    Event(at=NOW, kind=EventKind.PROBLEM, detail=PROBLEM),
)
