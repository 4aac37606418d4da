"""A network that does not ship, registered by its type: the whole bot asks what it can do, never what it is."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from bot.config import Account, Config
from bot.config.schema import settings_schema
from bot.domain import Action, Delivery, DeliveryState, Event, Reason, ReasonCode, Snapshot
from bot.domain.clock import ManualClock
from bot.domain.errors import ConfigError
from bot.domain.wording import reason_words
from bot.operations.rehearsal import set_stage
from bot.posts.git.folders import open_posts
from bot.publishers.inspection import find_tokens, inspect_accounts
from bot.runtime.app import Bot, make_bot
from bot.runtime.planning import make_composer
from tests.support.noticeboard import BoardAccount, notices, registered

NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ADDRESS = "main@board"
LONG = " ".join(f"Sentence {number} has some words in it that fill the notice." for number in range(1, 16))

MakeConfig = Callable[..., Config]


class Project:
    """A site with one notice board, and its bot on a clock that stands still."""

    def __init__(self, make_config: MakeConfig, folder: Path) -> None:
        self.board = folder / "board"
        self.board.mkdir()
        accounts = f'[accounts.main]\ntype = "noticeboard"\nfolder = "{self.board}"'
        self.config = make_config(accounts=accounts)
        self.config.posts_folder.mkdir()
        self.clock = ManualClock(NOW)
        self.said: list[Event] = []
        self.bot: Bot = make_bot(self.config, environ={}, clock=self.clock, emit=self.said.append)

    def write(self, slug: str, *matter: str, title: str = "Tickets", body: str = LONG) -> None:
        lines = [f"title: {title}", "published_datetime: 2026-03-10 14:00:00+00:00", *matter]
        text = "\n".join(["---", *lines, "---", "", body, ""])
        (self.config.posts_folder / f"{slug}.md").write_text(text, encoding="utf-8")

    def tick(self) -> None:
        self.clock.advance(MINUTE)
        self.bot.tick()

    @property
    def texts(self) -> list[str]:
        return [notice["text"] for notice in notices(self.board)]

    def deliveries(self, action: Action) -> list[Delivery]:
        deliveries = self.bot.context.ledger.snapshot().deliveries.values()
        return [delivery for delivery in deliveries if delivery.action is action]


@pytest.fixture
def make_project(site_config: MakeConfig, tmp_path: Path) -> Iterator[Callable[[], Project]]:
    made: list[Project] = []

    def make() -> Project:
        made.append(Project(site_config, tmp_path))
        return made[-1]

    yield make
    for project in made:
        project.bot.close()


@pytest.fixture
def project(make_project: Callable[[], Project]) -> Iterator[Project]:
    with registered():
        yield make_project()


def test_its_settings_are_read_by_its_own_model(project: Project) -> None:
    account = project.config.accounts["main"]
    assert isinstance(account, BoardAccount)
    assert account.folder == project.board


@pytest.mark.parametrize(
    ("accounts", "words"),
    [
        ('type = "noticeboard"', "accounts.main.folder: is missing"),
        ('type = "noticeboard"\nfolder = "x"\nserver = 5', "accounts.main.server: must be a text in quotes"),
        ('type = "noticeboard"\nfolders = "x"', 'accounts.main.folders: is not a setting. Did you mean "folder"?'),
        ('type = "bluesky"', 'accounts.main.type: "bluesky" is not known; it is one of mastodon, noticeboard'),
        ("type = 5", 'accounts.main.type: "5" is not known; it is one of mastodon, noticeboard'),
    ],
)
def test_faults_of_an_account_name_the_setting(site_config: MakeConfig, accounts: str, words: str) -> None:
    with registered(), pytest.raises(ConfigError) as caught:
        site_config(accounts=f"[accounts.main]\n{accounts}")
    assert words in str(caught.value)


def test_the_schema_has_the_settings_of_each_type() -> None:
    board = {"type": "noticeboard", "folder": "board"}
    usual: dict[str, object] = {"server": "https://example.social", "acct": "@conf@example.social"}
    with registered():
        schema = Draft202012Validator(settings_schema())

    def is_valid(account: dict[str, object]) -> bool:
        site = {"title": "Conf", "url": "https://conf.example", "timezone": "UTC"}
        return bool(schema.is_valid({"site": site, "accounts": {"main": account}}))

    assert is_valid(usual)
    assert is_valid({**usual, "type": "mastodon"})
    assert is_valid({**board})
    assert not is_valid({**usual, **board, "type": "mastodon"})
    assert not is_valid({**usual, "type": "bluesky"})
    assert not is_valid({"type": "noticeboard"})


def test_a_post_is_released_within_the_limits_of_the_network(project: Project) -> None:
    project.write("tickets")
    project.tick()
    (text,) = project.texts
    assert text.startswith("Tickets")
    assert "https://conf.example/news/tickets/" in text, "a link counts in full here, and stays whole"
    assert 200 < len(text) <= 300
    project.tick()
    assert len(project.texts) == 1


def test_what_follows_in_a_thread_answers_the_notice_before(project: Project) -> None:
    project.write("tickets", "mastodon:", "  thread: auto")
    project.tick()
    assert len(project.texts) > 1
    assert all(len(text) <= 300 for text in project.texts)
    assert [notice["answers"] for notice in notices(project.board)] == [
        None,
        *(str(number) for number in range(1, len(project.texts))),
    ]


def test_an_edit_is_refused_by_the_plan_with_its_reason_once(project: Project) -> None:
    project.write("tickets")
    project.tick()
    before = project.texts
    for title in ("Tickets are on sale", "Tickets are sold out"):
        project.write("tickets", title=title)
        project.tick()
        project.tick()
    assert project.texts == before
    edits = project.deliveries(Action.EDIT)
    assert [edit.state for edit in edits] == [DeliveryState.SKIPPED, DeliveryState.SKIPPED]
    assert {edit.reason for edit in edits} == {Reason(code=ReasonCode.NO_EDITS)}
    (entry,) = project.bot.context.ledger.snapshot().entries.values()
    assert entry.title == "Tickets are sold out", "the feeds show the new words all the same"


def test_a_withdrawn_post_is_taken_down(project: Project) -> None:
    project.write("tickets", "mastodon:", "  thread: auto")
    project.tick()
    project.write("tickets", "withdrawn: true", "mastodon:", "  thread: auto")
    project.tick()
    assert project.texts == []


def test_a_withdrawn_post_with_its_reason_is_answered(project: Project) -> None:
    project.write("tickets")
    project.tick()
    project.write("tickets", "withdrawn: The hall has burnt down.")
    project.tick()
    assert project.texts[1:] == ["The hall has burnt down."]
    assert notices(project.board)[1]["answers"] == "1"


@pytest.mark.parametrize(
    ("changes", "mark", "reason"),
    [
        ({"deletes": False}, "withdrawn: true", ReasonCode.NO_DELETIONS),
        ({"replies": False}, "withdrawn: The hall has burnt down.", ReasonCode.NO_REPLIES),
    ],
)
def test_a_withdrawal_that_the_network_cannot_do_waits_for_a_person(
    make_project: Callable[[], Project], changes: dict[str, Any], mark: str, reason: ReasonCode
) -> None:
    with registered(**changes):
        project = make_project()
        project.write("tickets")
        project.tick()
        project.write("tickets", mark)
        project.tick()
        project.tick()
        assert len(project.texts) == 1
        (withdrawal,) = [*project.deliveries(Action.DELETE), *project.deliveries(Action.REPLY)]
        assert (withdrawal.state, withdrawal.reason) == (DeliveryState.HELD, Reason(code=reason))
        assert [event.reason for event in project.said].count(withdrawal.reason) == 1


def test_without_replies_a_long_text_is_shortened_and_no_thread_is_made(make_project: Callable[[], Project]) -> None:
    with registered(replies=False):
        project = make_project()
        project.write("tickets", "mastodon:", f"  text: {LONG}", "  thread: auto")
        project.tick()
        (text,) = project.texts
        assert "Sentence 4" in text
        assert "Sentence 15" not in text
        assert len(text) <= 300


@pytest.mark.parametrize(
    ("matter", "what"),
    [
        (["mastodon:", "  poll:", "    options: [Tea, Coffee]", "    expires_in: 3d"], "polls"),
        (["mastodon:", "  content_warning: Spoilers"], "content warnings"),
        (["mastodon:", "  visibility: unlisted"], 'the visibility "unlisted"'),
    ],
)
def test_what_the_network_does_not_know_holds_the_post_and_says_so(
    project: Project, matter: list[str], what: str
) -> None:
    project.write("tickets", *matter)
    project.tick()
    assert project.texts == []
    (delivery,) = project.deliveries(Action.PUBLISH)
    assert delivery.state is DeliveryState.HELD
    assert f"the account's network does not know {what}" in reason_words(delivery.reason)


def test_what_is_left_out_on_this_network_is_a_finding(make_project: Callable[[], Project]) -> None:
    with registered(replies=False):
        project = make_project()
        reminder = ["reminders:", "  - id: call", "    after: 3d", "    text: Last call", "    reply: true"]
        project.write("tickets", "cover: https://pictures.example/a.png", *reminder, "mastodon:", "  thread: auto")
        (post,) = open_posts(project.config).scan().posts
        found = make_composer(project.config, Snapshot()).remarks(post, ADDRESS)
    assert [(one.rule, one.field, one.problem) for one in found] == [
        ("network-lacks", "cover", "the account's network shows no alt text."),
        ("network-lacks", "mastodon.thread", "the account's network knows no threads, so the toot is shortened."),
        (
            "network-lacks",
            "reminders[0]",
            "the account's network knows no replies, so the reminder is a toot of its own.",
        ),
    ]


def test_a_lost_ledger_recognises_what_hangs_there(project: Project) -> None:
    project.write("tickets")
    project.tick()
    project.bot.close()
    shutil.rmtree(project.config.root / "var")
    project.bot = make_bot(project.config, environ={}, clock=project.clock)
    project.tick()
    assert len(project.texts) == 1
    (delivery,) = project.deliveries(Action.PUBLISH)
    assert (delivery.state, delivery.status_id) == (DeliveryState.SENT, "1")


def test_a_rehearsal_takes_it_for_an_account_of_the_sandbox(project: Project) -> None:
    stage = set_stage(project.config, server="http://127.0.0.1:3000")
    ((name, account),) = stage.config.accounts.items()
    assert (name, type(account), account.type) == ("main", Account, "mastodon")
    assert account.server == "http://127.0.0.1:3000"


def test_an_inspection_asks_the_network(project: Project) -> None:
    (found,) = inspect_accounts(project.config, find_tokens(project.config, {}), project.clock)
    assert found[0] == "main"
    assert (found[1].address, found[1].software, found[1].trouble) == (ADDRESS, "noticeboard 1", "")
    project.board.rename(project.board.with_name("away"))
    ((_, found_later),) = inspect_accounts(project.config, find_tokens(project.config, {}), project.clock)
    assert "there is no folder" in found_later.trouble
