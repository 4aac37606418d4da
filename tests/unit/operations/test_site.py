"""Finding a post, taking one from bytes, and what a preview, an override and the accounts' history say of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from bot.config import Config
from bot.domain import OverrideKind
from bot.domain.clock import ManualClock
from bot.domain.errors import PostError, UsageError
from bot.ledger import read_snapshot
from bot.operations import overrides
from bot.operations.accounts import read_history
from bot.operations.feeds import propose_old_feed, take_over
from bot.operations.preview import preview
from bot.operations.site import find_post, open_site, post_from_bytes, scan_with
from bot.planner.ruling import Verdict

NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
ADDRESS = "conf@social.example"
ACCOUNT = f'[accounts.main]\nserver = "https://social.example"\nacct = "@{ADDRESS}"\n'
POST = "---\ntitle: {title}\npublished_datetime: {when}\n{front}---\n\nThe hall opens its doors for everybody.\n"

Write = Callable[..., None]


@pytest.fixture
def config(site_config: Callable[..., Config]) -> Config:
    made = site_config(accounts=ACCOUNT, release='wait_for_page = "off"')
    (made.root / "posts").mkdir(exist_ok=True)
    return made


@pytest.fixture
def write(config: Config) -> Write:
    def make(name: str, title: str = "Doors", when: str = "2026-03-13 14:00", front: str = "") -> None:
        text = POST.format(title=title, when=when, front=front)
        (config.root / "posts" / f"{name}.md").write_text(text, encoding="utf-8")

    return make


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


def test_a_post_is_found_by_its_slug_or_its_file_and_a_near_name_is_offered(config: Config, write: Write) -> None:
    write("doors")
    assert find_post(config, "doors").title == "Doors"
    assert find_post(config, str(config.root / "posts/doors.md")).slug == "doors"
    with pytest.raises(UsageError) as caught:
        find_post(config, "dors")
    assert 'Did you mean "doors"?' in caught.value.remedy


def test_a_broken_file_is_told_by_the_slug_it_would_have(config: Config, write: Write) -> None:
    write("doors", when="some day")
    with pytest.raises(PostError) as caught:
        find_post(config, "doors")
    assert caught.value.path.name == "doors.md"


@pytest.mark.parametrize("name", ["../doors.md", "doors.txt", ".doors.md", "_doors.md"])
def test_bytes_need_the_name_of_a_post_file(config: Config, name: str) -> None:
    with pytest.raises(UsageError):
        post_from_bytes(config, b"---\ntitle: x\n---\n", name)


def test_a_post_from_bytes_takes_the_place_of_the_file_of_its_name(
    config: Config, write: Write, clock: ManualClock
) -> None:
    write("doors")
    write("other")
    site = open_site(config, clock)
    new = post_from_bytes(config, POST.format(title="New", when="2026-03-14 09:00", front="").encode(), "doors.md")
    titles = {post.slug: post.title for post in scan_with(config, new, site.scan).posts}
    assert titles == {"doors": "New", "other": "Doors"}


def test_a_preview_says_the_toot_and_what_becomes_of_it(config: Config, write: Write, clock: ManualClock) -> None:
    write("doors")
    shown = preview(config, find_post(config, "doors"), clock)
    toot = shown.toots[ADDRESS]
    assert not isinstance(toot, str)
    assert "Doors" in toot.text
    assert [(item.account, item.verdict, item.reason) for item in shown.releases] == [(ADDRESS, Verdict.UPCOMING, None)]
    assert not shown.is_held
    write("doors", front="mastodon:\n  text: '{{ left }}'\n")
    assert preview(config, find_post(config, "doors"), clock).is_held


def test_an_override_is_recorded_only_when_it_is_applied(config: Config, write: Write, clock: ManualClock) -> None:
    write("doors")
    proposal = overrides.propose_override(config, "doors", OverrideKind.HOLD, operator="ada", clock=clock)
    assert read_snapshot(config, clock).overrides == {}
    applied = overrides.apply(config, proposal, clock=clock)
    assert (applied.came_late, [event.who for event in applied.events]) == (False, ["ada"])
    (word,) = read_snapshot(config, clock).overrides.values()
    assert (word.kind, word.who, word.at) == (OverrideKind.HOLD, "ada", NOW)
    assert {item.verdict for item in open_site(config, clock).plan.items} == {Verdict.HELD}


def test_what_cannot_be_done_changes_nothing(config: Config, write: Write, clock: ManualClock) -> None:
    write("doors")
    with pytest.raises(UsageError, match=r"nothing was changed: its datetime has not come"):
        overrides.propose_override(config, "doors", OverrideKind.PUBLISH, operator="ada", clock=clock)
    overrides.apply(config, overrides.propose_pause(config, operator="ada", clock=clock), clock=clock)
    with pytest.raises(UsageError, match="paused already, by ada"):
        overrides.propose_pause(config, operator="bo", clock=clock)
    overrides.apply(config, overrides.propose_resume(config, operator="bo", clock=clock), clock=clock)
    assert read_snapshot(config, clock).paused == ""


def test_the_history_of_an_account_has_its_next_toot(config: Config, write: Write, clock: ManualClock) -> None:
    write("doors")
    write("later", when="2026-03-20 14:00")
    history = read_history(config, clock)
    assert history.next_due == {ADDRESS: find_post(config, "doors").published}
    assert (history.blocked, history.trouble) == ({}, "")
    config.root.joinpath("var").mkdir(exist_ok=True)
    config.root.joinpath("var/ledger.db").write_bytes(b"no database at all" * 100)
    assert read_history(config, clock).trouble


OLD_FEED = """<?xml version="1.0"?>
<rss version="2.0"><channel><title>Old</title><link>{url}</link><description>x</description>
<item><guid isPermaLink="false">old-1</guid><link>{link}</link><title>Doors</title>
<pubDate>Fri, 13 Mar 2026 18:00:00 GMT</pubDate></item>
<item><guid isPermaLink="false">old-2</guid><link>{url}/gone/</link><title>Gone</title>
<pubDate>Fri, 13 Feb 2026 18:00:00 GMT</pubDate></item>
</channel></rss>
"""


def test_an_old_feed_is_proposed_and_then_taken_over(config: Config, write: Write, clock: ManualClock) -> None:
    write("doors")
    link = find_post(config, "doors").url
    source = config.root / "old.xml"
    source.write_text(OLD_FEED.format(url=config.site.url, link=link), encoding="utf-8")
    proposal = propose_old_feed(config, str(source), clock=clock)
    assert [(one.slug, one.id) for one in proposal.report.taken_over] == [("doors", "old-1")]
    assert [one.id for one in proposal.report.without_post] == ["old-2"]
    assert read_snapshot(config, clock).old_entries == {}
    take_over(config, proposal, clock=clock)
    assert "old-1" in read_snapshot(config, clock).old_entries
    entered = open_site(config, ManualClock(NOW + timedelta(days=4)))
    assert [entry.feed_id for entry in entered.plan.batch.entries] == ["old-1"]
