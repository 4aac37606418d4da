"""Posting, editing, reading and deleting statuses; their polls."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, jsonify, request

from bot.sandbox.context import author, params, sandbox, view, viewer
from bot.sandbox.errors import not_found
from bot.sandbox.polls import vote
from bot.sandbox.records import Status
from bot.sandbox.serialise import history_entity, poll_entity, status_entity
from bot.sandbox.statuses import edit_status, post_status
from bot.sandbox.view import may_see, thread_around

routes: Final = Blueprint("statuses", __name__)

_MOST_AT_ONCE: Final = 20


@routes.post("/api/v1/statuses")
def create() -> Response:
    account = author("write:statuses")
    with sandbox().store.transaction():
        status = post_status(sandbox(), account, params(), key=request.headers.get("Idempotency-Key", ""), view=view())
        answer = jsonify(status_entity(status, view()))
        if not sandbox().hooks.keeps(status, view()):
            sandbox().store.remove(status, with_media=False)
    return answer


@routes.get("/api/v1/statuses")
def several() -> Response:
    """The statuses with these ids that the caller may see, in the order of the ids."""
    viewer("read:statuses")
    here = view()
    found = map(sandbox().store.status, params().list("id")[:_MOST_AT_ONCE])
    return jsonify([status_entity(status, here) for status in found if status and may_see(status, here)])


@routes.get("/api/v1/statuses/<status_id>")
def show(status_id: str) -> Response:
    return jsonify(status_entity(_visible(status_id), view()))


@routes.put("/api/v1/statuses/<status_id>")
def edit(status_id: str) -> Response:
    account = author("write:statuses")
    with sandbox().store.transaction():
        status = edit_status(sandbox(), account, _own(status_id), params(), view=view())
    return jsonify(status_entity(status, view()))


@routes.delete("/api/v1/statuses/<status_id>")
def delete(status_id: str) -> Response:
    with sandbox().store.transaction():
        status = _own(status_id)
        answer = jsonify(status_entity(status, view(), with_text=True))
        sandbox().store.remove(status, with_media=params().flag("delete_media") or False)
    return answer


@routes.get("/api/v1/statuses/<status_id>/source")
def source(status_id: str) -> Response:
    author("read:statuses")
    status = _visible(status_id)
    return jsonify({"id": status.id, "text": status.draft.text, "spoiler_text": status.draft.spoiler_text})


@routes.get("/api/v1/statuses/<status_id>/history")
def history(status_id: str) -> Response:
    return jsonify(history_entity(_visible(status_id), view()))


@routes.get("/api/v1/statuses/<status_id>/context")
def context(status_id: str) -> Response:
    """The ancestors of a status, oldest first, and its descendants, depth first."""
    status, here = _visible(status_id), view()
    around = thread_around(status, [one for one in here.store.statuses() if may_see(one, here)])
    return jsonify(
        {
            "ancestors": [status_entity(one, here) for one in around.ancestors],
            "descendants": [status_entity(one, here) for one in around.descendants],
        }
    )


def _visible(status_id: str) -> Status:
    viewer("read:statuses")
    status = sandbox().store.status(status_id)
    if status is None or not may_see(status, view()):
        raise not_found()
    return status


def _own(status_id: str) -> Status:
    account = author("write:statuses")
    status = sandbox().store.status(status_id)
    if status is None or status.account_id != account.id:
        raise not_found()
    return status


@routes.get("/api/v1/polls/<poll_id>")
def show_poll(poll_id: str) -> Response:
    viewer("read:statuses")
    return jsonify(poll_entity(_status_with_poll(poll_id), view()))


@routes.post("/api/v1/polls/<poll_id>/votes")
def cast(poll_id: str) -> Response:
    """Vote once, for one choice or, if the poll allows it, several."""
    account = author("write:statuses")
    store = sandbox().store
    with store.transaction():
        voted = vote(_status_with_poll(poll_id), account, params().list("choices"), now=store.clock.now())
        store.replace_status(voted)
    return jsonify(poll_entity(voted, view()))


def _status_with_poll(poll_id: str) -> Status:
    for status in sandbox().store.statuses():
        if status.poll is not None and status.poll.id == poll_id and may_see(status, view()):
            return status
    raise not_found()
