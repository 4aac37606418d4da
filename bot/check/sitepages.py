"""Which pages and files the site has, as far as it can be known without asking it.

Known are the posts' own pages and what lies beside them, the feeds, the files of the assets folder, the `pages` of the
settings and, where `[check] site` names it, the built site. Where neither of these two is given, only such addresses
are judged as the bot knows all about: those shaped like a post's permalink, files in the folders of the assets, and
Markdown files.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import unquote, urlsplit

from bot.config import Config
from bot.model import Post
from bot.posts.pictures import Bundle

_PLACEHOLDER: Final = re.compile(r"\{\w+\}")


class SitePages:
    """What is known of the site."""

    def __init__(self, config: Config, posts: Sequence[Post]) -> None:
        self._config = config
        self._posts = {_bare(urlsplit(post.url).path): post for post in posts}
        self._below = urlsplit(config.site.url).path.rstrip("/")
        self._pages = tuple(_bare(page) for page in config.check.pages)
        site = config.root / config.check.site if config.check.site is not None else None
        self._site = site if site is not None and site.is_dir() else None
        shape = self._below + config.site.permalink.rstrip("/")
        self._permalink = re.compile("[^/]+".join(map(re.escape, _PLACEHOLDER.split(shape))))
        # With "/{slug}/" any page of the site looks like a post's.
        self._telling = not _PLACEHOLDER.match(config.site.permalink.lstrip("/"))

    @property
    def how_to_tell(self) -> str:
        """What to do about a page that is there, but not known here."""
        return "Mend it; if the site has that page, name it in `[check] pages`."

    def post_at(self, path: str) -> Post | None:
        """The post whose page this is."""
        return self._posts.get(_bare(path))

    def post_beside(self, path: str) -> Post | None:
        """The post in whose own folder this file lies; None for Markdown files, which are no part of the site."""
        path = unquote(path).removeprefix(self._below)
        for page in PurePosixPath(path).parents:
            post = self._posts.get(_bare(f"{self._below}{page}"))
            bundle = Bundle.of(self._config.root / post.path, post.url) if post is not None else None
            if bundle is not None and not path.endswith(".md"):
                return post if _is_file(bundle.folder, str(PurePosixPath(path).relative_to(page))) else None
        return None

    def lacks(self, path: str) -> bool:
        """Whether the site has nothing there, for sure as far as the settings go. No post's page is asked for."""
        path = unquote(path)
        if self._below and not path.startswith(f"{self._below}/"):
            return False  # beside the site, on the same host
        inner = path.removeprefix(self._below) or "/"
        return self._is_judged(inner) and not self._has(inner)

    def nearest(self, path: str) -> str:
        """The page that was probably meant; empty if none is likely."""
        found = difflib.get_close_matches(_bare(path), self._posts, n=1, cutoff=0.8)
        return urlsplit(self._posts[found[0]].url).path if found else ""

    def _is_judged(self, path: str) -> bool:
        if self._pages or self._site is not None:
            return True
        if path.endswith(".md"):
            return True
        parts = PurePosixPath(path).parts[1:]
        if len(parts) > 1 and PurePosixPath(path).suffix and (self._config.assets_folder / parts[0]).is_dir():
            return True
        return self._telling and self._permalink.fullmatch(f"{self._below}{path}".rstrip("/")) is not None

    def _has(self, path: str) -> bool:
        feeds = self._config.feeds
        if _bare(path) in (_bare("/"), _bare(feeds.path)) or any(
            fnmatchcase(_bare(path), page) for page in self._pages
        ):
            return True
        inner = path.lstrip("/")
        if path.startswith(f"{feeds.path}/") and PurePosixPath(path).name in ("rss.xml", "atom.xml", "feed.json"):
            return True
        folders = [self._config.assets_folder, self._config.public_folder, *filter(None, [self._site])]
        if any(_is_file(folder, inner) for folder in folders):
            return True
        pages = (f"{inner.rstrip('/')}/index.html", f"{inner.rstrip('/')}.html")
        return self._site is not None and any(_is_file(self._site, page) for page in pages)


def _is_file(folder: Path, inner: str) -> bool:
    try:
        return (folder / inner).resolve().is_relative_to(folder.resolve()) and (folder / inner).is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _bare(path: str) -> str:
    """A path without what servers add and take away: "/news/tickets/index.html" is "/news/tickets"."""
    return unquote(path).removesuffix("index.html").rstrip("/") or "/"
