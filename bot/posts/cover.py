"""`cover:` (or `image:`) in front matter → a Picture, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.model import Picture
from bot.posts.links import absolute
from bot.posts.pictures import MISSING, NOT_HTTPS, Bundle, picture_of, remedy_for
from bot.posts.tags import find_tags

if TYPE_CHECKING:
    from bot.config import Config
    from bot.posts.fields import Fields
    from bot.posts.notes import Notes

_HOW = "Write cover: and below it url: and alt:, each on its own line and indented."


@dataclass(frozen=True, kw_only=True, slots=True)
class WrittenCover:
    """A cover as front matter has it."""

    field: str  #: where its address stands: "cover.url", "cover" or "image"
    url: str | None
    alt: str | None


def written_cover(fields: Fields) -> WrittenCover:
    """The cover as it is written. Raises PostError for a wrong type."""
    cover = fields.get("cover")
    if isinstance(cover, dict):
        return WrittenCover(field="cover.url", url=fields.text("cover.url"), alt=fields.text("cover.alt"))
    if isinstance(cover, list):
        raise fields.fault("cover", "must be one picture, not a list.", _HOW)
    if cover is None and isinstance(fields.get("image"), str):
        return WrittenCover(field="image", url=fields.text("image"), alt=None)
    return WrittenCover(field="cover", url=fields.text("cover"), alt=None)


def read_cover(
    fields: Fields, notes: Notes, *, permalink: str, config: Config, bundle: Bundle | None = None
) -> Picture | None:
    """The cover with the facts about its file; None if there is none. Raises PostError."""
    written = written_cover(fields)
    if written.url is None:
        if written.alt:
            notes.warn("cover-missing", "has an alt text but no url.", field="cover", remedy=_HOW)
        return None
    if find_tags(written.url):
        problem = "holds a template tag, which nothing resolves here; the post goes out without a cover."
        notes.warn("template-tag", problem, field=written.field, remedy="Write the picture's address itself.")
        return None
    url = absolute(written.url, permalink)
    if url is None or not url.startswith("http"):
        raise fields.fault(
            written.field, f'"{written.url}" is not a picture\'s address.', "Write for example /assets/cover.jpg."
        )
    picture = picture_of(url, written.alt, config=config, bundle=bundle)
    _note_faults(picture, written, notes)
    return picture


def _note_faults(picture: Picture, written: WrittenCover, notes: Notes) -> None:
    if picture.problem:
        rule = "cover-missing" if picture.problem.startswith(MISSING) else "cover-unusable"
        notes.warn(rule, f"{picture.problem}.", field=written.field, remedy=remedy_for(picture.problem))
    elif picture.path is None and not picture.remote:
        notes.warn(
            "cover-unusable", "is not fetched for the toot: it is not https.", field=written.field, remedy=NOT_HTTPS
        )
    if not picture.alt:
        notes.warn(
            "alt-missing",
            "the cover has no alt text, so those who cannot see it miss it.",
            field="cover" if written.field == "cover.url" else written.field,
            remedy='Write alt: "what the picture shows" below cover:.' if written.field == "cover.url" else _HOW,
        )
