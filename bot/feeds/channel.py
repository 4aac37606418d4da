"""The metadata of the feed, common to all formats."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import quote

from bot.config import Feeds, Site
from bot.feeds.text import clean_line

#: The generator named in the feeds. Without a version, so that an upgrade alone does not change a feed.
GENERATOR: Final = "announce"

#: `updated` of a feed without entries: any fixed time, so that a rebuild gives the same bytes.
EMPTY_UPDATED: Final = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Channel:
    """The metadata of the feeds."""

    title: str
    description: str
    home_url: str  #: the site's front page
    feeds_url: str  #: the folder of the feeds, without a trailing slash
    language: str
    description_language: str  #: English for the built-in description
    author: str  #: author of entries that name none
    rights: str = ""
    hubs: tuple[str, ...] = ()  #: WebSub hubs that push changes to subscribers

    def url_of(self, file_name: str) -> str:
        """The address of a file in the feeds' folder; `file_name` may include subfolders."""
        return f"{self.feeds_url}/{quote(file_name)}"


def channel_of(site: Site, feeds: Feeds) -> Channel:
    """The channel for these settings."""
    title = clean_line(site.title) or site.url
    return Channel(
        title=title,
        description=clean_line(site.description) or f"News from {title}",
        home_url=f"{site.url}/",
        feeds_url="/".join((site.url, *(quote(part) for part in folder_of(feeds).parts))),
        language=clean_line(site.language),
        description_language=clean_line(site.language) if clean_line(site.description) else "en",
        author=clean_line(site.author) or title,
        rights=clean_line(feeds.rights),
        hubs=tuple(dict.fromkeys(feeds.hubs)),
    )


def folder_of(feeds: Feeds) -> PurePosixPath:
    """The feeds' folder, relative to the public folder."""
    return PurePosixPath(feeds.path.lstrip("/"))
