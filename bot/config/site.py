"""Settings of the site, its feeds, the ledger and the web server."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal
from urllib.parse import quote

from pydantic import Field, field_validator

from bot.config.permalinks import Address, fault_of, path_of
from bot.config.values import HubAddress, Table, WebAddress, Zone, listen_address


class Site(Table):
    """The site that the posts belong to."""

    title: str = Field(min_length=1, description="the conference's name; title of the feeds")
    url: WebAddress = Field(description="the site's address, without a path at its end")
    description: str = Field("", description="a sentence about the news feed; empty: made from the title")
    timezone: Zone = Field(
        description="an IANA name such as America/New_York; datetimes without an offset are in this zone"
    )
    naive_datetimes: Literal["site", "utc"] = Field(
        "site", description='what a datetime without offset means: the site\'s zone, or "utc"'
    )
    language: str = Field("en", min_length=2, description="language of the posts, as in HTML's lang")
    permalink: str = Field(
        "/news/{slug}/",
        description="path of a post's page; {slug} is the file's name; {year}, {month}, {day}, {category}, "
        "{categories} and {folder} may stand in it too",
    )
    posts: Path = Field(Path("posts"), description="folder of the post files")
    assets: Path = Field(Path(), description="folder in which /assets/... is found on disk")
    author: str = Field("", description="author of posts that name none")
    private_addresses: bool = Field(
        False,
        description="whether pages, pictures of other hosts, hubs and old feeds may be at private addresses (loopback, "
        "LAN)",
    )

    @field_validator("permalink")
    @classmethod
    def _permalink_names_the_slug(cls, value: str) -> str:
        fault = fault_of(value)
        if fault:
            raise ValueError(fault)
        return value

    def permalink_of(self, slug: str) -> str:
        """The absolute permalink of a post, if it depends only on the slug."""
        return self.url + self.permalink.replace("{slug}", quote(slug))

    def page_of(self, address: Address) -> str:
        """The absolute permalink of any post."""
        return self.url + path_of(self.permalink, address)

    @property
    def is_plain(self) -> bool:
        """Whether permalinks depend only on slugs."""
        return self.permalink.count("{") == 1


class Feeds(Table):
    """The news feeds."""

    folder: Path = Field(Path("public"), description="folder that the feeds are written to")
    path: str = Field("/news", description="their path below the folder and below the site's address")
    entries: int = Field(30, ge=1, le=1000, description="how many posts the feeds hold, newest first")
    archive: int = Field(
        30, ge=0, le=1000, description="how many posts a page of the archive holds, at most `entries`; 0: no archive"
    )
    categories: bool = Field(False, description="whether each category has feeds of its own")
    tags: bool = Field(False, description="whether each tag has feeds of its own")
    ids: Literal["permalink", "tag"] = Field(
        "permalink", description='id of newly released posts without `id:`: their permalink, or a "tag" address of it'
    )
    rights: str = Field("", description='who holds the rights, for example "© 2027 The conference, CC BY 4.0"')
    hubs: tuple[HubAddress, ...] = Field(
        (), description="WebSub hubs that the feeds name, and that are told of each change"
    )
    import_: str = Field(
        "",
        alias="import",
        description="a feed that the site had before, file or address: its ids and dates are taken over, once",
    )
    gzip: bool = Field(True, description="whether a compressed copy, .gz, is kept beside each file of the feeds")

    @field_validator("path")
    @classmethod
    def _path_stays_inside(cls, value: str) -> str:
        if not value.startswith("/") or ".." in value.split("/"):
            raise ValueError('it must begin with "/" and hold no "..", for example "/news"')
        return value.rstrip("/")


class Serve(Table):
    """What the bot itself shows to the public over HTTP."""

    listen: str = Field(
        "",
        description='where `announce run` serves the public folder, for example "127.0.0.1:8080"; empty: it does not',
    )

    @field_validator("listen")
    @classmethod
    def _host_and_port(cls, value: str) -> str:
        if value:
            listen_address(value)
        return value


#: The one kind of ledger; what follows is the path of its file.
_SQLITE: Final = "sqlite:///"


class Ledger(Table):
    """The durable memory."""

    # What the settings know of the meaning of `url` is all in this class; the docstring is shown in editors.

    url: str = Field("sqlite:///var/ledger.db", description="where the ledger is kept")

    @field_validator("url")
    @classmethod
    def _known_kind(cls, value: str) -> str:
        if not value.startswith(_SQLITE) or value == _SQLITE:
            # Not quoted in the error: it may hold a password.
            raise ValueError('it is not a ledger that this version knows; write for example "sqlite:///var/ledger.db"')
        return value

    @property
    def folder(self) -> Path:
        """The folder of this machine for the ledger and what lies beside it, relative to the project's or absolute."""
        return self.file.parent

    @property
    def is_private(self) -> bool:
        """Whether the url says more than a report for others should, for example where the project lies."""
        return self.file.is_absolute()

    def lies_in(self, folder: Path) -> bool:
        """Whether the ledger is a file below a folder, which is relative to the project's folder or absolute."""
        return self.file.is_relative_to(folder)

    @property
    def file(self) -> Path:
        """The file of a SQLite ledger, which only `bot/ledger` opens; relative to the project's folder or absolute."""
        return Path(self.url.removeprefix(_SQLITE))
