"""File names that collide, and file names that tell of news to come."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote, urlsplit

from bot.check.findings import about
from bot.check.subject import Subject
from bot.model import Finding, Post

_WORD: Final = re.compile(r"[^\W_]+")


def check_naming(subject: Subject) -> Iterator[Finding]:
    """Collisions among all posts; of those to come the names that give away whom they present."""
    first: dict[str, Post] = {}
    for post in subject.posts:
        other = first.setdefault(post.url.casefold(), post)
        if other is not post:
            problem = f"{post.url} and the page of {other.path} differ in capitals only; many hosts keep one of them."
            yield about(post, "similar-name", problem, "Rename one of the files.")
    for post in subject.secret:
        yield from _told_by_name(post)


def _told_by_name(post: Post) -> Iterator[Finding]:
    """Who is announced is the news. Only whole names of `speakers:` are looked for: a title's words may stand anywhere.

    The file's name is seen in the repository, the cover's on the site as well: most sites put all their pictures
    online with the next build.
    """
    cover = PurePosixPath(unquote(urlsplit(post.cover.url).path)).stem if post.cover and not post.cover.remote else ""
    names = {"the file's name": _words(post.slug), "the picture's name": _words(cover)}
    for speaker in post.speakers:
        words = _words(speaker)
        telling = [name for name, told in names.items() if words and words <= told]
        if telling:
            verb = "tells" if len(telling) == 1 else "tell"
            problem = f"{' and '.join(telling)} {verb} of {speaker} before the release."
            remedy = "If that is a secret, choose names such as keynote-1; both may be seen as soon as they are merged."
            yield about(post, "embargo-name", problem, remedy, field="speakers")


def _words(name: str) -> frozenset[str]:
    plain = unicodedata.normalize("NFKD", name).casefold()
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return frozenset(_WORD.findall(plain))
