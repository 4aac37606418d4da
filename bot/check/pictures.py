"""Alt texts that say nothing or are missing, covers that do not fit, and pictures that a server would not show.

Missing alt texts of the toot's pictures are found while a post is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote

from bot.check.findings import about
from bot.check.markup import find_markdown_links
from bot.check.subject import Subject
from bot.compose.pictures import pictures_of, problem_of
from bot.config import Account
from bot.domain import GIF_PIXELS, Finding, Limits, Picture, Post

_HOW: Final = "Say what it shows, as you would on the telephone."
_WORDS: Final = re.compile(r"[^\W_]+")
#: Alt texts that say nothing about any picture.
_EMPTY_WORDS: Final = frozenset(
    {"image", "picture", "photo", "photograph", "cover", "cover image", "cover picture", "banner", "header", "logo"}
    | {"screenshot", "graphic", "untitled", "alt", "alt text", "todo", "tbd", "img"}
)
_IMAGE_OF: Final = re.compile(r"\s*(?:an?\s+|the\s+)?(?:image|picture|graphic|pic)\s+of\b", re.IGNORECASE)


def check_alts(subject: Subject) -> Iterator[Finding]:
    """Useless and missing alt texts, in posts whose wording can still be chosen."""
    for post in subject.fresh:
        for field, picture in _pictures(post):
            yield from _judge_alt(post, picture.alt, picture.url, field=field)
        source = subject.source(post)
        for link in find_markdown_links(source) if source else ():
            if not link.is_picture:
                continue
            if link.alt is None:
                problem = f"the picture {link.address} has no alt text, so those who cannot see it miss it."
                remedy = 'Write ![what it shows](address), or alt="" in HTML if it is mere decoration.'
                yield about(post, "alt-missing", problem, remedy, line=link.line, column=link.column)
            else:
                yield from _judge_alt(post, link.alt, link.address, line=link.line, column=link.column)


def _pictures(post: Post) -> Iterator[tuple[str, Picture]]:
    if post.cover is not None:
        yield "cover.alt" if "cover.alt" in post.lines else "cover", post.cover
    for number, picture in enumerate(post.mastodon.media or ()):
        yield f"mastodon.media[{number}]", picture


def _judge_alt(
    post: Post, alt: str, address: str, *, field: str = "", line: int | None = None, column: int | None = None
) -> Iterator[Finding]:
    words, name = _plain(alt), PurePosixPath(unquote(address.partition("?")[0].partition("#")[0]))
    if not words:
        return
    what = ""
    if words == _plain(post.title):
        what = "is the title, which is already next to the picture"
    elif words in (_plain(name.name), _plain(name.stem)):
        what = "is the file's name"
    elif words in _EMPTY_WORDS:
        what = "does not say what is on it"
    if what:
        yield about(post, "alt-useless", f'the alt text "{alt}" {what}.', _HOW, field=field, line=line, column=column)
        return
    found = _IMAGE_OF.match(alt)
    if found:
        problem = f'the alt text begins with "{found[0].strip()}", which screen readers say by themselves.'
        yield about(post, "alt-image-of", problem, "Begin with what it shows.", field=field, line=line, column=column)


def _plain(text: str) -> str:
    return " ".join(_WORDS.findall(text.casefold()))


LARGEST: Final = 3 * 1024 * 1024  #: bytes; feed readers load all of it, on mobile networks too
#: Width to height. Link cards are about 1.9; beyond these a timeline shows a strip, or cuts top and bottom off.
WIDEST: Final = 3.0
TALLEST: Final = 0.5


def check_covers(subject: Subject) -> Iterator[Finding]:
    """Large or oddly shaped covers, of posts whose pictures can still be chosen.

    Only feeds are concerned: for the toot every picture is scaled as the server needs it.
    """
    for post in subject.fresh:
        cover = post.cover
        if cover is None or cover.problem:
            continue
        field = "cover.url" if "cover.url" in post.lines else "image" if "cover" not in post.lines else "cover"
        if cover.size is not None and cover.size > LARGEST:
            problem = f"has {cover.size / 1024 / 1024:.1f} MB, which everyone loads who reads the feed."
            yield about(post, "cover-large", problem, "Save it with 2000 pixels or less, as JPEG or WebP.", field=field)
        if cover.width and cover.height and not TALLEST <= cover.width / cover.height <= WIDEST:
            shape = "wide" if cover.width > cover.height else "tall"
            problem = f"is {cover.width} x {cover.height}: so {shape} that timelines crop it."
            yield about(
                post, "cover-ratio", problem, "Crop it yourself; about 1200 x 630 shows everywhere.", field=field
            )


def check_pictures(post: Post, *, account: Account, limits: Limits) -> Iterator[Finding]:
    """Findings about the pictures of the post's toot on one account."""
    if post.mastodon.link_card and post.mastodon.media:
        problem = "asks for the page's card, so the pictures of `media` are not shown."
        yield about(post, "picture-unseen", problem, "Keep one of the two.", field="mastodon.link_card")
    pictures = [picture for picture in pictures_of(post, account) if not problem_of(picture)]
    if len(pictures) > limits.pictures:
        problem = f"holds {len(pictures)} pictures; the server takes {limits.pictures}, so the last are left out."
        remedy = "Choose the ones that matter most."
        yield about(post, "too-many-pictures", problem, remedy, field="mastodon.media")
    for number, picture in enumerate(pictures[: limits.pictures]):
        field = f"mastodon.media[{number}]" if post.mastodon.media is not None else "cover"
        yield from _judge_picture(post, picture, field, limits)


def _judge_picture(post: Post, picture: Picture, field: str, limits: Limits) -> Iterator[Finding]:
    if len(picture.alt) > limits.description:
        size = f"{len(picture.alt)} characters; the server takes {limits.description}"
        problem = f"the alt text has {size}, so it is shortened."
        yield about(post, "alt-shortened", problem, "Say the same in fewer words.", field=field)
    pixels = (picture.width or 0) * (picture.height or 0)
    if picture.media_type == "image/gif" and pixels > min(GIF_PIXELS, limits.picture_pixels):
        problem = f"a GIF of {picture.width} x {picture.height} is too large to move; its first picture is shown."
        remedy = "If it is an animation, make it smaller: 1280 x 720 at most."
        yield about(post, "animation-stopped", problem, remedy, field=field)
