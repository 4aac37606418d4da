"""Pages of a list whose newest item comes first, cut as Mastodon cuts them.

Source: app/models/concerns/paginable.rb and app/controllers/concerns/api/pagination.rb of mastodon/mastodon.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar
from urllib.parse import urlencode

from flask import Response, jsonify, request

from bot.sandbox.ids import IdStyle
from bot.sandbox.records import Status
from bot.sandbox.serialise import status_entity
from bot.sandbox.view import View

_DEFAULT_LIMIT: Final = 20


class HasId(Protocol):
    """Anything with an id."""

    @property
    def id(self) -> str: ...


Listed = TypeVar("Listed", bound=HasId)


@dataclass(frozen=True, kw_only=True, slots=True)
class PageRequest:
    """The page that a request asks for; ids as numbers (see `ids.py`), None if it names none."""

    limit: int = _DEFAULT_LIMIT
    max_id: int | None = None
    since_id: int | None = None
    min_id: int | None = None


def page_request(query: Mapping[str, str], *, ids: IdStyle = IdStyle.SNOWFLAKE) -> PageRequest:
    """Read `limit` (clamped to twice the default), `max_id`, `since_id` and `min_id`. Blank ones count as absent."""
    limit = query.get("limit")
    return PageRequest(
        limit=_DEFAULT_LIMIT if limit is None else min(abs(IdStyle.SNOWFLAKE.decode(limit)), 2 * _DEFAULT_LIMIT),
        max_id=_optional_id(query.get("max_id"), ids),
        since_id=_optional_id(query.get("since_id"), ids),
        min_id=_optional_id(query.get("min_id"), ids),
    )


def select_page(items: Sequence[Listed], wanted: PageRequest, *, ids: IdStyle = IdStyle.SNOWFLAKE) -> list[Listed]:
    """The wanted page of `items`, both newest first.

    `min_id` gives the page just above that id and overrides `since_id`; `since_id` gives the newest page, cut at
    that id.
    """
    below = [item for item in items if wanted.max_id is None or ids.decode(item.id) < wanted.max_id]
    if wanted.min_id is not None:
        above = [item for item in below if ids.decode(item.id) > wanted.min_id]
        return above[len(above) - min(wanted.limit, len(above)) :]
    return [item for item in below if wanted.since_id is None or ids.decode(item.id) > wanted.since_id][: wanted.limit]


def link_header(page: Sequence[HasId], wanted: PageRequest, *, url: str, query: Mapping[str, str]) -> str:
    """The Link header: `next` (older) only when the page is full, `prev` (newer) unless it is empty."""
    kept = {name: value for name, value in query.items() if name not in ("max_id", "since_id", "min_id")}
    links = []
    if page and len(page) == wanted.limit:
        links.append(f'<{url}?{urlencode({**kept, "max_id": page[-1].id})}>; rel="next"')
    if page:
        links.append(f'<{url}?{urlencode({**kept, "min_id": page[0].id})}>; rel="prev"')
    return ", ".join(links)


def _optional_id(text: str | None, ids: IdStyle) -> int | None:
    return ids.decode(text) if text else None


def answer_page(statuses: Sequence[Status], view: View, *, query: Mapping[str, str]) -> Response:
    """The answer with the page of `statuses` (newest first) that the query asks for, and its Link header."""
    ids = view.profile.ids
    wanted = page_request(query, ids=ids)
    page = select_page(statuses, wanted, ids=ids)
    response = jsonify([status_entity(status, view) for status in page])
    links = link_header(page, wanted, url=request.base_url, query=query)
    if links:
        response.headers["Link"] = links
    return response
