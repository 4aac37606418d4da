"""Polls: how they stand, and voting."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, jsonify

from bot.sandbox.answers import not_found
from bot.sandbox.context import author, params, sandbox, view, viewer
from bot.sandbox.polls import vote
from bot.sandbox.records import Status
from bot.sandbox.serialise import poll_entity
from bot.sandbox.view import may_see

routes: Final = Blueprint("polls", __name__)


@routes.get("/api/v1/polls/<poll_id>")
def show(poll_id: str) -> Response:
    viewer("read:statuses")
    return jsonify(poll_entity(_status_of(poll_id), view()))


@routes.post("/api/v1/polls/<poll_id>/votes")
def cast(poll_id: str) -> Response:
    """Vote once, for one choice or, if the poll allows it, several."""
    account = author("write:statuses")
    store = sandbox().store
    with store.transaction():
        voted = vote(_status_of(poll_id), account, params().list("choices"), now=store.clock.now())
        store.replace_status(voted)
    return jsonify(poll_entity(voted, view()))


def _status_of(poll_id: str) -> Status:
    for status in sandbox().store.statuses():
        if status.poll is not None and status.poll.id == poll_id and may_see(status, view()):
            return status
    raise not_found()
