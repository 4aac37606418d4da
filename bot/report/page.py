"""The page of `announce preview --html`: the toot as Mastodon shows it, and the feed entry as a reader shows it.

One file without scripts that fetches nothing. The templates escape all text; the only HTML is a toot's text, rendered
by `status_html`, and the body, which is sanitised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from markupsafe import Markup

from bot.compose.links import find_links
from bot.domain import Announcement, Picture, QuotePolicy
from bot.domain.durations import format_distance, format_duration
from bot.domain.wording import option_words
from bot.operations.check import CheckResult
from bot.operations.preview import Preview
from bot.report.offline import EmbeddedPicture, embed_picture, make_embedder, make_offline
from bot.report.outlook import outcome_words
from bot.report.status_html import status_html
from bot.report.times import show_both_times
from bot.report.toot_box import VISIBILITY
from bot.report.view import PostView, make_views

if TYPE_CHECKING:
    from jinja2 import Environment

_FOLDER: Final = Path(__file__).with_name("templates")
_QUOTES: Final = {QuotePolicy.FOLLOWERS: "followers may quote", QuotePolicy.NOBODY: "nobody may quote"}


@dataclass(frozen=True, kw_only=True)
class PreviewPage:
    """The data of the page."""

    site: str  #: its title, shown in place of the account's display name
    zone: ZoneInfo
    now: datetime
    view: PostView
    fates: Mapping[str, str]  #: by account: what becomes of the post, in words
    body: str  #: of the feed entry: sanitised HTML that fetches nothing
    picture: Callable[[Picture], EmbeddedPicture]
    servers: Mapping[str, str]  #: by account, the server's address


def preview_page(preview: Preview, checked: CheckResult) -> str:
    """The preview as a page in one file, with everything that the checks found in the post."""
    config, post = preview.site.config, preview.post
    (view,) = make_views(checked)
    return render_page(
        PreviewPage(
            site=config.site.title,
            zone=config.site.timezone,
            now=preview.site.now,
            view=view,
            fates={item.account: outcome_words(item) for item in preview.releases},
            body=make_offline(post.html, make_embedder(config, post)),
            picture=embed_picture,
            servers={account.address(name): account.server for name, account in config.accounts.items()},
        )
    )


def render_page(page: PreviewPage) -> str:
    """The whole HTML."""
    view, post = page.view, page.view.post
    due = post.published
    made: str = (
        _environment()
        .get_template("preview.html")
        .render(
            view=view,
            site=page.site,
            initials=_initials(page.site),
            due={"both": show_both_times(due, page.zone), "distance": _sentence_distance(due, page.now)}
            if due
            else None,
            fates=page.fates,
            toots=[_toot(page, address, toot) for address, toot in view.toots.items()],
            no_toot="It is not tooted." if not post.is_tooted else "There is no account in the settings.",
            reminders=list(_reminders(page)),
            topics=", ".join(filter(None, (post.category, *post.tags))),
            cover=page.picture(view.entry.cover) if view.entry is not None and view.entry.cover is not None else None,
            body=Markup(page.body),  # noqa: S704 — sanitised
            made=f"on {show_both_times(page.now, page.zone)}",
        )
    )
    return made


def _sentence_distance(due: datetime, now: datetime) -> str:
    words = format_distance(due, now)
    return words[:1].upper() + words[1:]


def _initials(title: str) -> str:
    return "".join(word[0] for word in title.split() if word[0].isalnum())[:2].upper() or "@"


def _reminders(page: PreviewPage) -> Iterator[dict[str, Any]]:
    for reminder in page.view.post.reminders:
        toots = page.view.reminders.get(reminder.reminder_id, {})
        how = "an answer to the toot" if reminder.reply else "a toot of its own"
        yield {
            "name": reminder.reminder_id,
            "when": f"{show_both_times(reminder.at, page.zone)}, {format_distance(reminder.at, page.now)}, {how}",
            "toots": [_toot(page, address, toot) for address, toot in toots.items()],
        }


def _toot(page: PreviewPage, address: str, toot: Announcement | str) -> dict[str, Any]:
    if isinstance(toot, str):
        return {"address": address, "problem": toot, "parts": []}
    return {"address": address, "problem": "", "parts": [_part(page, address, part) for part in (toot, *toot.thread)]}


def _part(page: PreviewPage, address: str, part: Announcement) -> dict[str, Any]:
    return {
        # Safe: status_html escapes everything but the tags that it writes itself.
        "content": Markup(status_html(part.text, server=page.servers.get(address, ""))),  # noqa: S704
        "visibility": part.visibility.value,
        "visibility_word": VISIBILITY[part.visibility].capitalize(),
        "warning": part.content_warning,
        "sensitive": part.sensitive,
        "language": part.language or "",
        "pictures": [page.picture(picture) for picture in part.pictures],
        "poll": part.poll and {"open_for": format_duration(part.poll.expires_in), **_options(part)},
        "link_card": _card(page, part),
        "length": part.length,
        "limit": part.limit,
        "quotes": " · ".join(filter(None, (part.quote_policy and _QUOTES.get(part.quote_policy), *option_words(part)))),
    }


def _options(part: Announcement) -> dict[str, Any]:
    poll = part.poll
    assert poll is not None
    return {"options": poll.options, "multiple": poll.multiple, "hide_totals": poll.hide_totals}


def _card(page: PreviewPage, part: Announcement) -> dict[str, str] | None:
    """The card of the first link, which Mastodon shows if there are no pictures and no poll."""
    links = find_links(part.text)
    if part.pictures or part.poll or not links:
        return None
    url, post = part.text[links[0].start : links[0].end], page.view.post
    host = urlsplit(url).hostname or ""
    if url != post.url:
        return {"host": host, "title": url, "description": ""}
    return {"host": host, "title": post.title, "description": post.summary}


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # imported here: it takes 37 ms

    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals = {}
    return environment
