"""Uploads: complete at once, as on most real servers, unless the setting `{"media": "slow"}` is switched on."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from flask import Blueprint, Response, jsonify, request

from bot.sandbox.context import author, params, sandbox, view
from bot.sandbox.errors import ApiError, failed, not_found, refused
from bot.sandbox.faults import MediaSetting
from bot.sandbox.media import check_description, inspect_image, read_focus
from bot.sandbox.records import Media
from bot.sandbox.serialise import media_entity

routes: Final = Blueprint("media", __name__)


@routes.post("/api/v1/media")
@routes.post("/api/v2/media")
def upload() -> tuple[Response, int]:
    """200 with the complete upload; 202 with `url: null` while the server processes it, on Pleroma 202 in any case.

    The older v1 answers when the upload is complete.
    """
    account = author("write:media")
    here = sandbox()
    limits = here.profile.limits
    file = request.files.get("file")
    if file is None:
        raise failed("File can't be blank")
    description = check_description(params().text("description"), limits)
    focus = read_focus(params().text("focus")) or (0.0, 0.0)
    data = file.read()
    facts = inspect_image(data, limits=limits)
    setting = next(reversed(here.faults.settings(MediaSetting)), None)
    slow = setting.looks if setting is not None and request.path != "/api/v1/media" else 0
    broken = setting is not None and setting.media == "failing"
    if broken and not slow:
        raise processing_failed()
    with here.store.transaction():
        media = Media(
            id=here.store.new_id(),
            account_id=account.id,
            created_at=here.store.clock.now(),
            facts=facts,
            description=description,
            focus=focus,
            looks_left=slow,
            broken=broken,
        )
        here.store.add_media(media, data)
    code = 202 if slow else here.profile.upload_status
    return jsonify(media_entity(media, view())), 200 if request.path == "/api/v1/media" else code


@routes.get("/api/v1/media/<media_id>")
def show(media_id: str) -> tuple[Response, int]:
    """206 while the server processes it, then 200, or 422 if that has failed."""
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
            media = replace(media, description=check_description(description, sandbox().profile.limits))
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


def processing_failed() -> ApiError:
    return refused("Error processing thumbnail for uploaded media")


def _own_unattached(media_id: str) -> Media:
    account = author("write:media")
    media = sandbox().store.media(media_id)
    if media is None or media.account_id != account.id or media.status_id is not None:
        raise not_found()
    return media
