"""Post → Entry: the fields fixed at the release (such as the permanent id), and those updated from the file. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

from bot.domain import Entry, Post
from bot.domain.posts import is_changed
from bot.domain.template_tags import without_tags
from bot.feeds.text import clean_line


def entry_of(post: Post, *, released_at: datetime, tag_ids: bool = False) -> Entry:
    """Make the entry of a post at its first release; with `tag_ids`, its id is a tag URI of its permalink.

    Raises ValueError for a draft: without a publish datetime there is no release.
    """
    if post.published is None:
        raise ValueError(f"{post.path}: a draft has no entry")
    return Entry(
        post_id=post.post_id,
        published=post.published,
        updated=post.updated or post.published,
        released_at=released_at,
        **_from_file(post),
        # From the permalink, whose host is the site's. Feed readers keep this id even after the site has moved.
        feed_id=_feed_id(post, post.published, tag_ids=tag_ids),
    )


def _from_file(post: Post) -> dict[str, Any]:
    """The fields that an entry takes from its file, at the release and after each change."""
    return {
        "slug": post.slug,
        "url": post.url,
        "title": without_tags(post.title) or post.title,
        "authors": post.authors,
        "category": post.category,
        "tags": post.tags,
        "language": post.language,
        "summary": post.summary,
        "html": post.html,
        "cover": post.cover,
        "hidden": post.hidden,
        "digests": post.digests,
    }


def _feed_id(post: Post, published: datetime, *, tag_ids: bool) -> str:
    if tag_ids and not post.explicit_id:
        return tag_of(unquote(urlsplit(post.url).path).strip("/"), site=post.url, published=published)
    return permanent_id(post.post_id, site=post.url, published=published)


def refresh_entry(entry: Entry, post: Post, *, now: datetime) -> Entry:
    """Update an entry from its file; returns an equal entry if nothing has changed.

    Identity, `published` and `released_at` stay as fixed at the first release. `updated` comes from the front
    matter; without it, `updated` moves to `now` (whole seconds) when the author changes the content of the entry,
    and only then (RFC 4287 section 4.2.15: a change that the publisher finds significant). `revision` rises
    when the author changes the content of the announcement. Digests of another version are replaced without either.
    """
    before, after = entry.digests, post.digests
    automatic = now.replace(microsecond=0) if is_changed(before.entry, after.entry) else entry.updated
    from_file = {
        **_from_file(post),
        "updated": post.updated or automatic,
        "dated": post.published if entry.dated is not None else None,
        "revision": entry.revision + is_changed(before.announcement, after.announcement),
    }
    # Nearly all of ten thousand posts are unchanged, and comparing is faster than building an entry.
    if all(getattr(entry, name) == value for name, value in from_file.items()):
        return entry
    return replace(entry, **from_file)


# URI schemes suitable for permanent ids; anything else, such as "cfp:2025", is a name to put into a tag URI.
_URI: Final = re.compile(r"(?:https?|tag|urn):[^\s<>\"{}|\\^`]+", re.IGNORECASE)


def permanent_id(post_id: str, *, site: str, published: datetime) -> str:
    """The post id, converted to a tag URI (RFC 4151) if it is no URI; empty stays empty. `site` is any URL of the site.

    Atom requires a full URI (RFC 4287 section 4.2.6).
    """
    name = clean_line(post_id)
    if not name or _URI.fullmatch(name):
        return name
    return tag_of(name, site=site, published=published)


def tag_of(name: str, *, site: str, published: datetime) -> str:
    """The tag URI (RFC 4151) of a name, with the host of `site` and the year (UTC) of the publish datetime."""
    host = urlsplit(site).hostname or "localhost"
    return f"tag:{host},{published.astimezone(UTC).year:04}:{quote(name)}"
