"""Uploads: pictures are complete at once, as on a real server."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from flask import Blueprint, Response, jsonify, request

from bot.sandbox.answers import Refusal, failed, not_found, refused
from bot.sandbox.context import author, params, sandbox, view
from bot.sandbox.images import inspect_image
from bot.sandbox.records import Media
from bot.sandbox.rules import check_description
from bot.sandbox.serialise import media_entity

routes: Final = Blueprint("media", __name__)


@routes.post("/api/v1/media")
@routes.post("/api/v2/media")
def upload() -> Response:
    account = author()
    here = sandbox()
    file = request.files.get("file")
    if file is None:
        raise failed("File can't be blank")
    description = check_description(params().text("description"), here.personality.limits)
    focus = _focus(params().text("focus")) or (0.0, 0.0)
    data = file.read()
    media = here.store.add_media(account, inspect_image(data), data, description=description, focus=focus)
    return jsonify(media_entity(media, view()))


@routes.get("/api/v1/media/<media_id>")
def show(media_id: str) -> Response:
    return jsonify(media_entity(_own_unattached(media_id), view()))


@routes.put("/api/v1/media/<media_id>")
def change(media_id: str) -> Response:
    with sandbox().store.transaction():
        media = _own_unattached(media_id)
        description = params().text("description")
        if description is not None:
            media = replace(media, description=check_description(description, sandbox().personality.limits))
        media = replace(media, focus=_focus(params().text("focus")) or media.focus)
        sandbox().store.change_media(media)
    return jsonify(media_entity(media, view()))


@routes.delete("/api/v1/media/<media_id>")
def remove(media_id: str) -> Response:
    with sandbox().store.transaction():
        media = sandbox().store.media(media_id)
        if media is None or media.account_id != author().id:
            raise not_found()
        if media.status_id is not None:
            raise refused("Media attachment is currently used by a status")
        sandbox().store.remove_media(media)
    return jsonify({})


@routes.get("/media/<file_name>")
def picture(file_name: str) -> Response:
    """The bytes of a picture, with the media type that its content has."""
    store = sandbox().store
    media = store.media(file_name.partition(".")[0])
    data = store.media_bytes(media) if media is not None and media.file_name == file_name else None
    if media is None or data is None:
        return Response("There is no such picture.", status=404, mimetype="text/plain")
    return Response(data, mimetype=media.facts.media_type, headers={"X-Content-Type-Options": "nosniff"})


def _own_unattached(media_id: str) -> Media:
    media = sandbox().store.media(media_id)
    if media is None or media.account_id != author().id or media.status_id is not None:
        raise not_found()
    return media


def _focus(text: str | None) -> tuple[float, float] | None:
    if not text:
        return None
    try:
        x, y = (max(-1.0, min(1.0, float(part))) for part in text.split(","))
    except ValueError:
        raise Refusal(422, "Validation failed: Focus is invalid") from None
    return x, y
