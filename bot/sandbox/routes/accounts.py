"""The account of a token, the statuses of an account, and the public timeline."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, jsonify, request

from bot.sandbox.context import author, params, sandbox, view, viewer
from bot.sandbox.errors import not_found
from bot.sandbox.paging import answer_page
from bot.sandbox.records import Status
from bot.sandbox.serialise import account_entity, credential_entity
from bot.sandbox.text import fold_hashtag
from bot.sandbox.view import may_see

routes: Final = Blueprint("accounts", __name__)


@routes.get("/api/v1/accounts/verify_credentials")
def verify_credentials() -> Response:
    return jsonify(credential_entity(author("read:accounts", "profile"), view()))


@routes.get("/api/v1/accounts/lookup")
def lookup() -> Response:
    """An account by its name."""
    viewer("read:accounts")
    found = sandbox().store.account_named((params().text("acct") or "").lstrip("@"))
    if found is None:
        raise not_found()
    return jsonify(account_entity(found, view()))


@routes.get("/api/v1/accounts/<account_id>")
def account(account_id: str) -> Response:
    viewer("read:accounts")
    found = sandbox().store.account(account_id)
    if found is None:
        raise not_found()
    return jsonify(account_entity(found, view()))


@routes.get("/api/v1/accounts/<account_id>/statuses")
def statuses_of(account_id: str) -> Response:
    viewer("read:statuses")
    store = sandbox().store
    if store.account(account_id) is None:
        raise not_found()
    here = view()
    asked = params()
    skip_replies = asked.flag("exclude_replies") or False
    only_media = asked.flag("only_media") or False
    skip_direct = asked.flag("exclude_direct") or False
    tagged = fold_hashtag(asked.text("tagged") or "")
    found = [
        status
        for status in store.statuses()
        if status.account_id == account_id
        and may_see(status, here)
        and not (skip_replies and _answers_another(status))
        and not (only_media and not status.draft.media_ids)
        and not (skip_direct and status.target.visibility == "direct")
        and (not tagged or tagged in here.hashtags(status.draft.text))
    ]
    # exclude_reblogs changes nothing: the sandbox has no boosts.
    if asked.flag("pinned"):
        found = []
    return answer_page(found, here, query=request.args)


def _answers_another(status: Status) -> bool:
    # An account's replies to itself, its threads, do not count as replies (app/models/status.rb).
    return status.target.in_reply_to_id is not None and status.target.in_reply_to_account_id != status.account_id


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
