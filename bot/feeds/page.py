"""The page for people: what a news feed is, where the feeds are, and the latest news."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from bot.feeds.channel import Channel
from bot.feeds.item import Item

if TYPE_CHECKING:
    from jinja2 import Template

FILE_NAME: Final = "feeds.html"
LATEST: Final = 10  #: how many posts the page shows

# Not calendar.month_name, which depends on the locale.
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
class FeedsPage:
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
    from jinja2 import Environment, StrictUndefined  # imported here: it takes 37 ms

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.globals = {}
    made: Any = environment.from_string(_TEMPLATE)
    template: Template = made
    return template


#: In the code, not in a file, so that rendering the page does not read the disk.
_TEMPLATE: Final = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>News feeds of {{ channel.title }}</title>
<meta name="description" content="{{ channel.description }}">
{% for link in main %}
<link rel="alternate" type="{{ link.media_type }}" title="{{ channel.title }} ({{ link.name }})" href="{{ link.url }}">
{% endfor %}
{% for heading, feeds in topics %}
{% for name, links in feeds %}
{% for link in links %}
<link rel="alternate" type="{{ link.media_type }}" title="{{ channel.title }}: {{ name }} ({{ link.name }})" href="{{ link.url }}">
{% endfor %}
{% endfor %}
{% endfor %}
<style>
:root { color-scheme: light dark; --ink: #1c1b22; --paper: #fff; --soft: #55535f; --line: #d5d3de; --link: #1d4ed8; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ececf1; --paper: #17171c; --soft: #b4b2c0; --line: #3a3945; --link: #9dbbff; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem 1.25rem 3rem; max-width: 42rem; color: var(--ink); background: var(--paper);
  font: 1.0625rem/1.6 system-ui, sans-serif; overflow-wrap: break-word; }
h1 { font-size: 1.75rem; line-height: 1.25; margin: 1.5rem 0 .5rem; }
h2 { font-size: 1.3rem; line-height: 1.3; margin: 2.5rem 0 .5rem; }
h3 { font-size: 1.0625rem; line-height: 1.4; margin: 0; }
a { color: var(--link); text-underline-offset: .15em; }
a:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 2px; }
p { margin: .5rem 0 1rem; }
code { font: .9em/1.6 ui-monospace, monospace; }
ul { list-style: none; margin: 0; padding: 0; }
li { padding: .75rem 0; border-top: 1px solid var(--line); }
li p { margin: .25rem 0 0; }
time, .format { color: var(--soft); font-size: .9375rem; }
.row a { display: inline-block; padding: .25rem 0; margin-right: 1rem; }
</style>
</head>
<body>
<header>
<p><a lang="{{ channel.language }}" href="{{ channel.home_url }}">{{ channel.title }}</a></p>
</header>
<main>
<h1>News feeds of <span lang="{{ channel.language }}">{{ channel.title }}</span></h1>
<p lang="{{ channel.description_language }}">{{ channel.description }}</p>
<p>A news feed brings our news to you, without an account and without a mail address of yours. Copy one of
these addresses into a feed reader: a program or a website that looks for news and shows it in one place. The three
hold the same news; if you do not know which to take, take the first.</p>
<ul>
{% for link in main %}
<li><a href="{{ link.url }}" type="{{ link.media_type }}">{{ link.name }}</a><br><code>{{ link.url }}</code></li>
{% endfor %}
</ul>
{% for heading, feeds in topics %}
<h2>{{ heading }}</h2>
<ul>
{% for name, links in feeds %}
<li><h3 lang="{{ channel.language }}">{{ name }}</h3>
<div class="row">
{% for link in links %}
<a href="{{ link.url }}" type="{{ link.media_type }}" aria-label="{{ name }}, {{ link.name }}">{{ link.name }}</a>
{% endfor %}
</div></li>
{% endfor %}
</ul>
{% endfor %}
<h2>Latest news</h2>
{% if items %}
<ul>
{% for item in items %}
<li lang="{{ item.language or channel.language }}"><h3><a href="{{ item.url }}">{{ item.title }}</a></h3>
<time datetime="{{ item.published.isoformat() }}" lang="en">{{ date(item.published) }}</time>
{% if item.summary %}
<p>{{ item.summary }}</p>
{% endif %}
</li>
{% endfor %}
</ul>
{% else %}
<p>There is no news yet.</p>
{% endif %}
</main>
{% if channel.rights %}
<footer>
<p><small lang="{{ channel.language }}">{{ channel.rights }}</small></p>
</footer>
{% endif %}
</body>
</html>
"""  # noqa: E501 - the bytes of the page
