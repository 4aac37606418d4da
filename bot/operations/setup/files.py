"""The Markdown files of a site: in which folder its posts are, and which keys their front matter has."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.domain.errors import PostError
from bot.posts.addresses import name_of, split_date
from bot.posts.frontmatter.source import LARGEST_FILE, Source, read_source

#: Folders that are called so hold news, the likeliest first.
NAMES: Final = ("news", "posts", "_posts", "post", "announcements", "blog", "articles")
#: Never looked into: what programs have made or brought.
_PASSED_OVER: Final = frozenset(
    {"node_modules", "_site", "public", "output", "dist", "build", "vendor", "themes", "resources", "venv", "var"}
)
#: So many files are opened to find out where the posts are.
_MOST_FILES: Final = 5000
#: Keys that hold the datetime, where a post has no `published_datetime`; the likeliest first.
DATES: Final = (
    "publishDate",
    "publishdate",
    "pubDate",
    "pubdate",
    "published_at",
    "published",
    "date",
    "Date",
    "datetime",
)
_DATETIME: Final = re.compile(r"\d{4}-\d{1,2}-\d{1,2}(?P<clock>[T ]+\d{1,2}:\d{2}.*)?")
_OFFSET: Final = re.compile(r"([Zz]|[+-]\d{1,2}:?\d{0,2})\s*$")


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """A Markdown file with front matter."""

    path: str  #: from the site's folder
    source: Source

    @property
    def is_dated(self) -> bool:
        """Whether its front matter or its name holds a date."""
        keys = ("published_datetime", *DATES)
        return bool(split_date(name_of(self.path))[0]) or any(_is_date(self.source.values.get(key)) for key in keys)


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """The posts of one folder, as far as they could be read."""

    folder: str
    files: tuple[File, ...]
    without: int = 0  #: Markdown files without front matter

    def share(self, key: str) -> float:
        """How many of the posts have this key, from 0 to 1."""
        return sum(file.source.values.get(key) is not None for file in self.files) / max(1, len(self.files))

    def first(self, keys: Iterable[str]) -> str:
        """The key that most posts have, of several the first; empty if none has any."""
        counted = [(self.share(key), key) for key in keys]
        best = max((share for share, _ in counted), default=0.0)
        return next((key for share, key in counted if share and share == best), "")


def look_for_posts(
    root: Path, search: Iterable[str], *, progress: Callable[[int], None] = lambda _: None
) -> Seen | None:
    """The folder that most likely holds the news; None if no file with a date was found. Reads, never raises."""
    by_folder: dict[str, list[File]] = {}
    without: Counter[str] = Counter()
    for number, (base, path, source) in enumerate(_read_all(root, search)):
        progress(number)
        # A collection of Jekyll's is one folder, whatever is in it.
        folder = base if Path(base).name.startswith("_") else _folder_of(path)
        if source is None:
            without[folder] += 1
        else:
            by_folder.setdefault(folder, []).append(File(path=path, source=source))
    dated = {folder: sum(file.is_dated for file in files) for folder, files in by_folder.items()}
    likely = [folder for folder, count in dated.items() if count]
    if not likely:
        return None
    folder = min(likely, key=lambda one: (_rank(one), -dated[one], one))
    return Seen(folder=folder, files=tuple(by_folder[folder]), without=without[folder])


def look_into(root: Path, folder: str) -> Seen:
    """The posts of this folder."""
    found = list(_read_all(root, [folder]))
    files = tuple(File(path=path, source=source) for _, path, source in found if source is not None)
    return Seen(folder=folder, files=files, without=len(found) - len(files))


def _rank(folder: str) -> int:
    names = Path(folder).parts
    return min((NAMES.index(name) for name in names if name in NAMES), default=len(NAMES))


def _folder_of(path: str) -> str:
    """The folder of posts that a file belongs to: the one with a telling name above it, else the one it is in."""
    parts = Path(path).parts[:-1]
    for depth, part in enumerate(parts):
        if part in NAMES:
            return Path(*parts[: depth + 1]).as_posix()
    return Path(*parts).as_posix()


def _read_all(root: Path, search: Iterable[str]) -> Iterator[tuple[str, str, Source | None]]:
    seen: set[str] = set()
    for base in search:
        for path in _markdown_files(root / base):
            shown = path.relative_to(root).as_posix()
            if shown in seen or len(seen) >= _MOST_FILES:
                continue
            seen.add(shown)
            try:
                with path.open("rb") as file:
                    data = file.read(LARGEST_FILE + 1)
                yield base, shown, read_source(data, path=Path(shown))
            except (OSError, PostError):
                continue


def _markdown_files(base: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(base):
        folders[:] = sorted(one for one in folders if not one.startswith((".", "_")) and one not in _PASSED_OVER)
        yield from (Path(folder, name) for name in sorted(names) if name.endswith(".md") and name[0] not in "._")


def date_keys(seen: Seen) -> list[str]:
    """The keys that hold datetimes and nothing else, that of most posts first; our own before all."""
    if seen.share("published_datetime"):
        return ["published_datetime"]
    written = {key: [file.source.values.get(key) for file in seen.files] for key in DATES}
    good = [key for key, values in written.items() if any(values) and all(_is_date(one) for one in values if one)]
    return sorted(good, key=lambda key: -seen.share(key))


def naive_count(seen: Seen, key: str) -> int:
    """How many posts have a datetime with an hour and without an offset."""
    found = (_DATETIME.match(str(file.source.values.get(key) or "")) for file in seen.files)
    clocks = [one["clock"] for one in found if one and one["clock"]]
    return sum(not _OFFSET.search(clock) for clock in clocks)


def _is_date(value: object) -> bool:
    return isinstance(value, str) and bool(_DATETIME.match(value))


def own_names(seen: Seen, candidates: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Our key → the site's, for the keys that posts have under another name than ours."""
    found: dict[str, str] = {}
    for ours, theirs in candidates.items():
        if not seen.share(ours):
            name = seen.first(theirs)
            if name:
                found[ours] = name
    return found
