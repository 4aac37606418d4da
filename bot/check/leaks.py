"""Find what reveals a post before its release: names of files, and traces in a built site. Pure.

Each file of a built site is split into words once; only posts whose key words all occur are searched for closely. So
the cost of a file hardly depends on the number of posts to come.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote, urljoin, urlsplit

from bot.check.findings import about
from bot.check.subject import Subject
from bot.domain import Finding, Post

_WORD_OF_A_NAME: Final = re.compile(r"[^\W_]+")


def check_names(subject: Subject) -> Iterator[Finding]:
    """Addresses that differ in capitals only; file names of posts to come that reveal whom they present."""
    first: dict[str, Post] = {}
    for post in subject.posts:
        other = first.setdefault(post.url.casefold(), post)
        if other is not post:
            problem = f"{post.url} and the page of {other.path} differ in capitals only; many hosts keep one of them."
            yield about(post, "similar-name", problem, "Rename one of the files.", others=(other.path,))
    for post in subject.secret:
        yield from _check_speakers(post)


def _check_speakers(post: Post) -> Iterator[Finding]:
    """Names of files that contain the whole name of a speaker: who is announced is the news.

    The file's name is visible in the repository, the cover's on the site as well: most sites publish all pictures with
    the next build.
    """
    cover = PurePosixPath(unquote(urlsplit(post.cover.url).path)).stem if post.cover and not post.cover.remote else ""
    names = {"the file's name": _name_words(post.slug), "the picture's name": _name_words(cover)}
    for speaker in post.speakers:
        words = _name_words(speaker)
        revealing = [what for what, parts in names.items() if words and words <= parts]
        if revealing:
            verb = "tells" if len(revealing) == 1 else "tell"
            problem = f"{' and '.join(revealing)} {verb} of {speaker} before the release."
            remedy = "If that is a secret, choose names such as keynote-1; both may be seen as soon as they are merged."
            yield about(post, "embargo-name", problem, remedy, field="speakers")


def _name_words(name: str) -> frozenset[str]:
    plain = unicodedata.normalize("NFKD", name).casefold()
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return frozenset(_WORD_OF_A_NAME.findall(plain))


#: A title identifies its post if it has at least so many words and characters: "News" or "Call for proposals" may
#: occur anywhere, "Keynote: Priya Vellanoor" may not.
TITLE_WORDS: Final = 3
TITLE_LENGTH: Final = 20
#: A slug of at least so many words and characters is searched for in every path, not only in the permalink.
SLUG_WORDS: Final = 3
SLUG_LENGTH: Final = 15

_WORD: Final = re.compile(r"[^\W_]+")
#: What may separate two words of a title: spaces, signs and tags. Possessive, so that no text makes it slow.
_BETWEEN: Final = r"(?:<[^<>]*+>|[^\w<]|_)++"
#: The escapes of JSON and of addresses, which would merge with the word after them.
_ESCAPES: Final = re.compile(rb"\\u[0-9a-fA-F]{4}|%[0-9a-fA-F]{2}")
_ESCAPED: Final = re.compile(r"\\u([0-9a-fA-F]{4})")
#: Spaces, quotes and brackets end an address in HTML, XML, JSON and plain text; "=" stands before one without quotes.
_ADDRESS: Final = re.compile(r"[^\s\"'<>()\[\]{},;|`\\=]*")
#: Characters that are searched for the beginning of an address, before its slug.
_LONGEST: Final = 300
_ASCII_WORDS: Final = bytes(
    code if chr(code).isascii() and chr(code).isalnum() else ord(" ") for code in bytes(range(256)).lower()
)


@dataclass(frozen=True, kw_only=True, slots=True)
class LeakPatterns:
    """The patterns that identify one post."""

    post: Post
    host: str  #: the site's
    path: str  #: of its page, without suffixes that servers add: "/news/tickets"
    title: re.Pattern[str] | None  #: finds it in lower-case text; None if it is too common
    slug: str  #: in lower case; empty if it is too common
    keys: tuple[frozenset[bytes], ...]  #: a file that holds all the words of none of these does not name the post


def leak_patterns_of(wanted: Iterable[Post], *, others: Iterable[Post]) -> tuple[LeakPatterns, ...]:
    """The patterns to search for. A title that also occurs in one of the `others` is none: they may be online."""
    known = [_words_of(post.title) for post in others]
    return tuple(_patterns_of(post, known) for post in wanted)


def _patterns_of(post: Post, known: Sequence[str]) -> LeakPatterns:
    title, slug, address = _words_of(post.title), post.slug.casefold(), urlsplit(post.url)
    words = title.split()
    common = len(words) < TITLE_WORDS or len(title.strip()) < TITLE_LENGTH or any(title in other for other in known)
    distinctive = len(_WORD.findall(slug)) >= SLUG_WORDS and len(slug) >= SLUG_LENGTH
    return LeakPatterns(
        post=post,
        host=address.netloc,
        path=unquote(address.path).rstrip("/").removesuffix(".html"),
        title=None if common else re.compile(_BETWEEN.join(map(re.escape, words))),
        slug=slug if distinctive else "",
        keys=(_key(post.slug), *(() if common else (_key(post.title),))),
    )


def _words_of(text: str) -> str:
    return f" {' '.join(_WORD.findall(text.casefold()))} "


def _key(text: str) -> frozenset[bytes]:
    return frozenset(text.encode().translate(_ASCII_WORDS).split())


class LeakScanner:
    """Finds which of many posts a file reveals."""

    def __init__(self, patterns: Sequence[LeakPatterns]) -> None:
        self._by_path = {one.path: one for one in patterns}
        self._by_slug = {one.slug: one for one in patterns if one.slug}
        # Each key is indexed by its longest word, usually the rarest; one without words is always a candidate.
        self._by_word: dict[bytes, list[tuple[frozenset[bytes], LeakPatterns]]] = {}
        for one in patterns:
            for key in one.keys:
                word = max(key, key=lambda word: (len(word), word), default=b"")
                self._by_word.setdefault(word, []).append((key, one))

    def find_by_path(self, path: str) -> tuple[Post, str] | None:
        """The post whose page a file is, and the evidence; `path` is below the site: "/news/tickets/index.html"."""
        names = _names(path)
        for name in names:
            if name in self._by_path:
                return self._by_path[name].post, "is its page"
        for name in names:
            for part in name.casefold().split("/"):
                if part in self._by_slug:
                    return self._by_slug[part].post, "is named like it"
        return None

    def find_in_text(self, data: bytes, *, at: str) -> Iterator[tuple[Post, str]]:
        """The posts that a text names, and the evidence; `at` is the address of its file, the base of relative ones."""
        plain = ""
        if (b"%" in data or b"\\" in data) and _ESCAPES.search(data):
            plain = _plain(data)
            data = plain.encode()
        words = {b"", *data.translate(_ASCII_WORDS).split()}
        near = {
            one.path: one for word in self._by_word.keys() & words for key, one in self._by_word[word] if key <= words
        }
        if not near:
            return
        plain = plain or _plain(data)
        folded = plain.casefold()
        for one in near.values():
            names = {name for path in _paths(_addresses(one.post.slug, plain), at, one.host) for name in _names(path)}
            if one.path in names:
                yield one.post, f"holds its address, {one.path}"
            elif one.slug and any(one.slug in name.casefold().split("/") for name in names):
                yield one.post, f"holds an address with its name, {one.slug}"
            elif one.title is not None and _contains_title(one.title, folded):
                yield one.post, "holds its title"


def _contains_title(title: re.Pattern[str], folded: str) -> bool:
    # The pattern begins with a plain word, which makes the search fast; whole words are required here.
    return any(
        not (folded[found.start() - 1 : found.start()].isalnum() or folded[found.end() : found.end() + 1].isalnum())
        for found in title.finditer(folded)
    )


def _plain(data: bytes) -> str:
    """A text with the escapes of HTML, XML, JSON and addresses resolved."""
    text = data.decode("utf-8", "ignore")
    if "\\" in text:
        text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text).replace("\\/", "/")
    if "&" in text:
        text = html.unescape(text)
    return unquote(text) if "%" in text else text


def _addresses(slug: str, text: str) -> set[str]:
    """Everything in a text that looks like an address with a part that begins with this slug."""
    found = set()
    begin = text.find(slug)
    while begin >= 0:
        end = begin + len(slug)
        if text[begin - 1 : begin] in "/\"'`=" and text[end : end + 1] in "/.?#\"'`<>) \n":
            before = _ADDRESS.match(text[max(0, begin - _LONGEST) : begin][::-1])
            behind = _ADDRESS.match(text, begin)
            assert before is not None
            assert behind is not None
            address = before[0][::-1] + behind[0]
            # A single word in quotes is no address.
            if "/" in address or ".htm" in address:
                found.add(address)
        begin = text.find(slug, end)
    return found


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
    """The paths under which a server may serve a file: "/news/tickets.html" is "/news/tickets" too."""
    whole = path.rstrip("/")
    short = PurePosixPath(whole).with_suffix("") if PurePosixPath(whole).name else PurePosixPath("/")
    return (whole, str(short), str(short.parent)) if short.name == "index" else (whole, str(short))
