"""What `check` says of the posts: what reading, composing, planning and the brake would find."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.check.registry import collect_faults, collect_planning, collect_reading, run_checks
from bot.check.subject import Subject
from bot.check.times import check_burst_limit
from bot.check.toots import check_toots
from bot.config import Config
from bot.domain import (
    AccountFacts,
    AccountState,
    Action,
    Delivery,
    DeliveryState,
    Finding,
    Hold,
    Limits,
    MastodonOptions,
    Picture,
    Poll,
    Post,
    QuotePolicy,
    Reminder,
    Severity,
    Snapshot,
)
from bot.domain.errors import PostError
from bot.planner.plan import Plan
from bot.runtime.planning import make_composer

MakePost = Callable[..., Post]
MakeConfig = Callable[..., Config]

NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=3)
HOUR = timedelta(hours=1)
ONE = '[accounts.main]\nserver = "http://127.0.0.1:3000"\n'
TWO = ONE + '[accounts.kids]\nserver = "http://127.0.0.1:3000"\n'


@pytest.fixture
def check(site_config: MakeConfig) -> Callable[..., tuple[Finding, ...]]:
    def checked(
        *posts: Post,
        faults: Iterable[PostError] = (),
        plan: Plan | None = None,
        brake: int = 4,
        accounts: str = ONE,
        template: str | None = None,
        snapshot: Snapshot | None = None,
    ) -> tuple[Finding, ...]:
        config = site_config(accounts=accounts, release=f"brake = {brake}")
        if template is not None:
            config.templates_folder.mkdir()
            (config.templates_folder / "default.j2").write_text(template)
        subject = Subject(
            config=config,
            posts=posts,
            faults=tuple(faults),
            plan=plan or Plan(now=NOW),
            compose=make_composer(config, snapshot or Snapshot()),
            snapshot=snapshot or Snapshot(),
            now=NOW,
        )
        return run_checks(
            subject, checks=(collect_faults, collect_reading, collect_planning, check_toots, check_burst_limit)
        )

    return checked


Check = Callable[..., tuple[Finding, ...]]


def only(findings: tuple[Finding, ...]) -> Finding:
    (finding,) = findings
    return finding


def a_finding(path: str, *, rule: str = "clash", line: int | None = None) -> Finding:
    return Finding(rule=rule, path=Path(path), line=line, problem="it is odd.")


def test_good_posts_have_no_findings(check: Check, make_post: MakePost) -> None:
    posts = [make_post(slug, published=LATER + number * HOUR) for number, slug in enumerate("abc")]
    assert check(*posts) == ()


def test_an_unreadable_file_is_an_error_with_line_and_remedy(check: Check) -> None:
    fault = PostError(Path("posts/a.md"), "is no datetime.", line=3, field="published_datetime", remedy="Write it so.")
    finding = only(check(faults=[fault]))
    assert (finding.rule, finding.severity) == ("unreadable", Severity.ERROR)
    assert str(finding) == "posts/a.md:3: published_datetime: is no datetime. Write it so."


def test_what_reading_and_planning_found_is_passed_on(check: Check, make_post: MakePost) -> None:
    read, planned = a_finding("posts/a.md", rule="order"), a_finding("posts/b.md", rule="renamed")
    post = make_post("a", published=LATER, findings=(read,))
    assert check(post, plan=Plan(now=NOW, findings=(planned,))) == (read, planned)


def test_findings_stand_in_the_order_of_files_lines_and_weight(check: Check, make_post: MakePost) -> None:
    wanted = (
        a_finding("posts/a.md", rule="same-id"),
        a_finding("posts/a.md", rule="clash"),
        a_finding("posts/a.md", rule="order"),
        a_finding("posts/a.md", rule="alt-image-of"),
        a_finding("posts/a.md", rule="alt-image-of", line=2),
        a_finding("posts/a.md", rule="same-id", line=10),
        a_finding("posts/b.md", rule="same-id", line=1),
    )
    assert check(make_post(findings=wanted[::-1])) == wanted


def test_a_toot_that_cannot_be_composed_is_an_error(check: Check, make_post: MakePost) -> None:
    finding = only(check(make_post(published=LATER), template="{{ titel }}"))
    assert (finding.rule, finding.severity, finding.path) == ("toot-held", Severity.ERROR, Path("posts/tickets.md"))
    assert "the toot would be held: config/templates/default.j2:1: the template uses" in finding.problem
    assert "Did you mean title?" in finding.remedy


def test_the_same_trouble_on_a_second_account_is_no_second_finding(check: Check, make_post: MakePost) -> None:
    only(check(make_post(published=LATER), template="{{ titel }}", accounts=TWO))


def test_a_held_toot_is_told_once_where_an_account_has_templates_of_its_own(
    site_config: MakeConfig, check: Check, make_post: MakePost
) -> None:
    own = site_config(accounts=TWO).templates_folder / "kids"
    own.mkdir(parents=True)
    (own / "keynote.txt").write_text("{{ title }}")
    (own.parent / "default.txt").write_text('{% include "none.txt" %}')
    finding = only(check(make_post(published=LATER), accounts=TWO))
    assert finding.rule == "toot-held"


@pytest.mark.parametrize("changes", [{"published": None}, {"hidden": True}, {"mastodon": MastodonOptions(skip=True)}])
def test_a_post_without_a_toot_is_not_composed(check: Check, make_post: MakePost, changes: dict[str, Any]) -> None:
    assert check(make_post(**{"published": LATER, **changes}), template="{{ titel }}") == ()


@pytest.mark.parametrize(
    ("field", "rule", "severity"),
    [
        ("title", "text-shortened", Severity.WARNING),
        ("excerpt", "excerpt-shortened", Severity.NOTE),
        ("mastodon.text", "text-shortened", Severity.WARNING),
    ],
)
def test_words_that_are_cut_are_named_with_their_line(
    check: Check, make_post: MakePost, field: str, rule: str, severity: Severity
) -> None:
    words = "word " * 200
    changes: dict[str, Any] = {field: words}
    if field == "mastodon.text":
        changes = {"mastodon": MastodonOptions(text=words)}
    finding = only(check(make_post(published=LATER, lines={field: 7}, **changes)))
    assert (finding.rule, finding.severity, finding.field, finding.line) == (rule, severity, field, 7)
    assert "500 characters" in finding.problem
    assert finding.problem.endswith(' word word…".'), "it is shown how the text ends"


POLL = Poll(options=("Tea", "Coffee"), expires_in=timedelta(days=1))
COVER = Picture(url="https://conf.example/a.png", path=Path("a.png"), alt="A.")


def test_a_poll_that_the_server_refuses_is_an_error_at_its_line(check: Check, make_post: MakePost) -> None:
    poll = replace(POLL, options=("Tea", "x" * 51))
    post = make_post(
        published=LATER, mastodon=MastodonOptions(poll=poll), lines={"mastodon.poll": 4, "mastodon.poll.options": 5}
    )
    finding = only(check(post))
    assert (finding.rule, finding.severity) == ("toot-held", Severity.ERROR)
    assert str(finding).startswith("posts/tickets.md:5: mastodon.poll.options: the toot would be held: the option")


@pytest.mark.parametrize(
    ("options", "rule", "field"),
    [
        (MastodonOptions(poll=POLL), "poll-without-picture", "mastodon.poll"),
        (MastodonOptions(thread=("word " * 150,)), "thread-text-split", "mastodon.thread"),
    ],
)
def test_what_is_not_quite_as_asked_is_a_warning_at_its_line(
    check: Check, make_post: MakePost, options: MastodonOptions, rule: str, field: str
) -> None:
    finding = only(check(make_post(published=LATER, cover=COVER, mastodon=options, lines={field: 9})))
    assert (finding.rule, finding.severity, finding.field, finding.line) == (rule, Severity.WARNING, field, 9)


def test_a_poll_without_a_cover_loses_no_picture(check: Check, make_post: MakePost) -> None:
    assert check(make_post(published=LATER, mastodon=MastodonOptions(poll=POLL))) == ()


@pytest.mark.parametrize(("software", "rules"), [("", []), ("mastodon 4.4.0", ["quote-policy-unknown"])])
def test_a_server_that_knows_no_quote_policy_is_named_once_it_was_asked(
    site_config: MakeConfig, make_post: MakePost, software: str, rules: list[str]
) -> None:
    config = site_config(accounts=ONE)
    (address,) = config.account_addresses().values()
    facts = AccountFacts(address=address, account_id="1", limits=Limits(software=software))
    snapshot = Snapshot(accounts={address: AccountState(address=address, joined_at=None, facts=facts)})
    post = make_post(published=LATER, mastodon=MastodonOptions(quote_policy=QuotePolicy.NOBODY))
    found = make_composer(config, snapshot).remarks(post, address)
    assert [finding.rule for finding in found] == rules


def together(make: MakePost, count: int, *, apart: timedelta = timedelta(), begin: datetime = LATER) -> list[Post]:
    return [make(f"post-{number}", published=begin + number * apart) for number in range(count)]


@pytest.mark.parametrize(
    ("count", "apart", "braked"),
    [
        (4, timedelta(), []),
        (5, timedelta(), ["post-4"]),
        (7, timedelta(minutes=1), ["post-4", "post-5", "post-6"]),
        (5, timedelta(minutes=15), []),
        (5, timedelta(minutes=14, seconds=59), ["post-4"]),
        (8, timedelta(minutes=12), ["post-4"]),
    ],
)
def test_the_brake_is_foretold(
    check: Check, make_post: MakePost, count: int, apart: timedelta, braked: list[str]
) -> None:
    found = check(*together(make_post, count, apart=apart))
    assert [finding.path.stem for finding in found] == braked
    assert all((finding.rule, finding.severity) == ("brake", Severity.WARNING) for finding in found)


def test_the_brake_is_the_one_of_the_settings(check: Check, make_post: MakePost) -> None:
    posts = together(make_post, 3)
    assert [finding.path.stem for finding in check(*posts, brake=1)] == ["post-1", "post-2"]
    assert check(*posts, brake=3) == ()


def test_only_toots_to_come_count_for_the_brake(check: Check, make_post: MakePost) -> None:
    posts = together(make_post, 7)
    without = [
        replace(posts[0], hidden=True),
        replace(posts[1], mastodon=MastodonOptions(skip=True)),
        replace(posts[2], published=None),
    ]
    assert check(*without, *posts[3:]) == ()
    assert check(*together(make_post, 9, begin=NOW)) == (), "what is due already is the plan's business"


def test_without_accounts_there_is_no_brake_to_foretell(check: Check, make_post: MakePost) -> None:
    assert check(*together(make_post, 9), accounts="") == ()


MAIN = "main@127.0.0.1:3000"


@pytest.mark.parametrize(
    ("sent", "changes", "foretold"),
    [
        (timedelta(minutes=-50), {}, True),
        (timedelta(minutes=-51), {}, False),  # an hour before the release that comes in nine minutes
        (timedelta(minutes=-1), {"ordered_by": "amy"}, False),
        (timedelta(minutes=-1), {"action": Action.DELETE}, False),
        (timedelta(minutes=-1), {"action": Action.EDIT}, True),
        (timedelta(minutes=-1), {"state": DeliveryState.DUE}, True),
        (timedelta(days=-1), {"state": DeliveryState.DUE}, True),
        (timedelta(minutes=-1), {"state": DeliveryState.HELD, "hold": Hold.BURST_LIMIT}, False),
    ],
)
def test_what_went_out_within_the_hour_counts_for_the_brake(
    check: Check,
    make_post: MakePost,
    make_delivery: Callable[..., Delivery],
    sent: timedelta,
    changes: dict[str, Any],
    foretold: bool,
) -> None:
    plain = make_delivery("before", MAIN, state=DeliveryState.SENT, settled_at=NOW + sent)
    delivery = replace(plain, **changes)
    posts = [make_post(slug, published=NOW + timedelta(minutes=9)) for slug in ("a", "b")]
    findings = check(*posts, brake=2, snapshot=Snapshot(deliveries={delivery.key: delivery}))
    assert [(finding.rule, finding.path.stem) for finding in findings] == ([("brake", "b")] if foretold else [])


def test_the_brake_of_one_account_is_foretold_once(
    check: Check, make_post: MakePost, make_delivery: Callable[..., Delivery]
) -> None:
    there = make_delivery("before", "kids@127.0.0.1:3000", state=DeliveryState.SENT, settled_at=NOW)
    posts = [make_post(slug, published=NOW + timedelta(minutes=9)) for slug in ("a", "b", "c")]
    findings = check(*posts, brake=2, accounts=TWO, snapshot=Snapshot(deliveries={there.key: there}))
    assert [finding.path.stem for finding in findings] == ["b", "c"]


@pytest.mark.parametrize(("length", "told"), [(500, False), (501, True)])
def test_a_reason_that_will_be_shortened_is_named(check: Check, make_post: MakePost, length: int, told: bool) -> None:
    post = make_post(withdrawn="x" * length, hidden=True, lines={"withdrawn": 4})
    findings = check(post)
    assert [(finding.rule, finding.field, finding.line) for finding in findings] == (
        [("text-shortened", "withdrawn", 4)] if told else []
    )


def test_a_reminder_without_its_template_is_held_and_its_post_named_once(check: Check, make_post: MakePost) -> None:
    reminder = Reminder(reminder_id="day", at=LATER + HOUR, text=None, template="last-call", reply=False, number=0)
    finding = only(check(make_post("a", published=LATER, reminders=(reminder,))))
    assert finding.rule == "toot-held"
    assert finding.problem == 'reminder day would be held: there is no template "last-call".'
