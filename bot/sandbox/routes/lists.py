"""A page of statuses as an answer, with its Link header."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Response, jsonify, request

from bot.sandbox.paging import link_header, page_request, select_page
from bot.sandbox.records import Status
from bot.sandbox.serialise import status_entity
from bot.sandbox.view import View


def answer_page(statuses: Sequence[Status], view: View, *, query: Mapping[str, str]) -> Response:
    """The page of `statuses` (newest first) that the query asks for."""
    ids = view.personality.ids
    wanted = page_request(query, ids=ids)
    page = select_page(statuses, wanted, ids=ids)
    response = jsonify([status_entity(status, view) for status in page])
    links = link_header(page, wanted, url=request.base_url, query=query)
    if links:
        response.headers["Link"] = links
    return response
