"""Posting and editing a status: its rules, and the steps in the order in which Mastodon takes them.

Sources: app/controllers/api/v1/statuses_controller.rb, app/services/post_status_service.rb, update_status_service.rb,
app/models/status.rb and app/validators/ of mastodon/mastodon.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from bot.domain import Limits
from bot.sandbox.context import Sandbox
from bot.sandbox.errors import ApiError, failed, refused, reply_not_found, too_many_requests
from bot.sandbox.idempotency import repeated_status
from bot.sandbox.media import check_description, read_focus, read_media, too_many_files
from bot.sandbox.params import Params
from bot.sandbox.polls import read_question
from bot.sandbox.profiles import ServerProfile
from bot.sandbox.records import Account, Draft, Media, Picture, Status, Target
from bot.sandbox.text import DEFAULT_LANGUAGE, count_characters, known_language, shorten_local_mentions
from bot.sandbox.view import View, may_see

_STRIPPED: Final = "\0\t\n\v\f\r "  # what Ruby's String#strip takes away
_QUOTE_POLICIES: Final = ("public", "followers", "nobody")


def post_status(here: Sandbox, account: Account, params: Params, *, key: str, view: View) -> Status:
    """Publish the status of a request, unless its Idempotency-Key has already led to one.

    Raises ApiError: 404 for an unknown reply target, 422 for an invalid status, 429 above the rate limit, and what the
    profile answers to a repeated key.
    """
    _refuse_unknown_features(params)
    replied = _reply_target(params, view)
    key = key.strip()
    repeated = repeated_status(here.store, here.repeat_policy, account, key)
    if repeated is not None:
        return repeated
    kind = here.profile
    media = read_media(params, store=here.store, account=account, profile=kind, attached_to=None)
    visibility = read_visibility(params, kind)
    draft = read_draft(params, media, profile=kind, now=here.store.clock.now(), visibility=visibility)
    _guard_mentions(params, draft, view)
    _count_status(here, account)
    target = Target(
        visibility=visibility,
        in_reply_to_id=replied.id if replied else None,
        in_reply_to_account_id=replied.account_id if replied else None,
    )
    draft = _as_stored(draft, account, params, here=here, view=view)
    return here.store.publish(account, draft, target, key=key)


def edit_status(here: Sandbox, account: Account, status: Status, params: Params, *, view: View) -> Status:
    """Replace everything that a status says by the request; only an omitted language and quote policy are kept.

    Without a difference nothing is edited, which some servers answer with an error. Raises ApiError (422, 429).
    """
    _refuse_unknown_features(params)
    kind = here.profile
    media = read_media(params, store=here.store, account=account, profile=kind, attached_to=status.id)
    draft = read_draft(
        params,
        media,
        profile=kind,
        now=here.store.clock.now(),
        before=status.draft,
        visibility=status.target.visibility,
    )
    draft = _as_stored(draft, account, params, here=here, view=view)
    pictures = _pictures(params, media, kind.limits)
    if draft == status.draft and _unchanged(media, pictures):
        if kind.unchanged:
            raise ApiError(kind.unchanged.status, kind.unchanged.text)
        return status
    _count_status(here, account)
    return here.store.revise(status, draft, pictures)


def _refuse_unknown_features(params: Params) -> None:
    if params.text("scheduled_at"):
        raise refused("This sandbox takes no scheduled posts.")
    if params.text("quoted_status_id"):
        raise refused("This sandbox takes no quotes.")


def _guard_mentions(params: Params, draft: Draft, view: View) -> None:
    # Guards against accidental mentions (app/services/post_status_service.rb).
    if not params.names_any("allowed_mentions"):
        return
    allowed = params.list("allowed_mentions")
    others = [one for one in view.mentions(draft.text) if one.id not in allowed]
    if others:
        accounts = [{"id": one.id, "acct": one.acct} for one in others]
        raise ApiError(422, "Post would be sent to unexpected accounts", unexpected_accounts=accounts)


def _reply_target(params: Params, view: View) -> Status | None:
    wanted = params.text("in_reply_to_id")
    if not wanted:
        return None
    status = view.store.status(wanted)
    if status is None or not may_see(status, view):
        raise reply_not_found()
    return status


def _as_stored(draft: Draft, account: Account, params: Params, *, here: Sandbox, view: View) -> Draft:
    text = here.hooks.rewrite_text(draft.text, account, params)
    return replace(draft, text=shorten_local_mentions(text, store=view.store, base=view.base))


def _unchanged(media: Sequence[Media], pictures: Sequence[Picture]) -> bool:
    return all(
        item.description == picture.description and picture.focus in (None, item.focus)
        for item, picture in zip(media, pictures, strict=True)
    )


def _count_status(here: Sandbox, account: Account) -> None:
    rate = here.profile.rates.statuses
    if rate is None:
        return
    now = here.store.clock.now()
    if here.counter.usage(rate, account.id, now).remaining == 0:
        raise too_many_requests(here.profile.rates.text)
    here.counter.count(rate, account.id, now)


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


@dataclass(frozen=True, kw_only=True, slots=True)
class StatusText:
    """The text of a request, after the rule for content warnings without a text."""

    text: str
    spoiler_text: str
    sensitive: bool


def read_text(params: Params, profile: ServerProfile) -> StatusText:
    """The stripped text. On Mastodon a content warning without a text becomes the text; a warning implies sensitive."""
    text = (params.text("status") or "").strip(_STRIPPED)
    spoiler_text = (params.text("spoiler_text") or "").strip(_STRIPPED)
    sensitive = bool(params.flag("sensitive")) or bool(spoiler_text)
    if not text.strip() and spoiler_text and profile.warning_becomes_text:
        return StatusText(text=spoiler_text, spoiler_text="", sensitive=sensitive)
    return StatusText(text=text, spoiler_text=spoiler_text, sensitive=sensitive)


def read_draft(
    params: Params,
    media: Sequence[Media],
    *,
    profile: ServerProfile,
    now: datetime,
    before: Draft | None = None,
    visibility: str = "public",
) -> Draft:
    """The validated status with these media; an omitted language or quote policy is taken from `before`.

    Raises ApiError (422, on some servers 400 or 403).
    """
    limits = profile.limits
    question = read_question(params, limits=limits, now=now)
    if question and media and not limits.poll_with_pictures:
        raise too_many_files(limits)
    text = read_text(params, profile)
    is_reply = bool(params.text("in_reply_to_id"))
    if limits.picture_needed and not media and not is_reply and before is None:
        raise ApiError(profile.blank.status, profile.blank.text)
    check_text(text, has_more=bool(media), profile=profile)
    language = known_language(params.text("language") or "")
    return Draft(
        text=text.text,
        spoiler_text=text.spoiler_text,
        sensitive=text.sensitive,
        language=language or (before.language if before else DEFAULT_LANGUAGE),
        media_ids=tuple(item.id for item in media),
        question=question,
        quote_policy=read_quote_policy(params, profile, visibility, before),
    )


def check_text(text: StatusText, *, has_more: bool, profile: ServerProfile) -> None:
    """Raises ApiError for a blank text without media, and for a text that is too long as this server counts."""
    blank, too_long = profile.blank, profile.too_long
    if not text.text.strip() and not has_more:
        raise ApiError(blank.status, blank.text)
    limit = profile.limits.characters
    if count_characters(text.text, text.spoiler_text, profile) > limit:
        raise ApiError(too_long.status, too_long.text.replace("{limit}", str(limit)))
    most = profile.spoiler_characters
    if most is not None and len(text.spoiler_text) > most:
        raise ApiError(too_long.status, f"The spoiler text must not be greater than {most} characters.")


def read_visibility(params: Params, profile: ServerProfile) -> str:
    """The visibility of a request, by default public. Raises ApiError (422) if this server does not have it."""
    visibility = params.text("visibility") or "public"
    if visibility not in profile.visibilities:
        raise failed("Visibility is not included in the list")
    return visibility


def read_quote_policy(params: Params, profile: ServerProfile, visibility: str, before: Draft | None) -> str:
    """Who may quote: nobody, unless everyone may read. Raises ApiError (422) for an unknown policy.

    Source: app/controllers/concerns/api/interaction_policies_concern.rb (4.5).
    """
    said = params.text("quote_approval_policy") if profile.limits.quote_policy else None
    if said and said not in _QUOTE_POLICIES:
        raise failed("Quote approval policy is not included in the list")
    if visibility in ("private", "direct"):
        return "nobody"
    return said or (before.quote_policy if before else "public")
