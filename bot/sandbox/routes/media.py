"""Uploads: pictures are complete at once, as on a real server, unless `{"media": "slow"}` is switched on."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from flask import Blueprint, Response, jsonify, request

from bot.sandbox.answers import Refusal, failed, not_found, refused
from bot.sandbox.context import author, params, sandbox, view
from bot.sandbox.images import inspect_image
from bot.sandbox.records import Media
from bot.sandbox.rules import check_description, read_focus
from bot.sandbox.serialise_media import media_entity
from bot.sandbox.switches import MediaSetting

routes: Final = Blueprint("media", __name__)


@routes.post("/api/v1/media")
@routes.post("/api/v2/media")
def upload() -> tuple[Response, int]:
    """200 with the complete upload; 202 with `url: null` where the server is slow, and on Pleroma 202 though complete.

    The old way of v1 waits until the upload is complete.
    """
    account = author("write:media")
    here = sandbox()
    limits = here.personality.limits
    file = request.files.get("file")
    if file is None:
        raise failed("File can't be blank")
    description = check_description(params().text("description"), limits)
    focus = read_focus(params().text("focus")) or (0.0, 0.0)
    data = file.read()
    facts = inspect_image(data, limits=limits)
    trouble = here.faults.settings(MediaSetting)[-1:]
    slow = trouble[0].looks if trouble and request.path != "/api/v1/media" else 0
    broken = bool(trouble) and trouble[0].media == "failing"
    if broken and not slow:
        raise processing_failed()
    media = here.store.add_media(
        account, facts, data, description=description, focus=focus, looks_left=slow, broken=broken
    )
    code = 202 if slow else here.personality.upload_status
    return jsonify(media_entity(media, view())), 200 if request.path == "/api/v1/media" else code


@routes.get("/api/v1/media/<media_id>")
def show(media_id: str) -> tuple[Response, int]:
    """206 while the server works on it, then 200, or 422 where it has failed."""
    store = sandbox().store
    with store.transaction():
        media = _own_unattached(media_id)
        if media.looks_left:
            store.change_media(replace(media, looks_left=media.looks_left - 1))
            return jsonify(media_entity(media, view())), 206
    if media.broken:
        raise processing_failed()
    return jsonify(media_entity(media, view())), 200


@routes.put("/api/v1/media/<media_id>")
def change(media_id: str) -> Response:
    with sandbox().store.transaction():
        media = _own_unattached(media_id)
        description = params().text("description")
        if description is not None:
            media = replace(media, description=check_description(description, sandbox().personality.limits))
        media = replace(media, focus=read_focus(params().text("focus")) or media.focus)
        sandbox().store.change_media(media)
    return jsonify(media_entity(media, view()))


@routes.delete("/api/v1/media/<media_id>")
def remove(media_id: str) -> Response:
    with sandbox().store.transaction():
        account = author("write:media")
        media = sandbox().store.media(media_id)
        if media is None or media.account_id != account.id:
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


def processing_failed() -> Refusal:
    return refused("Error processing thumbnail for uploaded media")


def _own_unattached(media_id: str) -> Media:
    account = author("write:media")
    media = sandbox().store.media(media_id)
    if media is None or media.account_id != account.id or media.status_id is not None:
        raise not_found()
    return media
