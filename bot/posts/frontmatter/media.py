"""`mastodon: media:` in front matter → the toot's pictures in order, and findings about them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

from bot.domain import Picture, PictureFault
from bot.domain.template_tags import find_tags
from bot.domain.text import one_line
from bot.posts.body.html import to_absolute
from bot.posts.frontmatter.keys import MEDIA, unknown_key_remedy
from bot.posts.pictures import NOT_HTTPS, Bundle, find_picture, remedy_for

if TYPE_CHECKING:
    from bot.config import Config
    from bot.posts.frontmatter.fields import Fields, Notes
    from bot.posts.frontmatter.yaml import Value


_COVER_HOW = "Write cover: and below it url: and alt:, each on its own line and indented."


@dataclass(frozen=True, kw_only=True, slots=True)
class WrittenCover:
    """The cover as written in the front matter."""

    field: str  #: the key of its address: "cover.url", "cover" or "image"
    url: str | None
    alt: str | None


def read_written_cover(fields: Fields) -> WrittenCover:
    """Read the cover's values without its file. Raises PostError for a wrong type."""
    cover = fields.get("cover")
    if isinstance(cover, dict):
        return WrittenCover(field="cover.url", url=fields.text("cover.url"), alt=fields.text("cover.alt"))
    if isinstance(cover, list):
        raise fields.fault("cover", "must be one picture, not a list.", _COVER_HOW)
    if cover is None and isinstance(fields.get("image"), str):
        return WrittenCover(field="image", url=fields.text("image"), alt=None)
    return WrittenCover(field="cover", url=fields.text("cover"), alt=None)


def read_cover(
    fields: Fields, notes: Notes, *, permalink: str, config: Config, bundle: Bundle | None = None
) -> Picture | None:
    """Read the cover with the facts about its file; None if the post has no cover. Raises PostError."""
    written = read_written_cover(fields)
    if written.url is None:
        if written.alt:
            notes.add("cover-missing", "has an alt text but no url.", field="cover", remedy=_COVER_HOW)
        return None
    if find_tags(written.url):
        problem = "holds a template tag, which nothing resolves here; the post goes out without a cover."
        notes.add("template-tag", problem, field=written.field, remedy="Write the picture's address itself.")
        return None
    url = to_absolute(written.url, permalink)
    if url is None or not url.startswith("http"):
        raise fields.fault(
            written.field, f'"{written.url}" is not a picture\'s address.', "Write for example /assets/cover.jpg."
        )
    picture = find_picture(url, written.alt, config=config, bundle=bundle)
    _note_cover_faults(picture, written, notes)
    return picture


def _note_cover_faults(picture: Picture, written: WrittenCover, notes: Notes) -> None:
    if picture.problem:
        rule = "cover-missing" if picture.fault is PictureFault.MISSING else "cover-unusable"
        notes.add(rule, f"{picture.problem}.", field=written.field, remedy=remedy_for(picture.fault))
    elif picture.path is None and not picture.remote:
        notes.add(
            "cover-unusable", "is not fetched for the toot: it is not https.", field=written.field, remedy=NOT_HTTPS
        )
    if not picture.alt:
        notes.add(
            "alt-missing",
            "the cover has no alt text, so those who cannot see it miss it.",
            field="cover" if written.field == "cover.url" else written.field,
            remedy='Write alt: "what the picture shows" below cover:.' if written.field == "cover.url" else _COVER_HOW,
        )


_LIST: Final = "mastodon.media"
_HOW: Final = "Write - file: /assets/picture.jpg and below it, indented as far as file, alt: and focus:."
_FOCUS: Final = "Write two numbers from -1 to 1, for example focus: [0.3, -0.5]: to the right, and below the middle."


def read_media(
    fields: Fields, notes: Notes, *, config: Config, bundle: Bundle | None = None
) -> tuple[Picture, ...] | None:
    """Read the pictures of the toot; None if there is no list: then the toot shows the cover. Raises PostError."""
    items = fields.get(_LIST)
    if items is None:
        return None
    if not isinstance(items, list):
        raise fields.fault(_LIST, "must be a list of pictures.", f"{_HOW} No pictures at all: media: [].")
    return tuple(_picture(item, number, fields, notes, config, bundle) for number, item in enumerate(items))


def _picture(item: Value, number: int, fields: Fields, notes: Notes, config: Config, bundle: Bundle | None) -> Picture:
    name = f"{_LIST}[{number}]"
    # The line of the picture's first key, or of the whole list if it is written on one line.
    place = name if name in fields else _LIST
    words = {"file": item} if isinstance(item, str) else item
    if not isinstance(words, dict):
        raise fields.fault(place, f"the {_nth(number)} is not a picture.", _HOW)
    for key in words:
        if key not in MEDIA:
            remedy = unknown_key_remedy(key, MEDIA)
            notes.add("unknown-key", f'"{key}" is not a key that is read.', field=place, remedy=remedy)
    file, alt = words.get("file"), words.get("alt")
    if not isinstance(file, str) or not file.strip():
        raise fields.fault(place, f"the {_nth(number)} picture names no file.", _HOW)
    if alt is not None and not isinstance(alt, str):
        raise fields.fault(place, f"the alt of the {_nth(number)} picture must be text.", 'Write alt: "your words".')
    try:
        focus = _focus(words.get("focus"))
    except ValueError as error:
        raise fields.fault(place, f"the focus of the {_nth(number)} picture {error}.", _FOCUS) from None
    picture = replace(_of_file(one_line(file), one_line(alt or ""), config, bundle), focus=focus)
    _note_faults(picture, place, number, notes)
    return picture


def _of_file(file: str, alt: str, config: Config, bundle: Bundle | None) -> Picture:
    if find_tags(file):
        return Picture(url=file, alt=alt, problem=f"{file} is a template tag, which nothing resolves here")
    try:
        parts = urlsplit(file)
        host = parts.hostname
    except ValueError:
        return Picture(url=file, alt=alt, problem=f"{file} is not a picture's address")
    if not parts.scheme and not parts.netloc:
        # A path below the assets folder, with or without a leading slash; "?" and "%" are literal.
        # The address must not depend on where the file was found, because the digest covers it (`digest`).
        url = f"{config.site.url}/{quote(file.lstrip('/'))}"
        return find_picture(url, alt, config=config, bundle=bundle, beside=None if file.startswith("/") else file)
    if parts.scheme not in ("http", "https") or not host:
        return Picture(url=file, alt=alt, problem=f"{file} is not a picture's address")
    picture = find_picture(file, alt, config=config)
    if picture.path is None and not picture.problem and not picture.remote:
        return replace(picture, problem=f"{file} is not fetched: it is not https", fault=PictureFault.NOT_HTTPS)
    return picture


def _focus(value: Value) -> tuple[float, float] | None:
    """Parse a focal point. Raises ValueError with the end of a sentence."""
    if value is None:
        return None
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list) or len(parts) != 2:
        raise ValueError("must be two numbers")
    try:
        x, y = (float(part) if isinstance(part, str) else math.nan for part in parts)
    except ValueError:
        raise ValueError("must be two numbers") from None
    if not (-1 <= x <= 1 and -1 <= y <= 1):
        raise ValueError("must be numbers from -1 to 1")
    return x, y


def _note_faults(picture: Picture, place: str, number: int, notes: Notes) -> None:
    if picture.problem:
        rule = "picture-missing" if picture.fault is PictureFault.MISSING else "picture-unusable"
        notes.add(rule, f"{picture.problem}.", field=place, remedy=remedy_for(picture.fault))
    if not picture.alt:
        notes.add(
            "alt-missing",
            f"the {_nth(number)} picture has no alt text, so those who cannot see it miss it.",
            field=place,
            remedy='Write alt: "what the picture shows" below file:.',
        )


def _nth(number: int) -> str:
    words = ("first", "second", "third", "fourth")
    if number < len(words):
        return words[number]
    is_teen = (number + 1) % 100 in (11, 12, 13)
    return f"{number + 1}{'th' if is_teen else {1: 'st', 2: 'nd', 3: 'rd'}.get((number + 1) % 10, 'th')}"
