"""Composing for the accounts in the settings, each with its server's limits as far as they are known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

from bot.compose.announcement import compose, shortened_parts
from bot.compose.people import People
from bot.compose.reason import is_reason_shortened
from bot.compose.remarks import remarks
from bot.compose.templates import Templates
from bot.config import Account, Config, Release, Site
from bot.model import Announcement, Finding, Limits, Post, Snapshot


class _Means(TypedDict):
    account: Account
    site: Site
    release: Release
    limits: Limits
    templates: Templates


class Composer:
    """A function (post, account's address) → Announcement; reads templates and people once, when it is made."""

    def __init__(self, config: Config, snapshot: Snapshot) -> None:
        self._config = config
        self._snapshot = snapshot
        people = People.load(config.people_file, root=config.root)
        names = config.account_addresses()
        self._accounts = {address: config.accounts[name] for name, address in names.items()}
        self._templates = {
            address: Templates.load(config.templates_folder, account=name, people=people, root=config.root)
            for name, address in names.items()
        }

    def __call__(self, post: Post, address: str) -> Announcement:
        """What the post says on the account. Raises ComposeError."""
        return compose(post, **self._means(address))

    def shortened_parts(self, post: Post, address: str) -> Mapping[str, str]:
        """Which of the post's words are cut for want of room: "excerpt", "title", ...; and what is left of them."""
        return shortened_parts(post, **self._means(address))

    def remarks(self, post: Post, address: str) -> tuple[Finding, ...]:
        """What a person should know of the toot. Raises ComposeError."""
        return tuple(remarks(post, **self._means(address)))

    def is_reason_shortened(self, reason: str, address: str) -> bool:
        """Whether the reason of a withdrawal does not fit whole into a toot of the account."""
        return is_reason_shortened(reason, limits=self.limits(address))

    def account(self, address: str) -> Account:
        """The account's settings."""
        return self._accounts[address]

    def limits(self, address: str) -> Limits:
        """What the account's server accepts; Mastodon's limits where that is not known yet."""
        state = self._snapshot.accounts.get(address)
        return state.facts.limits if state is not None and state.facts is not None else Limits()

    def _means(self, address: str) -> _Means:
        return _Means(
            account=self._accounts[address],
            site=self._config.site,
            release=self._config.release,
            limits=self.limits(address),
            templates=self._templates[address],
        )
