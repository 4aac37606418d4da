"""All settings together, and where the folders lie."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Final

from pydantic import Field

from bot.config.accounts import Account
from bot.config.check import Check
from bot.config.posts import PostFiles
from bot.config.release import WAIT_FOR_PAGE, Alerts, Delivery, Release
from bot.config.site import Feeds, Ledger, Serve, Site
from bot.config.sources import Source
from bot.config.values import Table, is_loopback

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
    """All settings, and the folder that relative paths count from."""

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
    def ledger_path(self) -> Path:
        return self.root / self.ledger.url.removeprefix("sqlite:///")

    @property
    def wait_for_page(self) -> timedelta:
        """How long a release waits for its page at most; zero: not at all."""
        if self.release.wait_for_page is not None:
            return self.release.wait_for_page
        is_real = any(not is_loopback(account.server) for account in self.accounts.values())
        return WAIT_FOR_PAGE if is_real else timedelta()

    def account_addresses(self) -> dict[str, str]:
        """Section name → the account's identity in the ledger."""
        return {name: account.address(name) for name, account in self.accounts.items()}
