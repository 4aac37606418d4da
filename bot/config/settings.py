"""All settings, and the paths derived from them."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, get_args

from pydantic import BaseModel, Field, field_validator

from bot.config.accounts import ACCOUNT_TYPES, Account
from bot.config.release import WAIT_FOR_PAGE, Alerts, Delivery, Release
from bot.config.site import Feeds, Ledger, Serve, Site
from bot.config.sources import Source
from bot.config.values import Duration, Hours, Secret, SettingError, Table, is_loopback
from bot.domain.front_matter import FOR_ADDRESSES, KEYS


class Check(Table):
    """When posts should be released, what the site has, and what nobody needs to be told."""

    daytime: Hours = Field(
        None, description='`announce check` names posts to come outside these hours, for example "08:00-21:00"'
    )
    weekdays_only: bool = Field(False, description="whether it names posts to come on a Saturday or Sunday")
    min_gap: Duration = Field(
        timedelta(), description='it names posts to come that follow another sooner than this, for example "30m"'
    )
    pages: tuple[str, ...] = Field(
        (),
        description='pages that the site has besides the posts, for example ["/tickets/", "/talks/*"]; links of posts '
        "to any other page are named",
    )
    site: Path | None = Field(
        None, description="folder of the built site: links are looked up in it, and posts to come are looked for"
    )
    allow: dict[str, str] = Field({}, description="rules that are not to be told, each with the reason: docs/check.md")


class PostFiles(Table):
    """What the site's generator calls things."""

    fields: dict[str, tuple[str, ...]] = Field(
        {},
        description='your site\'s names for our front matter keys: published_datetime = "date", or several, the first '
        "that a post has; `slug` and `permalink` are read only if they are named here",
    )
    dated_names: bool = Field(
        False,
        description="whether file names begin with a date, as 2027-01-17-name.md: it is no part of the slug, and the "
        "publish date of posts that have no other",
    )

    @field_validator("fields", mode="before")
    @classmethod
    def _names_of_keys(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        found: dict[str, Any] = {}
        for key, names in value.items():
            if isinstance(names, dict):  # TOML parses cover.alt without quotes as a table
                found.update({f"{key}.{inner}": name for inner, name in names.items()})
            else:
                found[key] = names
        return {key: _names(key, names) for key, names in found.items()}


def _names(key: str, names: Any) -> tuple[str, ...]:
    _refuse_unknown(key)
    listed = [names] if isinstance(names, str) else names
    if not isinstance(listed, list | tuple) or not all(isinstance(name, str) and name.strip() for name in listed):
        raise SettingError(key, 'it must be the name of a key in quotes, for example "date"')
    return tuple(listed)


def _refuse_unknown(key: str) -> None:
    top, _, inner = key.partition(".")
    known = KEYS[top].keys if inner and top in KEYS else {**KEYS, **FOR_ADDRESSES}
    name = inner if inner and top in KEYS else key
    if name not in known:
        near = difflib.get_close_matches(name, list(known), n=1)
        meant = f' (did you mean "{near[0]}"?)' if near else ""
        raise SettingError(key, f"it is not a key that is read here{meant}")


DEFAULT_PATH: Final = Path("config/bot.toml")


class Settings(Table):
    """The tables of `bot.toml`."""

    example: bool = Field(False, description="true: a worked example, refuses every server that is not on loopback")
    site: Site
    posts: PostFiles = PostFiles()
    feeds: Feeds = Feeds()
    accounts: dict[str, Account] = Field(default_factory=dict)
    release: Release = Release()
    check: Check = Check()
    delivery: Delivery = Delivery()
    alerts: Alerts = Alerts()
    ledger: Ledger = Ledger()
    serve: Serve = Serve()
    sources: tuple[Source, ...] = ()


class Config(Settings):
    """All settings, and the project folder that relative paths start from."""

    root: Path = Field(exclude=True)
    path: Path = Field(exclude=True)

    @property
    def posts_folder(self) -> Path:
        return self.root / self.site.posts

    @property
    def assets_folder(self) -> Path:
        return self.root / self.site.assets

    @property
    def public_folder(self) -> Path:
        return self.root / self.feeds.folder

    @property
    def templates_folder(self) -> Path:
        return self.path.parent / "templates"

    @property
    def people_file(self) -> Path:
        return self.path.parent / "people.toml"

    @property
    def state_folder(self) -> Path:
        """The folder of the bot's state on this machine."""
        return self.root / self.ledger.folder

    @property
    def wait_for_page(self) -> timedelta:
        """The longest time that a release waits for its page; zero: it does not wait."""
        if self.release.wait_for_page is not None:
            return self.release.wait_for_page
        is_real = any(not is_loopback(account.server) for account in self.accounts.values())
        return WAIT_FOR_PAGE if is_real else timedelta()

    def account_addresses(self) -> dict[str, str]:
        """Section name → the account's identity in the ledger."""
        return {name: account.address(name) for name, account in self.accounts.items()}


def is_secret(setting: str, *, settings: type[BaseModel] = Settings) -> bool:
    """Whether the setting with this dotted name, or a table around it, is marked as `Secret`."""
    models: tuple[type[BaseModel], ...] = (settings,)
    for part in setting.split("."):
        fields = [
            field for model in models for name, field in model.model_fields.items() if part in (name, field.alias)
        ]
        if any(isinstance(mark, Secret) for field in fields for mark in field.metadata):
            return True
        # The number of an item, or the name of an account, is no field: the next part is one of the same tables.
        models = tuple(model for field in fields for model in _tables_in(field.annotation)) or models
    return False


def _tables_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that values of this type are made of."""
    if annotation is Account:
        yield from ACCOUNT_TYPES.values()
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _tables_in(inner)
