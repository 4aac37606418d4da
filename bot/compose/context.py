"""The inputs of an announcement on one account besides the post. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from bot.compose.length import status_length
from bot.compose.templates import HandleSource, Templates
from bot.config import Account, Release, Site
from bot.domain import Capabilities, Limits


@dataclass(frozen=True, kw_only=True, slots=True)
class ComposeContext:
    """One account with all inputs of its announcements; made once per account and cycle."""

    account: Account
    site: Site
    release: Release
    limits: Limits = field(default_factory=Limits)
    capabilities: Capabilities = field(default_factory=Capabilities)
    templates: Templates

    def length(self, text: str, content_warning: str = "") -> int:
        """The length of a text and its content warning, as the account's server counts."""
        return status_length(text, content_warning, limits=self.limits, dialect=self.capabilities.dialect)

    def with_people(self, people: HandleSource) -> ComposeContext:
        """The same context, with handles from other `people`."""
        return replace(self, templates=self.templates.with_people(people))
