"""All settings together, and where the folders lie."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import Field

from bot.config.accounts import Account
from bot.config.check import Check
from bot.config.release import Alerts, Delivery, Release
from bot.config.site import Feeds, Ledger, Serve, Site
from bot.config.values import Table

DEFAULT_PATH: Final = Path("config/bot.toml")


class Settings(Table):
    """The tables of `bot.toml`."""

    example: bool = Field(False, description="true: a worked example, refuses every server that is not on loopback")
    site: Site
    feeds: Feeds = Feeds()
    accounts: dict[str, Account] = Field(default_factory=dict)
    release: Release = Release()
    check: Check = Check()
    delivery: Delivery = Delivery()
    alerts: Alerts = Alerts()
    ledger: Ledger = Ledger()
    serve: Serve = Serve()


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

    def account_addresses(self) -> dict[str, str]:
        """Section name → the account's identity in the ledger."""
        return {name: account.address(name) for name, account in self.accounts.items()}
