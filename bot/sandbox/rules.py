"""What a status must satisfy, and how its text is cleaned, in the order in which Mastodon looks.

Sources: app/services/post_status_service.rb, update_status_service.rb, app/models/status.rb and
app/validators/ of mastodon/mastodon.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.compose.count import status_length
from bot.model import Limits
from bot.sandbox.answers import failed, refused
from bot.sandbox.languages import DEFAULT_LANGUAGE, known_language
from bot.sandbox.params import Params
from bot.sandbox.records import Account, Draft, Media
from bot.sandbox.store import Store

_STRIPPED: Final = "\0\t\n\v\f\r "  # what Ruby's String#strip takes away
_VISIBILITIES: Final = ("public", "unlisted", "private", "direct")


@dataclass(frozen=True, kw_only=True, slots=True)
class Wording:
    """The words of a request after the rule for content warnings without text."""

    text: str
    spoiler_text: str
    sensitive: bool


def read_wording(params: Params) -> Wording:
    """Strip the ends. A content warning without a text becomes the text; one in any case makes it sensitive."""
    text = (params.text("status") or "").strip(_STRIPPED)
    spoiler_text = (params.text("spoiler_text") or "").strip(_STRIPPED)
    sensitive = bool(params.flag("sensitive")) or bool(spoiler_text)
    if not text.strip() and spoiler_text:
        return Wording(text=spoiler_text, spoiler_text="", sensitive=sensitive)
    return Wording(text=text, spoiler_text=spoiler_text, sensitive=sensitive)


def read_draft(params: Params, media: Sequence[Media], *, limits: Limits, language: str = DEFAULT_LANGUAGE) -> Draft:
    """The checked words of a status with these media. `language` stands where the request names none that is known.

    Raises Refusal (422).
    """
    wording = read_wording(params)
    check_wording(wording, has_media=bool(media), limits=limits)
    return Draft(
        text=wording.text,
        spoiler_text=wording.spoiler_text,
        sensitive=wording.sensitive,
        language=known_language(params.text("language") or "") or language,
        media_ids=tuple(item.id for item in media),
    )


def check_wording(wording: Wording, *, has_media: bool, limits: Limits) -> None:
    """Raises Refusal (422) for a blank or too long text; links count 23, mentions without their domain."""
    if not wording.text.strip() and not has_media:
        raise failed("Text can't be blank")
    if status_length(wording.text, wording.spoiler_text, limits=limits) > limits.characters:
        raise failed(f"Text character limit of {limits.characters} exceeded")


def read_visibility(params: Params) -> str:
    """Public unless the request says otherwise. Raises Refusal (422) for a word that is none of the four."""
    visibility = params.text("visibility") or "public"
    if visibility not in _VISIBILITIES:
        raise failed("Visibility is not included in the list")
    return visibility


def read_media(
    params: Params, *, store: Store, account: Account, limits: Limits, attached_to: str | None
) -> list[Media]:
    """The media that a status is to have, in order: the account's own, free or already of this very status.

    Raises Refusal (422) if there are too many, or some are not to be had.
    """
    wanted = list(dict.fromkeys(params.list("media_ids")))
    if len(wanted) > limits.pictures:
        raise refused(f"Cannot attach more than {limits.pictures} files")
    found = {media_id: store.media(media_id) for media_id in wanted}
    usable = [
        media
        for media in found.values()
        if media is not None and media.account_id == account.id and media.status_id in (None, attached_to)
    ]
    missing = [media_id for media_id in wanted if media_id not in {media.id for media in usable}]
    if missing:
        raise refused(f"Media {', '.join(missing)} not found or already attached to another post")
    return usable


def check_description(description: str | None, limits: Limits) -> str | None:
    """The description of a picture, None if it is blank. Raises Refusal (422) if it is too long."""
    if description is not None and len(description) > limits.description:
        raise failed(f"Description is too long (maximum is {limits.description} characters)")
    return (description or "").strip() or None
