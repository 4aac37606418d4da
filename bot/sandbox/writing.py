"""Posting and editing a status: the steps in the order in which Mastodon takes them.

Sources: app/controllers/api/v1/statuses_controller.rb, app/services/post_status_service.rb and
update_status_service.rb of mastodon/mastodon.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from werkzeug.exceptions import InternalServerError

from bot.sandbox.answers import not_found, refused, reply_not_found, too_many_requests
from bot.sandbox.context import Sandbox
from bot.sandbox.mentions import shorten_local_mentions
from bot.sandbox.params import Params
from bot.sandbox.personality import Repeat
from bot.sandbox.rates import STATUS_RATE
from bot.sandbox.records import Account, Draft, Media, Picture, Status, Target
from bot.sandbox.rules import check_description, read_draft, read_media, read_visibility
from bot.sandbox.serialise import View, may_see


def post_status(here: Sandbox, account: Account, params: Params, *, key: str, view: View) -> Status:
    """Publish what the request says, unless its Idempotency-Key has already led to a status.

    Raises Refusal: 404 for an unknown reply target, 422 for what is not valid, 429, 500 for a repeat if so set.
    """
    _refuse_unknown_features(params)
    replied = _reply_target(params, view)
    key = key.strip()
    repeated = _repeated(here, account, key)
    if repeated is not None:
        return repeated
    limits = here.personality.limits
    media = read_media(params, store=here.store, account=account, limits=limits, attached_to=None)
    visibility = read_visibility(params)
    draft = _local(read_draft(params, media, limits=limits), view)
    _spend(here, account)
    target = Target(
        visibility=visibility,
        in_reply_to_id=replied.id if replied else None,
        in_reply_to_account_id=replied.account_id if replied else None,
    )
    return here.store.publish(account, draft, target, key=key)


def edit_status(here: Sandbox, account: Account, status: Status, params: Params, *, view: View) -> Status:
    """Put what the request says in the place of everything the status said; only the language survives omission.

    No difference: no edit. Raises Refusal (422, 429).
    """
    _refuse_unknown_features(params)
    limits = here.personality.limits
    media = read_media(params, store=here.store, account=account, limits=limits, attached_to=status.id)
    draft = _local(read_draft(params, media, limits=limits, language=status.draft.language), view)
    descriptions = {change.media_id: check_description(change.description, limits) for change in params.media_changes}
    pictures = tuple(
        Picture(media_id=item.id, description=descriptions.get(item.id, item.description)) for item in media
    )
    if draft == status.draft and _unchanged(media, pictures):
        return status
    _spend(here, account)
    return here.store.revise(status, draft, pictures)


def _refuse_unknown_features(params: Params) -> None:
    if params.names_any("poll"):
        raise refused("This sandbox takes no polls.")
    if params.text("scheduled_at"):
        raise refused("This sandbox takes no scheduled posts.")


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
    if used is None or repeat is Repeat.IGNORED:
        return None
    if repeat is Repeat.ERROR:
        raise InternalServerError  # an HTML page, as for every error that Mastodon did not foresee
    status = here.store.status(used.status_id)
    if status is None:
        raise not_found()
    return status


def _local(draft: Draft, view: View) -> Draft:
    return replace(draft, text=shorten_local_mentions(draft.text, store=view.store, base=view.base))


def _unchanged(media: Sequence[Media], pictures: Sequence[Picture]) -> bool:
    return [item.description for item in media] == [picture.description for picture in pictures]


def _spend(here: Sandbox, account: Account) -> None:
    if not here.counter.limited:
        return
    now = here.store.clock.now()
    if here.counter.look(STATUS_RATE, account.id, now).remaining == 0:
        raise too_many_requests()
    here.counter.count(STATUS_RATE, account.id, now)
