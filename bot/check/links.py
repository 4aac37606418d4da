"""Links in posts: to pages that the site lacks, to posts to come, without encryption, with tracking parameters.

No request is made. The check knows the posts' own pages and the files beside them, the feeds, the files of the assets
folder, the `pages` of the settings and, if `[check] site` names it, the built site. Without the last two it only judges
addresses of which it knows everything: those shaped like a post's permalink, files in the folders of the assets, and
Markdown files.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urljoin, urlsplit

from bot.check.findings import about
from bot.check.markup import Link, find_markdown_links
from bot.check.subject import Subject
from bot.config import Config, is_loopback
from bot.domain import Finding, Post
from bot.posts.pictures import Bundle

_PLACEHOLDER: Final = re.compile(r"\{\w+\}")
#: The remedy for a link to a page that is not known here.
_NOT_KNOWN: Final = "Correct it; if the site has that page, name it in `[check] pages`."


class SitePages:
    """The pages and files of the site, as far as they are known."""

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
        self._is_distinctive = not _PLACEHOLDER.match(config.site.permalink.lstrip("/"))

    def post_at(self, path: str) -> Post | None:
        """The post whose page this is."""
        return self._posts.get(_bare(path))

    def post_beside(self, path: str) -> Post | None:
        """The post in whose folder this file lies; None for Markdown files, which are not part of the site."""
        path = unquote(path).removeprefix(self._below)
        for page in PurePosixPath(path).parents:
            post = self._posts.get(_bare(f"{self._below}{page}"))
            bundle = Bundle.of(self._config.root / post.path, post.url) if post is not None else None
            if bundle is not None and not path.endswith(".md"):
                return post if _is_file(bundle.folder, str(PurePosixPath(path).relative_to(page))) else None
        return None

    def lacks(self, path: str) -> bool:
        """Whether the site certainly has nothing at this path. For pages of posts see `post_at`."""
        path = unquote(path)
        if self._below and not path.startswith(f"{self._below}/"):
            return False  # on the same host, but outside the site
        inner = path.removeprefix(self._below) or "/"
        return self._is_judged(inner) and not self._has(inner)

    def nearest(self, path: str) -> str:
        """The path that the author probably means; empty if none is likely."""
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
        return self._is_distinctive and self._permalink.fullmatch(f"{self._below}{path}".rstrip("/")) is not None

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
    """A path without the parts that servers add: "/news/tickets/index.html" is "/news/tickets"."""
    return unquote(path).removesuffix("index.html").rstrip("/") or "/"


#: Query parameters that track readers; no page needs them.
TRACKING: Final = re.compile(
    r"utm_\w+|fbclid|gclid|gbraid|wbraid|dclid|msclkid|yclid|twclid|ttclid|igshid|igsh|mc_[ce]id|mkt_tok|_hsenc|_hsmi"
    r"|li_fat_id|oly_(?:anon|enc)_id|vero_id|rb_clickid|s_cid|wickedid|ref_src|epik|si",
    re.IGNORECASE,
)
#: "si" tracks readers on these hosts only; elsewhere it may have a meaning.
_SI: Final = ("youtube.com", "youtu.be", "spotify.com")


def check_links(subject: Subject) -> Iterator[Finding]:
    """Findings about the links of posts whose wording can still be chosen."""
    pages = SitePages(subject.config, subject.posts)
    for post in subject.fresh:
        source = subject.source(post)
        links = list(find_markdown_links(source)) if source else []
        for link in links:
            yield from _of_link(subject, pages, post, link)
        yield from _unencrypted(post, links)


def _of_link(subject: Subject, pages: SitePages, post: Post, link: Link) -> Iterator[Finding]:
    try:
        parts = urlsplit(urljoin(post.url, link.address))
        host = parts.hostname
    except ValueError:
        yield _about(post, link, "link-broken", f"{link.address} is not an address.", "Correct it.")
        return
    if parts.scheme not in ("http", "https") or not host:
        return
    if host == urlsplit(subject.config.site.url).hostname:
        yield from _inside(subject, pages, post, link, parts)
    tracking = [name for name, _ in parse_qsl(parts.query, keep_blank_values=True) if _is_tracking(name, host)]
    if tracking:
        problem = f"{link.address} tells its host where the reader came from ({', '.join(tracking)})."
        yield _about(post, link, "link-tracking", problem, f"Write {_without(parts, tracking)}")


def _about(post: Post, link: Link, rule: str, problem: str, remedy: str, *, others: tuple[Path, ...] = ()) -> Finding:
    return about(post, rule, problem, remedy, line=link.line, column=link.column, others=others)


def _unencrypted(post: Post, links: list[Link]) -> Iterator[Finding]:
    """One note for each post: a list of people's pages would otherwise give one for each person."""
    plain = [link for link in links if _is_unencrypted(link.address)]
    addresses = list(dict.fromkeys(link.address for link in plain))
    if addresses:
        others = f", nor are {len(addresses) - 1} others" if len(addresses) > 2 else ""
        others = f", nor is {addresses[1]}" if len(addresses) == 2 else others
        remedy = f"Try https{addresses[0][4:]}, and write that if it leads to the same page."
        problem = f"{addresses[0]} is not encrypted{others}."
        yield about(post, "link-http", problem, remedy, line=plain[0].line, column=plain[0].column)


def _is_unencrypted(address: str) -> bool:
    try:
        return address[:7].lower() == "http://" and not is_loopback(address)
    except ValueError:  # no address at all
        return False


def _inside(subject: Subject, pages: SitePages, post: Post, link: Link, parts: SplitResult) -> Iterator[Finding]:
    page = pages.post_at(parts.path)
    other = page or pages.post_beside(parts.path)
    if other is not None and other.path != post.path and _comes_later(subject, other, than=post):
        when = f"released on {other.published:%Y-%m-%d %H:%M} UTC" if other.published else "a draft"
        what = f"is the page of {other.slug}" if page else f"belongs to {other.slug}"
        problem = f"{link.address} {what}, {when}: until then the link gives it away."
        yield _about(post, link, "link-early", problem, "Add the link once that post is out.", others=(other.path,))
    elif other is None and pages.lacks(parts.path):
        near = pages.nearest(parts.path)
        remedy = f"Did you mean {near}?" if near else _NOT_KNOWN
        problem = f"{link.address} leads to no page or file of the site that is known here."
        yield _about(post, link, "link-broken", problem, remedy)


def _comes_later(subject: Subject, other: Post, *, than: Post) -> bool:
    if other.path in subject.released or other.withdrawn is not None:
        return False
    if other.published is None or than.published is None:
        return other.published is None and than.published is not None
    return other.published > max(than.published, subject.now)


def _is_tracking(name: str, host: str) -> bool:
    if name == "si":
        return any(host == one or host.endswith(f".{one}") for one in _SI)
    return TRACKING.fullmatch(name) is not None


def _without(parts: SplitResult, names: list[str]) -> str:
    kept = [pair for pair in parts.query.split("&") if pair.partition("=")[0] not in names]
    return parts._replace(query="&".join(kept)).geturl()
