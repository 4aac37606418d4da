"""What the sandbox remembers: frozen records; a change replaces the old record by a new one.

Every datetime is aware and in UTC. Ids are texts that grow with time; the profile decides how they look.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """The account of a bearer token."""

    id: str
    username: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageFacts:
    """What an uploaded picture is, judged by its content."""

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
    looks_left: int = 0  #: how many more requests find the server still processing it
    broken: bool = False  #: whether the processing fails in the end

    @property
    def ready(self) -> bool:
        return not self.looks_left and not self.broken

    @property
    def file_name(self) -> str:
        return f"{self.id}.{self.facts.extension}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A picture within one version of a status: the description belongs to the version."""

    media_id: str
    description: str | None
    focus: tuple[float, float] | None = None  #: the new focus, if the version changes it


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """The question of a poll, as its author wrote it."""

    options: tuple[str, ...]
    expires_at: datetime
    multiple: bool = False
    hide_totals: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Poll:
    """The poll of a status: it keeps its id through edits, and its votes while the choices stay the same."""

    id: str
    votes: dict[str, tuple[int, ...]] = field(default_factory=dict)  #: account id → indexes of its choices


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """What a status says, validated and cleaned."""

    text: str
    spoiler_text: str = ""
    sensitive: bool = False
    language: str = "en"
    media_ids: tuple[str, ...] = ()
    question: Question | None = None
    quote_policy: str = "public"


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """What is fixed when a status is created; an edit cannot change it."""

    visibility: str = "public"
    in_reply_to_id: str | None = None
    in_reply_to_account_id: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """What a status has said since `created_at`."""

    created_at: datetime
    text: str
    spoiler_text: str
    sensitive: bool
    pictures: tuple[Picture, ...]
    options: tuple[str, ...] = ()  #: of its poll


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """A status."""

    id: str
    account_id: str
    created_at: datetime
    draft: Draft
    target: Target
    edited_at: datetime | None = None
    versions: tuple[Version, ...] = ()  #: empty until the first edit, then every version, oldest first
    poll: Poll | None = None  #: set if the draft has a question


@dataclass(frozen=True, kw_only=True, slots=True)
class UsedKey:
    """An Idempotency-Key that led to a status."""

    status_id: str
    expires: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class App:
    """A registered client. Of its secret only the SHA-256 is kept."""

    id: str
    client_id: str
    secret_digest: str
    name: str
    website: str | None
    scopes: tuple[str, ...]
    redirect_uris: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """What an issued token may do. The token itself is not kept, only its SHA-256 as the key of this record."""

    client_id: str
    account_id: str | None  #: None: the token is the client's own
    scopes: tuple[str, ...]
    created_at: datetime
    revoked: bool = False


@dataclass(kw_only=True, slots=True)
class State:
    """Everything the sandbox remembers; also the format of the state file."""

    version: int = 1
    last_id: int = 0
    ids: str = "snowflake"  #: the spelling of its ids, an `IdStyle`
    seed: str = ""  #: from which tokens are derived
    accounts: dict[str, Account] = field(default_factory=dict)  #: by id
    statuses: dict[str, Status] = field(default_factory=dict)  #: by id, oldest first
    media: dict[str, Media] = field(default_factory=dict)  #: by id
    keys: dict[str, UsedKey] = field(default_factory=dict)  #: by "account id:key"
    apps: dict[str, App] = field(default_factory=dict)  #: by client id
    grants: dict[str, Grant] = field(default_factory=dict)  #: by the SHA-256 of the token
