"""Alt texts that say nothing, and pictures in the text that have none. (For the toot's pictures reading sees to it.)"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote

from bot.check.findings import about
from bot.check.markup import links_of
from bot.check.subject import Subject
from bot.compose.pictures import pictures_of, problem_of
from bot.config import Account
from bot.domain import GIF_PIXELS, Finding, Limits, Picture, Post, Severity

_HOW: Final = "Say what it shows, as you would on the telephone."
_WORDS: Final = re.compile(r"[^\W_]+")
#: What says nothing, whatever the picture is.
_EMPTY_WORDS: Final = frozenset(
    {"image", "picture", "photo", "photograph", "cover", "cover image", "cover picture", "banner", "header", "logo"}
    | {"screenshot", "graphic", "untitled", "alt", "alt text", "todo", "tbd", "img"}
)
_IMAGE_OF: Final = re.compile(r"\s*(?:an?\s+|the\s+)?(?:image|picture|graphic|pic)\s+of\b", re.IGNORECASE)


def check_alts(subject: Subject) -> Iterator[Finding]:
    """Of posts whose wording can still be chosen."""
    for post in subject.fresh:
        for field, picture in _pictures(post):
            yield from _of_alt(post, picture.alt, picture.url, field=field)
        source = subject.source(post)
        for link in links_of(source) if source else ():
            if not link.is_picture:
                continue
            if link.alt is None:
                problem = f"the picture {link.address} has no alt text, so those who cannot see it miss it."
                remedy = 'Write ![what it shows](address), or alt="" in HTML if it is mere decoration.'
                yield about(post, "alt-missing", problem, remedy, line=link.line, column=link.column)
            else:
                yield from _of_alt(post, link.alt, link.address, line=link.line, column=link.column)


def _pictures(post: Post) -> Iterator[tuple[str, Picture]]:
    if post.cover is not None:
        yield "cover.alt" if "cover.alt" in post.lines else "cover", post.cover
    for number, picture in enumerate(post.mastodon.media or ()):
        yield f"mastodon.media[{number}]", picture


def _of_alt(
    post: Post, alt: str, address: str, *, field: str = "", line: int | None = None, column: int | None = None
) -> Iterator[Finding]:
    said, name = _plain(alt), PurePosixPath(unquote(address.partition("?")[0].partition("#")[0]))
    if not said:
        return
    what = ""
    if said == _plain(post.title):
        what = "is the title, which stands beside the picture already"
    elif said in (_plain(name.name), _plain(name.stem)):
        what = "is the file's name"
    elif said in _EMPTY_WORDS:
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


LARGEST: Final = 3 * 1024 * 1024  #: bytes; readers and people on the road load all of it
#: Width to height. Link cards are about 1.9; beyond these a timeline shows a strip, or cuts top and bottom off.
WIDEST: Final = 3.0
TALLEST: Final = 0.5


def check_covers(subject: Subject) -> Iterator[Finding]:
    """Of posts whose pictures can still be chosen; for the toot every picture is scaled as the server needs it."""
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
        yield _finding(
            post,
            "mastodon.link_card",
            rule="picture-unseen",
            problem="asks for the page's card, so the pictures of `media` are not shown.",
            remedy="Keep one of the two.",
        )
    pictures = [picture for picture in pictures_of(post, account) if not problem_of(picture)]
    if len(pictures) > limits.pictures:
        yield _finding(
            post,
            "mastodon.media",
            rule="too-many-pictures",
            problem=f"holds {len(pictures)} pictures; the server takes {limits.pictures}, so the last are left out.",
            remedy="Choose the ones that matter most.",
        )
    for number, picture in enumerate(pictures[: limits.pictures]):
        field = f"mastodon.media[{number}]" if post.mastodon.media is not None else "cover"
        yield from _of_picture(post, picture, field, limits)


def _of_picture(post: Post, picture: Picture, field: str, limits: Limits) -> Iterator[Finding]:
    if len(picture.alt) > limits.description:
        yield _finding(
            post,
            field,
            rule="alt-shortened",
            problem=f"the alt text has {len(picture.alt)} characters; the server takes {limits.description}, "
            "so it is shortened.",
            remedy="Say the same in fewer words.",
        )
    pixels = (picture.width or 0) * (picture.height or 0)
    if picture.media_type == "image/gif" and pixels > min(GIF_PIXELS, limits.picture_pixels):
        yield _finding(
            post,
            field,
            rule="animation-stopped",
            problem=f"a GIF of {picture.width} x {picture.height} is too large to move; its first picture is shown.",
            remedy="If it is an animation, make it smaller: 1280 x 720 at most.",
            severity=Severity.NOTE,
        )


def _finding(
    post: Post, field: str, *, rule: str, problem: str, remedy: str, severity: Severity = Severity.WARNING
) -> Finding:
    line = post.lines.get(field) or post.lines.get("mastodon.media" if field.startswith("mastodon.media") else field)
    return Finding(rule=rule, severity=severity, path=post.path, line=line, field=field, problem=problem, remedy=remedy)
