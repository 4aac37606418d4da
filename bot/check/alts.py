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
from bot.model import Finding, Picture, Post

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
