"""What gives a post away in a file of a built site. Pure.

A file is gone through once for its words; only posts whose key words are all among them are looked for closely. So
what a file costs hardly depends on how many posts are to come.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote, urljoin, urlsplit

from bot.model import Post

#: A title tells of its post if it has at least so many words and characters: "News" or "Call for proposals" may stand
#: anywhere, "Keynote: Priya Vellanoor" may not.
TITLE_WORDS: Final = 3
TITLE_LENGTH: Final = 20
#: A slug as telling as this is looked for in every path, not only where the permalink says.
SLUG_WORDS: Final = 3
SLUG_LENGTH: Final = 15

_WORD: Final = re.compile(r"[^\W_]+")
_TAG: Final = re.compile(r"<[^<>]*>")
_ESCAPED: Final = re.compile(r"\\u([0-9a-fA-F]{4})")
#: Spaces, quotes and brackets end an address in HTML, XML, JSON and plain text; "=" stands before one without quotes.
_ADDRESS: Final = re.compile(r"[^\s\"'<>()\[\]{},;|`\\=]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Traces:
    """What one post is known by."""

    post: Post
    host: str  #: the site's
    path: str  #: of its page, without what servers add: "/news/tickets"
    title: str  #: its words in lower case, a space on both sides; empty if it tells nothing
    slug: str  #: in lower case; empty if it tells nothing
    keys: tuple[frozenset[str], ...]  #: a text that holds all the words of none of these does not name the post


def traces_of(wanted: Iterable[Post], *, others: Iterable[Post]) -> tuple[Traces, ...]:
    """What to look for. A title that also stands in one of the `others`, which may be on the site, tells nothing."""
    known = [_words_of(post.title) for post in others]
    return tuple(_traces_of(post, known) for post in wanted)


def _traces_of(post: Post, known: Sequence[str]) -> Traces:
    title, slug, address = _words_of(post.title), post.slug.casefold(), urlsplit(post.url)
    slug_words = _WORD.findall(slug)
    if len(title.split()) < TITLE_WORDS or len(title) < TITLE_LENGTH + 2 or any(title in other for other in known):
        title = ""
    path = unquote(address.path).rstrip("/")
    return Traces(
        post=post,
        host=address.netloc,
        path=path.removesuffix(".html"),
        title=title,
        slug=slug if len(slug_words) >= SLUG_WORDS and len(slug) >= SLUG_LENGTH else "",
        keys=tuple(frozenset(words) for words in (slug_words, title.split()) if words),
    )


class Lookout:
    """Finds which of many posts a file gives away."""

    def __init__(self, traces: Sequence[Traces]) -> None:
        self._by_path = {one.path: one for one in traces}
        self._by_slug = {one.slug: one for one in traces if one.slug}
        # Each key is kept under its longest word, which is as a rule the rarest.
        self._by_word: dict[str, list[tuple[frozenset[str], Traces]]] = {}
        for one in traces:
            for key in one.keys:
                self._by_word.setdefault(max(key, key=lambda word: (len(word), word)), []).append((key, one))

    def named_by(self, path: str) -> tuple[Post, str] | None:
        """The post whose page a file is, by its path below the site's root ("/news/tickets/index.html"), and why."""
        names = _names(path)
        for name in names:
            if name in self._by_path:
                return self._by_path[name].post, "is its page"
        for name in names:
            for part in name.casefold().split("/"):
                if part in self._by_slug:
                    return self._by_slug[part].post, "is named like it"
        return None

    def named_in(self, text: str, *, at: str) -> Iterator[tuple[Post, str]]:
        """Posts that a text names, and how; `at` is the address of its file, which relative ones count from."""
        plain = _plain(text)
        folded = plain.casefold()
        words = set(_WORD.findall(folded))
        near = {
            one.path: one for word in self._by_word.keys() & words for key, one in self._by_word[word] if key <= words
        }
        if not near:
            return
        candidates = set(_ADDRESS.findall(plain))
        said = ""
        for one in near.values():
            # Only what holds the slug is worth taking apart.
            paths = _paths((text for text in candidates if one.post.slug in text), at, one.host)
            names = {name for path in paths for name in _names(path)}
            if one.path in names:
                yield one.post, f"holds its address, {one.path}"
            elif one.slug and any(one.slug in name.casefold().split("/") for name in names):
                yield one.post, f"holds an address with its name, {one.slug}"
            elif one.title:
                said = said or _words_of(folded) + _words_of(_TAG.sub(" ", folded))
                if one.title in said:
                    yield one.post, "holds its title"


def _plain(text: str) -> str:
    """A text without the escapes of HTML, XML, JSON and addresses."""
    if "\\" in text:
        text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text).replace("\\/", "/")
    if "&" in text:
        text = html.unescape(text)
    return unquote(text) if "%" in text else text


def _words_of(text: str) -> str:
    return f" {' '.join(_WORD.findall(text.casefold()))} "


def _paths(addresses: Iterable[str], at: str, host: str) -> Iterator[str]:
    """The paths of those addresses that lead to the site."""
    for address in addresses:
        try:
            parts = urlsplit(urljoin(at, address.rstrip(".:!")))
        except ValueError:
            continue
        if parts.netloc == host:
            yield parts.path


def _names(path: str) -> tuple[str, ...]:
    """What a path may be called once a server has added its part: "/news/tickets.html" is "/news/tickets" too."""
    whole = path.rstrip("/")
    short = PurePosixPath(whole).with_suffix("") if PurePosixPath(whole).name else PurePosixPath("/")
    return (whole, str(short), str(short.parent)) if short.name == "index" else (whole, str(short))
