"""What the sandbox remembers: frozen records; a change puts a new record in the place of the old one.

Every datetime is aware and in UTC. Ids are strings of digits that grow with time, as Mastodon's do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """Whoever came with a bearer token."""

    id: str
    username: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageFacts:
    """What an uploaded picture turned out to be, by its content."""

    media_type: str  #: e.g. "image/png"
    extension: str  #: e.g. "png"
    animated: bool
    width: int  #: pixels, as displayed
    height: int
    size: int  #: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Media:
    """An uploaded picture. Its bytes are kept by the store."""

    id: str
    account_id: str
    created_at: datetime
    facts: ImageFacts
    description: str | None = None
    focus: tuple[float, float] = (0.0, 0.0)  #: x and y, each from -1 to 1
    status_id: str | None = None  #: the status that it belongs to; None until it is attached

    @property
    def file_name(self) -> str:
        return f"{self.id}.{self.facts.extension}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A picture within one version of a status: the description belongs to the version."""

    media_id: str
    description: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """What a status says, checked and cleaned."""

    text: str
    spoiler_text: str = ""
    sensitive: bool = False
    language: str = "en"
    media_ids: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """What only the creation of a status decides; an edit cannot change it."""

    visibility: str = "public"
    in_reply_to_id: str | None = None
    in_reply_to_account_id: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """What a status said from `created_at` on."""

    created_at: datetime
    text: str
    spoiler_text: str
    sensitive: bool
    pictures: tuple[Picture, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """A toot."""

    id: str
    account_id: str
    created_at: datetime
    draft: Draft
    target: Target
    edited_at: datetime | None = None
    versions: tuple[Version, ...] = ()  #: empty until the first edit, then every version, the oldest first


@dataclass(frozen=True, kw_only=True, slots=True)
class UsedKey:
    """An Idempotency-Key that led to a status."""

    status_id: str
    expires: datetime


@dataclass(kw_only=True, slots=True)
class State:
    """All of it; the shape of the state file."""

    version: int = 1
    last_id: int = 0
    accounts: dict[str, Account] = field(default_factory=dict)  #: by id
    statuses: dict[str, Status] = field(default_factory=dict)  #: by id, the oldest first
    media: dict[str, Media] = field(default_factory=dict)  #: by id
    keys: dict[str, UsedKey] = field(default_factory=dict)  #: by "account id:key"
