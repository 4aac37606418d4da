"""The page for people: what a news feed is, where the feeds are, and the latest news."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from bot.feeds.channel import Channel
from bot.feeds.item import Item

if TYPE_CHECKING:
    from jinja2 import Template

FILE_NAME: Final = "feeds.html"
LATEST: Final = 10  #: how many posts the page shows

_TEMPLATE: Final = Path(__file__).with_name("feeds.html")
# The same in every locale, so not calendar.month_name.
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_NAMES: Final = {"rss.xml": "RSS", "atom.xml": "Atom", "feed.json": "JSON Feed"}


@dataclass(frozen=True, kw_only=True)
class Link:
    """A link to a feed."""

    url: str
    media_type: str
    name: str  #: of the format


@dataclass(frozen=True, kw_only=True)
class Page:
    """What the page shows. `bytes()` makes it; equal pages have equal bytes."""

    channel: Channel
    items: tuple[Item, ...]  #: newest first
    categories: tuple[tuple[str, str], ...]  #: name and folder
    tags: tuple[tuple[str, str], ...]
    timezone: ZoneInfo  #: of the dates shown
    formats: tuple[tuple[str, str], ...]  #: file name and media type

    def __bytes__(self) -> bytes:
        page: str = _template().render(
            channel=self.channel,
            items=self.items,
            main=self.links(""),
            topics=[
                (heading, [(name, self.links(folder)) for name, folder in topics])
                for heading, topics in (("By category", self.categories), ("By tag", self.tags))
                if topics
            ],
            date=self._date,
        )
        return page.encode("utf-8")

    def links(self, folder: str) -> tuple[Link, ...]:
        """The feeds in a folder below that of the feeds, in every format."""
        below = f"{folder}/" if folder else ""
        return tuple(
            Link(url=self.channel.url_of(below + file_name), media_type=media_type, name=_NAMES[file_name])
            for file_name, media_type in self.formats
        )

    def _date(self, moment: datetime) -> str:
        local = moment.astimezone(self.timezone)
        return f"{local.day} {_MONTHS[local.month - 1]} {local.year}"


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.globals = {}
    made: Any = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    template: Template = made
    return template
