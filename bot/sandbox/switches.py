"""Settings under which the sandbox behaves otherwise until they are taken away, each as it stands in JSON.

`{"repeat": "500"}`, `{"media": "slow", "looks": 3}`, `{"media": "failing"}`, `{"revoked": "main"}`,
`{"scopes": "read:accounts write:media", "account": "main"}`, `{"texts": "de"}`, `{"spam": "free tickets"}`,
`{"markdown": "main"}`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import ConfigDict, with_config

from bot.sandbox.traits import Repeat

_STRICT = ConfigDict(extra="forbid")


@with_config(_STRICT)
@dataclass(frozen=True, kw_only=True, slots=True)
class RepeatSetting:
    """Another answer to a repeated Idempotency-Key than the server's own."""

    repeat: Repeat


@with_config(_STRICT)
@dataclass(frozen=True, kw_only=True, slots=True)
class MediaSetting:
    """Uploads are answered with 202 and 206 for a while; in the end they are there, or the server fails with them."""

    media: Literal["slow", "failing"]
    looks: int = 2  #: how often a look finds the server still at work


@with_config(_STRICT)
@dataclass(frozen=True, kw_only=True, slots=True)
class RevokedSetting:
    """All tokens of this account (or "*": of every account) count as revoked."""

    revoked: str


@with_config(_STRICT)
@dataclass(frozen=True, kw_only=True, slots=True)
class ScopesSetting:
    """Tokens may do no more than this, as "read:accounts write:statuses"."""

    scopes: str
    account: str = "*"


@with_config(_STRICT)
@dataclass(frozen=True, kw_only=True, slots=True)
class TextsSetting:
    """The language of error texts. Accept-Language is not looked at, as on a server whose account has set one."""

    texts: Literal["en", "de"]


@with_config(_STRICT)
@dataclass(frozen=True, kw_only=True, slots=True)
class SpamSetting:
    """Posts with these words that mention or answer others are answered as usual, and never kept.

    Source: mastodon/mastodon app/lib/antispam.rb.
    """

    spam: str


@with_config(_STRICT)
@dataclass(frozen=True, kw_only=True, slots=True)
class MarkdownSetting:
    """What this account (or "*": every account) posts is read as Markdown, unless the request says text/plain.

    An account's own default on GoToSocial (internal/processing/status/create.go).
    """

    markdown: str


Setting = RepeatSetting | MediaSetting | RevokedSetting | ScopesSetting | TextsSetting | SpamSetting | MarkdownSetting
