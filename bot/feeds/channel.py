"""The feed itself: what it says of itself in every format."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import quote

from bot.config import Feeds, Site
from bot.feeds.text import one_line

#: The software named in the feeds. Without its version: a new version alone must not change a feed.
GENERATOR: Final = "announce"

#: `updated` of a feed without entries: any fixed time does, and never the time of the build.
EMPTY_UPDATED: Final = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Channel:
    """What the feeds say about themselves."""

    title: str
    description: str
    home_url: str  #: the site's front page
    feeds_url: str  #: the folder of the feeds, without a slash at its end
    language: str
    description_language: str  #: English where the settings hold no description
    author: str  #: author of entries that name none
    rights: str = ""
    hubs: tuple[str, ...] = ()  #: WebSub hubs that can be asked to push changes

    def url_of(self, file_name: str) -> str:
        """The address of a file in the feeds' folder; `file_name` may hold folders below it."""
        return f"{self.feeds_url}/{quote(file_name)}"


def channel_of(site: Site, feeds: Feeds) -> Channel:
    """The channel that the settings describe."""
    title = one_line(site.title) or site.url
    return Channel(
        title=title,
        description=one_line(site.description) or f"News from {title}",
        home_url=f"{site.url}/",
        feeds_url="/".join((site.url, *(quote(part) for part in folder_of(feeds).parts))),
        language=one_line(site.language),
        description_language=one_line(site.language) if one_line(site.description) else "en",
        author=one_line(site.author) or title,
        rights=one_line(feeds.rights),
        hubs=tuple(dict.fromkeys(feeds.hubs)),
    )


def folder_of(feeds: Feeds) -> PurePosixPath:
    """The feeds' folder, relative to the public folder."""
    return PurePosixPath(feeds.path.lstrip("/"))
