"""Links in the text that lead nowhere, too early, without encryption, or that tell where the reader came from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import SplitResult, parse_qsl, urljoin, urlsplit

from bot.check.findings import about
from bot.check.markup import Link, links_of
from bot.check.sitepages import SitePages
from bot.check.subject import Subject
from bot.config import is_loopback
from bot.model import Finding, Post

#: Parameters that follow readers from page to page; no page needs them.
TRACKING: Final = re.compile(
    r"utm_\w+|fbclid|gclid|gbraid|wbraid|dclid|msclkid|yclid|twclid|ttclid|igshid|igsh|mc_[ce]id|mkt_tok|_hsenc|_hsmi"
    r"|li_fat_id|oly_(?:anon|enc)_id|vero_id|rb_clickid|s_cid|wickedid|ref_src|epik|si",
    re.IGNORECASE,
)
#: "si" is a parameter of these only; elsewhere it may mean something.
_SI: Final = ("youtube.com", "youtu.be", "spotify.com")


def check_links(subject: Subject) -> Iterator[Finding]:
    """Of posts whose wording can still be chosen."""
    pages = SitePages(subject.config, subject.posts)
    for post in subject.fresh:
        source = subject.source(post)
        links = list(links_of(source)) if source else []
        for link in links:
            for rule, problem, remedy in _of_link(subject, pages, post, link):
                yield about(post, rule, problem, remedy, line=link.line, column=link.column)
        yield from _unencrypted(post, links)


def _of_link(subject: Subject, pages: SitePages, post: Post, link: Link) -> Iterator[tuple[str, str, str]]:
    try:
        parts = urlsplit(urljoin(post.url, link.address))
        host = parts.hostname
    except ValueError:
        yield "link-broken", f"{link.address} is not an address.", "Mend it."
        return
    if parts.scheme not in ("http", "https") or not host:
        return
    if host == urlsplit(subject.config.site.url).hostname:
        yield from _inside(subject, pages, post, link, parts)
    tracking = [name for name, _ in parse_qsl(parts.query, keep_blank_values=True) if _is_tracking(name, host)]
    if tracking:
        problem = f"{link.address} tells its host where the reader came from ({', '.join(tracking)})."
        yield "link-tracking", problem, f"Write {_without(parts, tracking)}"


def _unencrypted(post: Post, links: list[Link]) -> Iterator[Finding]:
    """One note for each post: a list of people's pages would give one for each person."""
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


def _inside(
    subject: Subject, pages: SitePages, post: Post, link: Link, parts: SplitResult
) -> Iterator[tuple[str, str, str]]:
    page = pages.post_at(parts.path)
    other = page or pages.post_beside(parts.path)
    if other is not None and other.path != post.path and _comes_later(subject, other, than=post):
        when = f"released on {other.published:%Y-%m-%d %H:%M} UTC" if other.published else "a draft"
        what = f"is the page of {other.slug}" if page else f"belongs to {other.slug}"
        problem = f"{link.address} {what}, {when}: until then the link gives it away."
        yield "link-early", problem, "Add the link once that post is out."
    elif other is None and pages.lacks(parts.path):
        near = pages.nearest(parts.path)
        remedy = f"Did you mean {near}?" if near else pages.how_to_tell
        yield "link-broken", f"{link.address} leads to no page or file of the site that is known here.", remedy


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
