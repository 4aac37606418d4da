"""Posting and editing a status: the steps in the order in which Mastodon takes them.

Sources: app/controllers/api/v1/statuses_controller.rb, app/services/post_status_service.rb and
update_status_service.rb of mastodon/mastodon.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from werkzeug.exceptions import InternalServerError

from bot.domain import Limits
from bot.sandbox.answers import Refusal, locked, not_found, refused, reply_not_found, too_many_requests
from bot.sandbox.context import Sandbox
from bot.sandbox.markdown import read_as_markdown
from bot.sandbox.mentions import shorten_local_mentions
from bot.sandbox.params import Params
from bot.sandbox.records import Account, Draft, Media, Picture, Status, Target
from bot.sandbox.rules import check_description, read_draft, read_focus, read_media, read_visibility
from bot.sandbox.switches import MarkdownSetting
from bot.sandbox.traits import Repeat
from bot.sandbox.view import View, may_see


def post_status(here: Sandbox, account: Account, params: Params, *, key: str, view: View) -> Status:
    """Publish what the request says, unless its Idempotency-Key has already led to a status.

    Raises Refusal: 404 for an unknown reply target, 422 for what is not valid, 429, 500 or 503 for a repeat if so set.
    """
    _refuse_unknown_features(params)
    replied = _reply_target(params, view)
    key = key.strip()
    repeated = _repeated(here, account, key)
    if repeated is not None:
        return repeated
    kind = here.personality
    media = read_media(params, store=here.store, account=account, personality=kind, attached_to=None)
    visibility = read_visibility(params, kind)
    draft = read_draft(params, media, personality=kind, now=here.store.clock.now(), visibility=visibility)
    _guard_mentions(params, draft, view)
    _spend(here, account)
    target = Target(
        visibility=visibility,
        in_reply_to_id=replied.id if replied else None,
        in_reply_to_account_id=replied.account_id if replied else None,
    )
    draft = _local(_as_read(draft, params, here, account), view)
    return here.store.publish(account, draft, target, key=key)


def edit_status(here: Sandbox, account: Account, status: Status, params: Params, *, view: View) -> Status:
    """Put what the request says in the place of everything the status said; only language and quote policy survive.

    No difference: no edit, and on some servers an error. Raises Refusal (422, 429).
    """
    _refuse_unknown_features(params)
    kind = here.personality
    media = read_media(params, store=here.store, account=account, personality=kind, attached_to=status.id)
    draft = read_draft(
        params,
        media,
        personality=kind,
        now=here.store.clock.now(),
        before=status.draft,
        visibility=status.target.visibility,
    )
    draft = _local(_as_read(draft, params, here, account), view)
    pictures = _pictures(params, media, kind.limits)
    if draft == status.draft and _unchanged(media, pictures):
        if kind.unchanged:
            raise Refusal(kind.unchanged.status, kind.unchanged.text)
        return status
    _spend(here, account)
    return here.store.revise(status, draft, pictures)


def _pictures(params: Params, media: Sequence[Media], limits: Limits) -> tuple[Picture, ...]:
    changes = {change.media_id: change for change in params.media_changes}
    described = {
        media_id: check_description(change.description, limits)
        for media_id, change in changes.items()
        if change.description is not None
    }
    focused = {media_id: read_focus(change.focus) for media_id, change in changes.items()}
    return tuple(
        Picture(media_id=item.id, description=described.get(item.id, item.description), focus=focused.get(item.id))
        for item in media
    )


def _refuse_unknown_features(params: Params) -> None:
    if params.text("scheduled_at"):
        raise refused("This sandbox takes no scheduled posts.")
    if params.text("quoted_status_id"):
        raise refused("This sandbox takes no quotes.")


def _guard_mentions(params: Params, draft: Draft, view: View) -> None:
    # A guard against pings by accident (app/services/post_status_service.rb).
    if not params.names_any("allowed_mentions"):
        return
    allowed = params.list("allowed_mentions")
    others = [one for one in view.mentions(draft.text) if one.id not in allowed]
    if others:
        accounts = [{"id": one.id, "acct": one.acct} for one in others]
        raise Refusal(422, "Post would be sent to unexpected accounts", unexpected_accounts=accounts)


def _reply_target(params: Params, view: View) -> Status | None:
    wanted = params.text("in_reply_to_id")
    if not wanted:
        return None
    status = view.store.status(wanted)
    if status is None or not may_see(status, view):
        raise reply_not_found()
    return status


def _repeated(here: Sandbox, account: Account, key: str) -> Status | None:
    used = here.store.status_of_key(account, key) if key else None
    repeat = here.faults.repeat or here.personality.repeat
    # What REFUSED and REPLAYED do, happens before: see `repeats.py`.
    if used is None or repeat in (Repeat.IGNORED, Repeat.REFUSED, Repeat.REPLAYED):
        return None
    if repeat is Repeat.ERROR:
        raise InternalServerError  # an HTML page, as for every error that Mastodon did not foresee
    if repeat is Repeat.LOCKED:
        raise locked()
    status = here.store.status(used.status_id)
    if status is None:
        raise not_found()
    return status


def _as_read(draft: Draft, params: Params, here: Sandbox, account: Account) -> Draft:
    is_default = any(one.markdown in ("*", account.username) for one in here.faults.settings(MarkdownSetting))
    if not is_default or params.text("content_type") == "text/plain":
        return draft
    return replace(draft, text=read_as_markdown(draft.text))


def _local(draft: Draft, view: View) -> Draft:
    return replace(draft, text=shorten_local_mentions(draft.text, store=view.store, base=view.base))


def _unchanged(media: Sequence[Media], pictures: Sequence[Picture]) -> bool:
    return all(
        item.description == picture.description and picture.focus in (None, item.focus)
        for item, picture in zip(media, pictures, strict=True)
    )


def _spend(here: Sandbox, account: Account) -> None:
    rate = here.personality.rates.statuses
    if not here.counter.limited or rate is None:
        return
    now = here.store.clock.now()
    if here.counter.look(rate, account.id, now).remaining == 0:
        raise too_many_requests(here.personality.rates.text)
    here.counter.count(rate, account.id, now)
