"""Settings of releases, deliveries and alerts."""

from __future__ import annotations

import re
from datetime import time, timedelta
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from bot.config.values import ENVIRONMENT, ClockTime, DeployHook, Duration, Hours, Secret, SettingError, Table

#: How long a release waits for its page by default.
WAIT_FOR_PAGE: Final = timedelta(minutes=30)


class Release(Table):
    """When and how posts are released."""

    catch_up: Duration = Field(timedelta(hours=72), description="a post later than this is not tooted")
    spacing: Duration = Field(timedelta(minutes=2), description="pause between two late toots of one account")
    brake: int = Field(4, ge=1, description="more new toots than this within an hour are held until `announce resume`")
    give_up_after: Duration = Field(
        timedelta(hours=24), description="a toot that could not be sent for this long is held, with an alert"
    )
    daytime: Hours = Field(
        None, description='late toots go out within these hours only, for example "08:00-21:00"; on time at any hour'
    )
    edits: bool = Field(True, description="whether a changed post edits its toot")
    edit_window: Duration = Field(timedelta(days=30), description="a toot older than this is not edited any more")
    default_time: ClockTime = Field(time(9), description="the hour meant by a bare date")
    hashtags: tuple[str, ...] = Field((), description="hashtags for every toot of every account")
    require_alt: bool = Field(False, description="whether a toot with a picture without alt text is held")
    if_no_picture: Literal["post", "hold"] = Field(
        "post", description='a toot whose picture cannot be used: "post" it without, or "hold" it; an alert either way'
    )
    wait_for_page: Duration | None = Field(
        None,
        description="how long a release waits until its page is online, at most; unless said otherwise 30 minutes, "
        "and off where all accounts are on loopback",
    )
    require_card: bool = Field(False, description="whether a page counts as online only with an og:title in it")
    page_missing: Literal["hold", "release"] = Field(
        "hold", description='a post whose page is not online by then: "hold" it, or "release" it; an alert either way'
    )
    deploy_hook: Annotated[DeployHook | None, Secret()] = Field(
        None, description='address that gets a POST when posts are released or changed; "env:NAME" if it is a secret'
    )
    deploy_headers: Annotated[dict[str, str], Secret()] = Field(
        {}, description="headers of that POST; env:NAME in a value stands for a variable of the environment"
    )
    deploy_body: Annotated[dict[str, Any], Secret()] = Field(
        {}, description="what that POST says, sent as JSON; none: nothing"
    )

    @field_validator("give_up_after")
    @classmethod
    def _trying_takes_time(cls, value: timedelta) -> timedelta:
        if not value:
            raise ValueError('a toot is tried for some time; write for example give_up_after = "24h"')
        return value

    @field_validator("deploy_headers")
    @classmethod
    def _secrets_are_no_settings(cls, value: dict[str, str]) -> dict[str, str]:
        for name, text in value.items():
            if not re.fullmatch(r"[A-Za-z0-9-]+", name):
                raise ValueError(f"{name}: is not a header that can be sent")
            if not text.isascii() or not text.isprintable():
                raise SettingError(name, "is not a header that can be sent")
            if re.search("auth|token|secret|key|cookie", name, re.IGNORECASE) and not ENVIRONMENT.search(text):
                problem = 'a secret does not belong into the settings file; write "env:NAME" in its place'
                raise SettingError(name, problem)
        return value


class Delivery(Table):
    """Times of the delivery protocol. Only a server on loopback may have shorter ones than the defaults."""

    timeout: Duration = Field(timedelta(seconds=25), description="longest wait for one answer of a server")
    lease: Duration = Field(
        timedelta(seconds=60), description="how long a process that died keeps others from an account"
    )
    settle: Duration = Field(
        timedelta(seconds=120), description="how long a toot without answer is looked for before it is sent again"
    )
    send_within: Duration = Field(
        timedelta(seconds=5), description="longest time between writing down an intent and sending it"
    )

    @model_validator(mode="after")
    def _times_fit_each_other(self) -> Self:
        if self.lease <= self.timeout + self.send_within:
            raise SettingError("lease", "must be longer than timeout and send_within together")
        if self.settle < self.timeout + self.send_within:
            raise SettingError("settle", "must not be shorter than timeout and send_within together")
        return self


class Alerts(Table):
    """Who is told when something is wrong."""

    webhook: Annotated[str | None, Secret()] = Field(
        None, description='address that gets a JSON POST; better "env:NAME", for it often holds a secret'
    )
    mail_to: Annotated[tuple[str, ...], Secret()] = Field((), description="addresses that get a mail")
    mail_from: Annotated[str | None, Secret()] = Field(
        None, description="sender of the mails; else the first of `mail_to`"
    )
    smtp: Annotated[str, Secret()] = Field(
        "smtp://localhost", description='mail server, "smtp://" or "smtps://"; "env:NAME" if it holds a password'
    )
    embargoed: bool = Field(False, description="whether alerts may name posts that are not released yet")

    @field_validator("smtp")
    @classmethod
    def _password_is_no_setting(cls, value: str) -> str:
        if not value.startswith("env:") and urlsplit(value).password:
            raise ValueError('a password does not belong into the settings file; write "env:NAME"')
        if not value.startswith(("env:", "smtp://", "smtps://")):
            raise ValueError("it must begin with smtp://, smtps:// or env:")
        return value
