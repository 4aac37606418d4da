"""Settings of git repositories that posts come from."""

from __future__ import annotations

import re
from datetime import timedelta
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Annotated, Final, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from bot.config.values import Duration, Secret, SettingError, Table, is_loopback

#: The folder of the checkouts, relative to the project folder.
CHECKOUTS: Final = Path("var/sources")
#: Fetching more often would burden the host; a push hook is faster anyway.
_NOT_OFTENER: Final = timedelta(seconds=10)
#: git-check-ref-format(1), and no leading dash: it would be taken for an option.
_BRANCH: Final = re.compile(r"(?!-)(?!.*(?:\.\.|//|@\{|\.lock(?:/|$)))[^\x00-\x20~^:?*\[\\\x7f]+(?<![./])")
_VARIABLE: Final = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*")


class Source(Table):
    """A git repository that holds posts."""

    git: Annotated[str, Secret()] = Field(description="the repository's https address, as for `git clone`")
    branch: str = Field("", description="the branch whose posts count; empty: the repository's default branch")
    folder: Path = Field(Path("posts"), description="folder of the post files, within the repository")
    assets: Path = Field(Path(), description="folder within the repository in which /assets/... of its posts is found")
    every: Duration = Field(
        timedelta(minutes=1),
        description='how often the host is asked for changes; "off": at the start and at each push',
    )
    timeout: Duration = Field(timedelta(minutes=2), description="longest time for fetching it once")
    token: Annotated[str, Secret()] = Field(
        "", description='"env:NAME": the environment variable with a read-only token; empty: a public one'
    )
    user: Annotated[str, Secret()] = Field(
        "oauth2", min_length=1, description="user name that goes with the token; most forges take any"
    )
    push_secret: Annotated[str, Secret()] = Field(
        "",
        description='"env:NAME": the environment variable with the secret of the forge\'s webhook; empty: no push hook',
    )
    local: bool = Field(False, description="true: `git` is a folder on this machine instead of an address")

    @field_validator("branch")
    @classmethod
    def _a_branch(cls, value: str) -> str:
        if value and not _BRANCH.fullmatch(value):
            raise ValueError("it is not the name of a branch")
        return value

    @field_validator("folder", "assets")
    @classmethod
    def _stays_inside(cls, value: Path) -> Path:
        if value.is_absolute() or any(part in ("..", ".git") for part in value.parts):
            raise ValueError('it counts from the root of the repository, for example "posts"')
        return value

    @field_validator("every")
    @classmethod
    def _not_too_often(cls, value: timedelta) -> timedelta:
        if timedelta() < value < _NOT_OFTENER:
            raise ValueError("the host must not be asked more often than every 10 s; let it call the push hook instead")
        return value

    @field_validator("timeout")
    @classmethod
    def _takes_time(cls, value: timedelta) -> timedelta:
        if not value:
            raise ValueError('fetching takes some time; write for example timeout = "2m"')
        return value

    @field_validator("token", "push_secret")
    @classmethod
    def _secrets_are_elsewhere(cls, value: str) -> str:
        if value and not _VARIABLE.fullmatch(value):
            raise ValueError('a secret does not belong into the settings file; write "env:NAME" and set NAME')
        return value

    @field_validator("user")
    @classmethod
    def _basic_user(cls, value: str) -> str:
        if ":" in value or not value.isprintable():
            raise ValueError("it must not hold a colon (RFC 7617)")
        return value

    @model_validator(mode="after")
    def _safe_transport(self) -> Self:
        if self.local:
            if not self.git or "://" in self.git or "::" in self.git or self.git.startswith("-"):
                raise SettingError("git", "with local = true it is the path of a repository on this machine")
            if self.token:
                raise SettingError("token", "a repository on this machine needs none")
            return self
        problem = _problem_of(self.git)
        if problem:
            raise SettingError("git", problem)
        return self

    @property
    def name(self) -> str:
        """The short name: the last part of the address, without `.git`."""
        path = self.git if self.local else urlsplit(self.git).path
        name = PurePosixPath(path.rstrip("/")).name.removesuffix(".git")
        return re.sub(r"[^A-Za-z0-9._-]", "-", name).strip(".-") or "posts"

    @property
    def checkout(self) -> Path:
        """The checkout folder, relative to the project folder; each repository and branch has its own."""
        identity = sha256(f"{self.git}\n{self.branch}".encode()).hexdigest()[:8]
        return CHECKOUTS / f"{self.name}-{identity}"

    @property
    def shown(self) -> str:
        """The name in messages: the address, and the branch if one is set."""
        return f"{self.git} ({self.branch})" if self.branch else self.git


def _problem_of(address: str) -> str:
    """The fault of an address; never quotes it, because it may contain a token."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return 'is not an address; write for example "https://forge.example/team/news.git"'
    if parts.username or parts.password or "@" in parts.netloc:
        return 'must not carry a name or a token; write token = "env:NAME" (and revoke the token if there was one)'
    if parts.query or parts.fragment or not address.isprintable() or " " in address or port == 0:
        return 'is not an address of a repository; write for example "https://forge.example/team/news.git"'
    if parts.scheme == "http" and is_loopback(address):
        return ""
    if parts.scheme != "https" or not parts.hostname:
        return (
            'must be an https address, for example "https://forge.example/team/news.git"; for a folder on this machine '
            "write local = true"
        )
    return ""
