"""A setting that is marked as a secret is shown nowhere; no list besides the mark knows of it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field, ValidationError

from bot.config.load import faults_of
from bot.config.settings import Config, is_secret
from bot.config.site import Ledger
from bot.config.values import Secret, Table
from bot.operations.doctor.project import HIDDEN, shown_settings

PROJECT = """
[site]
title = "News"
url = "https://conf.example"
timezone = "UTC"
permalink = "/news/{slug}/"
"""


class Chat(Table):
    """Another channel of alerts."""

    room: int = 0
    token: Annotated[str, Secret()] = Field("", max_length=10)
    rooms: Annotated[dict[str, str], Secret()] = Field(default_factory=dict)


class WithChat(Config):
    """The settings of a version with that channel."""

    chat: Chat = Chat()
    chats: tuple[Chat, ...] = ()


def with_chat(text: str) -> WithChat:
    return WithChat.model_validate({**tomllib.loads(PROJECT + text), "root": Path("/x"), "path": Path("/x/config/b")})


@pytest.mark.parametrize(
    "setting",
    [
        *("alerts.webhook", "alerts.smtp", "alerts.mail_to", "alerts.mail_to.0", "alerts.mail_from"),
        *("release.deploy_hook", "release.deploy_headers.X", "release.deploy_body"),
        *("sources.0.git", "sources.12.token", "sources.0.push_secret", "sources.0.user"),
    ],
)
def test_what_may_hold_a_secret_is_marked(setting: str) -> None:
    assert is_secret(setting)


@pytest.mark.parametrize(
    "setting", ["alerts.embargoed", "release.brake", "sources.0.branch", "accounts.main.server", "site.url", "nothing"]
)
def test_other_settings_are_not(setting: str) -> None:
    assert not is_secret(setting)


def test_the_doctor_hides_a_new_secret_by_its_mark() -> None:
    tables = '[chat]\nroom = 7\ntoken = "S3CRET"\n[chat.rooms]\na = "S3CRET"\n[[chats]]\nroom = 8\ntoken = "S3CRET"'
    shown = shown_settings(with_chat(tables))
    assert "S3CRET" not in str(shown)
    assert (shown["chat.room"], shown["chats.0.room"]) == (7, 8)
    assert shown["chat.token"] == shown["chat.rooms"] == shown["chats.0.token"] == HIDDEN
    assert shown_settings(with_chat('[chat]\ntoken = "env:CHAT"'))["chat.token"] == "env:CHAT"


@pytest.mark.parametrize("tables", ['[chat]\ntoken = "{}"', '[[chats]]\ntoken = "{}"'])
def test_a_fault_does_not_quote_a_new_secret(tables: str) -> None:
    with pytest.raises(ValidationError) as caught:
        with_chat(tables.format("S3CRET" * 5))
    (fault,) = faults_of(caught.value, settings=WithChat)
    assert "S3CRET" not in str(fault)
    with pytest.raises(ValidationError) as caught:
        with_chat('[chat]\nroom = "seven"')
    (fault,) = faults_of(caught.value, settings=WithChat)
    assert "seven" in str(fault), "what is no secret is quoted"


@pytest.mark.parametrize("url", ["postgresql://bot:S3CRET@db.example/announce", "postgresql://S3CRET@/announce"])
def test_the_address_of_a_ledger_never_shows_its_password(url: str) -> None:
    config = with_chat("").model_copy(update={"ledger": Ledger.model_construct(url=url)})
    config.model_fields_set.add("ledger")
    assert shown_settings(config)["ledger.url"] == HIDDEN
    with pytest.raises(ValidationError) as caught:
        with_chat(f'[ledger]\nurl = "{url}"')
    assert "S3CRET" not in "".join(map(str, faults_of(caught.value)))
