"""Post → Entry: what a release freezes, and what follows the file afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from urllib.parse import unquote, urlsplit

from bot.domain import Entry, Post
from bot.domain.template_tags import without_tags
from bot.feeds.ids import permanent_id, tag_of


def entry_of(post: Post, *, released_at: datetime, tag_ids: bool = False) -> Entry:
    """The entry of a post at its first release; with `tag_ids` its id in the feeds is a tag address of its permalink.

    Raises ValueError for a draft: without a publish datetime there is no release.
    """
    if post.published is None:
        raise ValueError(f"{post.path}: a draft has no entry")
    return Entry(
        post_id=post.post_id,
        slug=post.slug,
        url=post.url,
        title=without_tags(post.title) or post.title,
        authors=post.authors,
        category=post.category,
        tags=post.tags,
        published=post.published,
        updated=post.updated or post.published,
        released_at=released_at,
        language=post.language,
        summary=post.summary,
        html=post.html,
        cover=post.cover,
        hidden=post.hidden,
        digest=post.digest,
        # From the permalink, whose host is the site's: readers know the entry by this, also once the site has moved.
        feed_id=_feed_id(post, post.published, tag_ids=tag_ids),
    )


def _feed_id(post: Post, published: datetime, *, tag_ids: bool) -> str:
    if tag_ids and not post.explicit_id:
        return tag_of(unquote(urlsplit(post.url).path).strip("/"), site=post.url, published=published)
    return permanent_id(post.post_id, site=post.url, published=published)


def refreshed(entry: Entry, post: Post, *, now: datetime) -> Entry:
    """The entry as its file has it now; an equal entry if nothing has changed.

    Identity, `published` and `released_at` stay as the first release froze them. `updated` is what the front
    matter says; if it says nothing, `updated` moves to `now` (whole seconds) when the post's own words change,
    and only then (RFC 4287 section 4.2.15: a change that the publisher finds significant).
    """
    changed = post.digest != entry.digest
    unsaid = now.replace(microsecond=0) if changed else entry.updated
    from_file = {
        "slug": post.slug,
        "url": post.url,
        "title": without_tags(post.title) or post.title,
        "authors": post.authors,
        "category": post.category,
        "tags": post.tags,
        "updated": post.updated or unsaid,
        "dated": post.published if entry.dated is not None else None,
        "language": post.language,
        "summary": post.summary,
        "html": post.html,
        "cover": post.cover,
        "hidden": post.hidden,
        "digest": post.digest,
        "revision": entry.revision + 1 if changed else entry.revision,
    }
    # Of ten thousand posts nearly all are as they were, and comparing is faster than making anew.
    if all(getattr(entry, name) == value for name, value in from_file.items()):
        return entry
    return replace(entry, **from_file)  # type: ignore[arg-type]
