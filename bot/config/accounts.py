"""Settings of the accounts that the bot publishes to: one model for each `type`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, ClassVar, Final, Self, cast
from urllib.parse import urlsplit

from pydantic import Field, ModelWrapValidatorHandler, field_validator, model_validator

from bot.config.values import ACCT, LANGUAGE, SettingError, Table, WebAddress, is_loopback
from bot.domain import QuotePolicy, Visibility


class Account(Table):
    """An account that the bot publishes to, on Mastodon."""

    # The docstring is shown in editors, by the JSON Schema. The settings of another network's accounts are a subclass,
    # named in `ACCOUNT_TYPES`.

    HANDLE: ClassVar[str] = ACCT  #: pattern of a person's handle on this network, in people.toml

    type: str = Field("mastodon", description="the network: mastodon, also for servers that speak its language")
    server: WebAddress = Field(description="the server's address; https, unless it is on loopback")
    acct: str | None = Field(
        None, description='the account\'s address, "@conf@example.social"; required unless on loopback'
    )
    token_file: Path | None = Field(
        None, description="private file with the token; else the environment's ANNOUNCE_TOKEN_<NAME>"
    )
    visibility: Visibility = Field(
        Visibility.PUBLIC, description="public, unlisted, private or direct, unless the post says otherwise"
    )
    hashtags: tuple[str, ...] = Field((), description="hashtags for every toot, with or without #")
    language: str | None = Field(
        None,
        pattern=LANGUAGE,
        description="language of the toots of posts that name none; else the site's",
    )
    sensitive: bool = Field(
        False, description="whether pictures are hidden behind a click, unless the post says otherwise"
    )
    link_card: bool = Field(
        False, description="true: no pictures, so that the server shows the page's card, unless the post says otherwise"
    )
    quote_policy: QuotePolicy | None = Field(
        None, description="who may quote a toot: public, followers or nobody; else as the account's preferences say"
    )

    @model_validator(mode="wrap")
    @classmethod
    def _by_type(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if cls is not Account or not isinstance(value, dict):
            return handler(value)
        asked = value.get("type", "mastodon")
        model = ACCOUNT_TYPES.get(asked) if isinstance(asked, str) else None
        if model is None:
            raise SettingError("type", f'"{asked}" is not known; it is one of {", ".join(ACCOUNT_TYPES)}')
        return handler(value) if model is cls else cast(Self, model.model_validate(value))

    @field_validator("acct")
    @classmethod
    def _acct_is_an_address(cls, value: str | None) -> str | None:
        if value is not None and not re.match(ACCT, value):
            raise ValueError(f'"{value}" is not an account\'s address; write "@name@server", as its profile shows it')
        return value

    @model_validator(mode="after")
    def _real_servers_are_checked(self) -> Self:
        if is_loopback(self.server):
            return self
        if self.server.startswith("http:"):
            raise SettingError("server", f"{self.server} is not on this machine, so it must begin with https://")
        if self.acct is None:
            problem = 'is missing; write the account\'s address, for example acct = "@conf@example.social"'
            raise SettingError("acct", problem)
        return self

    def address(self, name: str) -> str:
        """The account's identity in the ledger: its address, or for a loopback server its section and host."""
        if self.acct is not None:
            return self.acct.lstrip("@").lower()
        return f"{name}@{urlsplit(self.server).netloc}"


#: The model of an account's settings by its `type`. `bot/publishers/registry.py` has the network of each.
ACCOUNT_TYPES: Final[dict[str, type[Account]]] = {"mastodon": Account}


def token_variable(name: str) -> str:
    """The environment variable that holds the token of the account in section `name`."""
    return "ANNOUNCE_TOKEN_" + "".join(letter if letter.isalnum() else "_" for letter in name).upper()
