"""What people should be told of: each cause once, with what it means and what to do, and redacted where it must be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.domain import (
    AccountState,
    Announcement,
    Finding,
    Hold,
    MastodonOptions,
    Occasion,
    Picture,
    Post,
    Reason,
    ReasonCode,
)
from bot.domain.alerts import AlertKey, AlertKind
from bot.domain.errors import ComposeError, OutputError, PictureUnusableError, PostError
from bot.domain.reasons import text_reason
from bot.planner.alerts import Alert, Faults, collect_alerts, opaque
from bot.planner.builder import PlanItem
from bot.planner.plan import Plan
from bot.planner.ruling import Verdict

MakePost = Callable[..., Post]

NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
ACCOUNT = "conf@example.social"


def compose(post: Post, account: str) -> Announcement:
    if post.title == "broken":
        raise ComposeError(f"{post.path}: no room.", kind="no-room", remedy="Make it shorter.")
    return Announcement(text=post.title, link=post.url, length=1, limit=500)


def item(verdict: Verdict, **changes: Any) -> PlanItem:
    plain = PlanItem(post_id="id-1", slug="tickets", title="Tickets", account=ACCOUNT, due=NOW, verdict=verdict)
    return replace(plain, **changes)


def causes(
    plan: Plan | None = None,
    *,
    posts: Iterable[Post] = (),
    faults: Iterable[PostError] = (),
    feed_faults: Iterable[OutputError] = (),
    accounts: Mapping[str, AccountState] | None = None,
    site_trouble: str = "",
) -> tuple[Alert, ...]:
    accounts = accounts or {ACCOUNT: AccountState(address=ACCOUNT, joined_at=None)}
    plan = replace(plan or Plan(now=NOW), accounts=accounts)
    wrong = Faults(files=tuple(faults), feeds=tuple(feed_faults), site=site_trouble)
    return collect_alerts(plan, wrong, posts=tuple(posts), compose=compose)


def only(found: tuple[Alert, ...]) -> Alert:
    (cause,) = found
    assert cause.what
    return cause


def upcoming(post: Post, now: datetime) -> Plan:
    assert post.published is not None
    return Plan(now=now, items=(item(Verdict.UPCOMING, post_id=post.post_id, slug=post.slug, due=post.published),))


def test_where_nothing_is_wrong_nobody_is_told(make_post: MakePost) -> None:
    post = make_post(published=NOW + SECOND)
    assert causes() == ()
    assert causes(upcoming(post, NOW), posts=[post]) == ()
    assert causes(Plan(now=NOW, items=tuple(item(verdict) for verdict in (Verdict.SENT, Verdict.SKIPPED)))) == ()


def test_a_doubt_about_everything_is_told() -> None:
    cause = only(causes(Plan(now=NOW, doubt=text_reason("the clock is behind"))))
    assert (cause.what, cause.embargoed) == ("the clock is behind", False)
    assert "Nothing is released" in cause.means


def test_a_persons_own_pause_is_not_told() -> None:
    assert causes(Plan(now=NOW, doubt=Reason(code=ReasonCode.PAUSED, who="ada"))) == ()


def test_a_broken_file_is_told_with_its_remedy_and_may_be_embargoed() -> None:
    fault = PostError(Path("posts/keynote.md"), "is no YAML.", line=3, remedy="Use quotes.")
    cause = only(causes(faults=[fault]))
    assert (cause.what, cause.todo) == ("posts/keynote.md:3: is no YAML.", "Use quotes.")
    assert cause.embargoed


def test_a_feed_that_cannot_be_written_is_told() -> None:
    assert (
        only(causes(feed_faults=[OutputError("rss.xml: the disk is full", subject="rss.xml")])).what
        == "rss.xml: the disk is full"
    )


def test_a_blocked_account_is_told_until_it_works() -> None:
    state = AccountState(address=ACCOUNT, joined_at=None, blocked=text_reason("the token is refused"))
    cause = only(causes(accounts={ACCOUNT: state}))
    assert cause.what == f"{ACCOUNT}: the token is refused"
    assert not cause.embargoed


@pytest.mark.parametrize(
    ("hold", "todo"),
    [
        (Hold.BURST_LIMIT, "announce resume"),
        (Hold.UNCLEAR, "Mend the file"),
        (Hold.FAILED, "announce retry"),
        (Hold.OPERATOR, None),
    ],
)
def test_what_is_held_is_told_unless_a_person_wanted_it(hold: Hold, todo: str | None) -> None:
    found = causes(Plan(now=NOW, items=(item(Verdict.HELD, hold=hold, reason=text_reason("because")),)))
    if todo is None:
        assert found == ()
        return
    cause = only(found)
    assert cause.what == f"held: tickets → {ACCOUNT}: because"
    assert todo in cause.todo
    assert not cause.embargoed


def test_a_missing_page_and_a_hook_that_fails_are_told_with_what_to_do() -> None:
    missing = item(
        Verdict.HELD,
        account="",
        hold=Hold.UNCLEAR,
        reason=Reason(code=ReasonCode.PAGE_MISSING, text="it answered 404."),
    )
    waits = item(Verdict.WAITING, account="", reason=text_reason("waits for its page"))
    page, hook = causes(Plan(now=NOW, items=(missing, waits)), site_trouble="the deploy hook does not take the call")
    by_key = {cause.key: cause for cause in (page, hook)}
    assert by_key.pop(AlertKey(AlertKind.DEPLOY_HOOK)).what == "the deploy hook does not take the call"
    (held,) = by_key.values()
    assert "announce release" in held.todo
    assert held.embargoed, "it is not released yet"


def test_a_release_that_is_held_is_under_embargo() -> None:
    plan = Plan(
        now=NOW,
        items=(item(Verdict.HELD, account="", hold=Hold.UNCLEAR, reason=text_reason("it may be a renamed one")),),
    )
    assert only(causes(plan)).embargoed


def test_a_rejected_toot_is_told_with_its_occasion() -> None:
    plan = Plan(now=NOW, items=(item(Verdict.REJECTED, occasion=Occasion.edit(1), reason=text_reason("422")),))
    assert only(causes(plan)).what == f"rejected: tickets → {ACCOUNT} (edit:1): 422"


def test_each_toot_is_a_cause_of_its_own() -> None:
    other = "kids@example.social"
    items = (
        item(Verdict.REJECTED, reason=text_reason("422")),
        item(Verdict.REJECTED, reason=text_reason("422"), account=other),
        item(Verdict.REJECTED, reason=text_reason("422"), occasion=Occasion.WITHDRAW),
        item(Verdict.REJECTED, reason=text_reason("422"), slug="food"),
    )
    found = causes(Plan(now=NOW, items=items), accounts={other: AccountState(address=other, joined_at=None)})
    assert len({cause.key for cause in found}) == 4


def test_what_planning_finds_and_what_troubles_it_is_told() -> None:
    finding = Finding(rule="identity-taken", path=Path("posts/a.md"), problem="taken.", remedy="Rename it.")
    told, found = causes(
        Plan(now=NOW, troubles=(Reason(code=ReasonCode.TEXT, text="a file is gone"),), findings=(finding,))
    )
    assert (told.what, told.embargoed) == ("a file is gone", False)
    assert (found.what, found.todo, found.embargoed) == ("posts/a.md: taken.", "Rename it.", True)


@pytest.mark.parametrize(
    ("ahead", "told"),
    [
        (24 * HOUR + SECOND, []),
        (24 * HOUR, ["1 day"]),
        (HOUR + SECOND, ["1 day"]),
        (HOUR, ["1 day", "1 h"]),
        (SECOND, ["1 day", "1 h"]),
        (timedelta(), []),
    ],
)
def test_a_post_in_trouble_is_told_a_day_and_an_hour_before(
    make_post: MakePost, ahead: timedelta, told: list[str]
) -> None:
    post = make_post(title="broken", published=NOW + ahead)
    found = causes(upcoming(post, NOW), posts=[post])
    assert [cause.what for cause in found] == [
        f"posts/tickets.md is due in less than {distance}: posts/tickets.md: no room. Make it shorter."
        for distance in told
    ]
    assert all(cause.embargoed and "announce preview tickets" in cause.todo for cause in found)


def test_within_the_hour_the_days_cause_need_not_be_told_besides(make_post: MakePost) -> None:
    post = make_post(title="broken", published=NOW + SECOND)
    day, hour = causes(upcoming(post, NOW), posts=[post])
    assert (day.instead_of, hour.instead_of) == (None, day.key)
    assert (day.redacted().instead_of, hour.redacted().instead_of) == (None, day.key)


def test_a_picture_that_cannot_be_used_is_told_ahead(make_post: MakePost) -> None:
    cover = Picture(url="https://conf.example/x.png", problem="there is no file x.png")
    post = make_post(cover=cover, published=NOW + 2 * HOUR)
    cause = only(causes(upcoming(post, NOW), posts=[post]))
    assert cause.what.endswith("its picture cannot be used: there is no file x.png")


def test_a_picture_that_holds_the_toot_is_told_once(make_post: MakePost) -> None:
    def holding(post: Post, _account: str) -> Announcement:
        problem = f"{post.path}: a picture cannot be used, there is no file x.png; the toot is held."
        raise PictureUnusableError(problem, url=cover.url)

    cover = Picture(url="https://conf.example.org/x.png", problem="there is no file x.png")
    post = make_post(cover=cover, published=NOW + 2 * HOUR)
    plan = replace(upcoming(post, NOW), accounts={ACCOUNT: AccountState(address=ACCOUNT, joined_at=None)})
    (cause,) = collect_alerts(plan, Faults(), posts=[post], compose=holding)
    assert "the toot is held" in cause.what


@pytest.mark.parametrize(
    ("verdict", "ago", "told"),
    [
        (Verdict.DUE, SECOND, True),
        (Verdict.SENDING, SECOND, True),
        (Verdict.SENT, 23 * HOUR, True),
        (Verdict.SENT, 24 * HOUR, False),
        (Verdict.SKIPPED, SECOND, False),
        (Verdict.HELD, SECOND, False),
    ],
)
def test_a_toot_that_goes_out_without_its_picture_is_told_for_a_day(
    make_post: MakePost, verdict: Verdict, ago: timedelta, told: bool
) -> None:
    broken = Picture(url="https://conf.example.org/x.png", problem="there is no file x.png")
    post = make_post(mastodon=MastodonOptions(media=(broken,)), published=NOW - ago)
    plan = Plan(now=NOW, items=(item(verdict, post_id=post.post_id, due=NOW - ago, hold=Hold.OPERATOR),))
    found = causes(plan, posts=[post])
    assert [cause.what for cause in found] == (
        ["posts/tickets.md: a picture cannot be used: there is no file x.png"] if told else []
    )


def test_the_same_trouble_on_two_accounts_is_told_once(make_post: MakePost) -> None:
    post = make_post(title="broken", published=NOW + 2 * HOUR)
    states = {name: AccountState(address=name, joined_at=None) for name in ("a@one.example", "b@two.example")}
    only(causes(upcoming(post, NOW), posts=[post], accounts=states))


def test_accounts_in_the_same_trouble_in_other_words_are_one_cause_and_another_kind_is_another(
    make_post: MakePost,
) -> None:
    post = make_post(published=NOW + 2 * HOUR)
    names = ("a@one.example", "b@two.example", "c@three.example")

    def told(**errors: ComposeError) -> list[tuple[AlertKey, str]]:
        def fails(_post: Post, account: str) -> Announcement:
            raise errors[account[0]]

        states = {name: AccountState(address=name, joined_at=None) for name in names}
        found = collect_alerts(replace(upcoming(post, NOW), accounts=states), Faults(), posts=[post], compose=fails)
        return [(alert.key, alert.what.rpartition(": ")[2]) for alert in found]

    long = "the option has 60 characters; the server takes {} at most."
    one, two = (ComposeError(long.format(n), kind="poll-option-length", field="mastodon.poll") for n in (50, 55))
    other = ComposeError("the network does not know polls.", kind="unknown-to-network", field="mastodon.poll")
    first = told(a=one, b=two, c=other)
    assert [words for _, words in first] == [str(other), str(one)]
    assert {key for key, _ in told(a=two, b=one, c=other)} == {key for key, _ in first}
    assert [words for _, words in told(a=one, b=one, c=two)] == [str(one)]


@pytest.mark.parametrize("changes", [{"mastodon": MastodonOptions(skip=True)}, {"published": None}])
def test_a_post_without_a_toot_is_not_tried_out(make_post: MakePost, changes: dict[str, Any]) -> None:
    post = make_post(**{"title": "broken", "published": NOW + HOUR, **changes})
    assert causes(upcoming(make_post(published=NOW + HOUR), NOW), posts=[post]) == ()


def test_a_post_that_is_held_is_not_tried_out(make_post: MakePost) -> None:
    post = make_post(title="broken", published=NOW + HOUR)
    plan = Plan(now=NOW, items=(item(Verdict.HELD, hold=Hold.OPERATOR, post_id=post.post_id),))
    assert causes(plan, posts=[post]) == ()


def test_redacted_nothing_of_an_unreleased_post_is_left() -> None:
    secret = "Ysolde speaks"
    cause = Alert(key=AlertKey(AlertKind.FILE, secret), what=secret, means=secret, todo=secret, embargoed=True)
    redacted = cause.redacted()
    assert redacted.key == cause.key, "it stays the same cause"
    assert secret not in redacted.what + redacted.means + redacted.todo
    assert opaque(f"file {secret}") in redacted.what
    assert opaque("another") not in redacted.what


def test_what_is_public_is_not_redacted() -> None:
    cause = Alert(key=AlertKey(AlertKind.FILE, "k"), what="w", means="m", todo="t")
    assert cause.redacted() is cause
