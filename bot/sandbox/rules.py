"""What a status must satisfy, and how its text is cleaned, in the order in which Mastodon looks.

Sources: app/services/post_status_service.rb, update_status_service.rb, app/models/status.rb and
app/validators/ of mastodon/mastodon.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Final

from bot.compose.length import graphemes, status_length
from bot.domain import Limits
from bot.sandbox.answers import Refusal, failed, refused
from bot.sandbox.languages import DEFAULT_LANGUAGE, known_language
from bot.sandbox.params import Params
from bot.sandbox.personality import Personality
from bot.sandbox.polls import read_question
from bot.sandbox.records import Account, Draft, Media
from bot.sandbox.store import Store
from bot.sandbox.traits import Length

_STRIPPED: Final = "\0\t\n\v\f\r "  # what Ruby's String#strip takes away
_QUOTE_POLICIES: Final = ("public", "followers", "nobody")


@dataclass(frozen=True, kw_only=True, slots=True)
class Wording:
    """The words of a request after the rule for content warnings without text."""

    text: str
    spoiler_text: str
    sensitive: bool


def read_wording(params: Params, personality: Personality) -> Wording:
    """Strip the ends. A content warning without a text becomes the text (Mastodon); one makes it sensitive anyhow."""
    text = (params.text("status") or "").strip(_STRIPPED)
    spoiler_text = (params.text("spoiler_text") or "").strip(_STRIPPED)
    sensitive = bool(params.flag("sensitive")) or bool(spoiler_text)
    if not text.strip() and spoiler_text and personality.warning_becomes_text:
        return Wording(text=spoiler_text, spoiler_text="", sensitive=sensitive)
    return Wording(text=text, spoiler_text=spoiler_text, sensitive=sensitive)


def read_draft(
    params: Params,
    media: Sequence[Media],
    *,
    personality: Personality,
    now: datetime,
    before: Draft | None = None,
    visibility: str = "public",
) -> Draft:
    """The checked words of a status with these media; what survives its omission is taken from `before`.

    Raises Refusal (422, on some servers 400 or 403).
    """
    limits = personality.limits
    question = read_question(params, limits=limits, now=now)
    if question and media and not limits.poll_with_pictures:
        raise too_many_files(limits)
    wording = read_wording(params, personality)
    is_reply = bool(params.text("in_reply_to_id"))
    if limits.picture_needed and not media and not is_reply and before is None:
        raise Refusal(personality.blank.status, personality.blank.text)
    check_wording(wording, has_more=bool(media), personality=personality)
    language = known_language(params.text("language") or "")
    return Draft(
        text=wording.text,
        spoiler_text=wording.spoiler_text,
        sensitive=wording.sensitive,
        language=language or (before.language if before else DEFAULT_LANGUAGE),
        media_ids=tuple(item.id for item in media),
        question=question,
        quote_policy=read_quote_policy(params, personality, visibility, before),
    )


def check_wording(wording: Wording, *, has_more: bool, personality: Personality) -> None:
    """Raises Refusal for a text that is blank, with no media either, or too long as this server counts."""
    blank, too_long = personality.blank, personality.too_long
    if not wording.text.strip() and not has_more:
        raise Refusal(blank.status, blank.text)
    limit = personality.limits.characters
    if counted(wording.text, wording.spoiler_text, personality) > limit:
        raise Refusal(too_long.status, too_long.text.replace("{limit}", str(limit)))
    most = personality.spoiler_characters
    if most is not None and len(wording.spoiler_text) > most:
        raise Refusal(too_long.status, f"The spoiler text must not be greater than {most} characters.")


def counted(text: str, warning: str, personality: Personality) -> int:
    """The length of a status as this server counts it."""
    match personality.length:
        case Length.SHORTENED:
            return status_length(text, warning, limits=personality.limits)
        case Length.GRAPHEMES:
            return graphemes(text + warning)
        case Length.CODE_POINTS:
            return len(text) + len(warning)
        case Length.TEXT_ONLY:
            return len(text)


def read_visibility(params: Params, personality: Personality) -> str:
    """Public unless the request says otherwise. Raises Refusal (422) for a word that this server does not know."""
    visibility = params.text("visibility") or "public"
    if visibility not in personality.visibilities:
        raise failed("Visibility is not included in the list")
    return visibility


def read_quote_policy(params: Params, personality: Personality, visibility: str, before: Draft | None) -> str:
    """Who may quote; always nobody where not everybody may read. Raises Refusal (422) for an unknown word.

    Source: app/controllers/concerns/api/interaction_policies_concern.rb (4.5).
    """
    said = params.text("quote_approval_policy") if personality.limits.quote_policy else None
    if said and said not in _QUOTE_POLICIES:
        raise failed("Quote approval policy is not included in the list")
    if visibility in ("private", "direct"):
        return "nobody"
    return said or (before.quote_policy if before else "public")


def too_many_files(limits: Limits) -> Refusal:
    return refused(f"Cannot attach more than {limits.pictures} files")


def read_media(
    params: Params, *, store: Store, account: Account, personality: Personality, attached_to: str | None
) -> list[Media]:
    """The media that a status is to have, in order: the account's own, free or already of this very status.

    Raises Refusal (422) if there are too many, or some are not to be
    had, or the server still works on some.
    """
    wanted = list(dict.fromkeys(params.list("media_ids")))
    if len(wanted) > personality.limits.pictures:
        raise too_many_files(personality.limits)
    found = {media_id: store.media(media_id) for media_id in wanted}
    usable = [
        media
        for media in found.values()
        if media is not None and media.account_id == account.id and media.status_id in (None, attached_to)
    ]
    missing = [media_id for media_id in wanted if media_id not in {media.id for media in usable}]
    if missing and not personality.drops_lost_media:
        raise refused(f"Media {', '.join(missing)} not found or already attached to another post")
    if not all(media.ready for media in usable):
        raise refused("Cannot attach files that have not finished processing. Try again in a moment!")
    return usable


def check_description(description: str | None, limits: Limits) -> str | None:
    """The description of a picture, None if it is blank. Raises Refusal (422) if it is too long."""
    if description is not None and len(description) > limits.description:
        raise failed(f"Description is too long (maximum is {limits.description} characters)")
    return (description or "").strip() or None


def read_focus(text: str | None) -> tuple[float, float] | None:
    """A focus "x,y", each brought into -1 to 1; None if there is none. Raises Refusal (422) for what is no focus."""
    if not text:
        return None
    try:
        x, y = (max(-1.0, min(1.0, float(part))) for part in text.split(","))
    except ValueError:
        raise failed("Focus is invalid") from None
    return (x, y) if isfinite(x) and isfinite(y) else (0.0, 0.0)
