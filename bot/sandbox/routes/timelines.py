"""The public timeline: open to everybody, public statuses only."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, request

from bot.sandbox.context import params, sandbox, view, viewer
from bot.sandbox.routes.lists import answer_page

routes: Final = Blueprint("timelines", __name__)


@routes.get("/api/v1/timelines/public")
def public() -> Response:
    """Newest first, without replies to others. `remote` finds nothing: all accounts are local."""
    viewer("read:statuses")
    found = [
        status
        for status in sandbox().store.statuses()
        if status.target.visibility == "public"
        and status.target.in_reply_to_account_id in (None, status.account_id)
        and not (params().flag("only_media") and not status.draft.media_ids)
    ]
    return answer_page([] if params().flag("remote") else found, view(), query=request.args)
