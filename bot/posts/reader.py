"""Read one post file into a Post."""

from __future__ import annotations

import os
import re
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bot.config import Address
from bot.domain import Post
from bot.domain.errors import PostError
from bot.domain.front_matter import KEYS
from bot.domain.template_tags import find_tags
from bot.posts.addresses import categories_of, folders_of, name_of, read_permalink, read_slug, split_date
from bot.posts.body.render import BodyText
from bot.posts.digests import digests_of
from bot.posts.frontmatter.dates import DatetimeError, parse_datetime
from bot.posts.frontmatter.fields import Fields, Notes
from bot.posts.frontmatter.keys import check_keys, missing_key_remedy
from bot.posts.frontmatter.media import read_cover, read_media
from bot.posts.frontmatter.options import (
    is_draft,
    read_allowed,
    read_hashtags,
    read_if_missed,
    read_mastodon_options,
    read_withdrawal,
)
from bot.posts.frontmatter.reminders import Anchors, read_deadline, read_reminders
from bot.posts.frontmatter.source import LARGEST_FILE, Source, read_source, rename_keys
from bot.posts.pictures import Bundle

if TYPE_CHECKING:
    from bot.config import Config


_STEP: Final = 32 * 1024  #: bytes per read; nearly every post fits into one


def read_post(path: Path, *, config: Config) -> Post | None:
    """Read a post file; None if it has no front matter and so is no post.

    Raises PostError if the file is unreadable or the post is unusable.
    """
    try:
        data = read_bytes(path)
    except OSError as error:
        raise make_unreadable_error(path, error, config=config) from None
    return parse_post(data, path=path, slug=name_of(path), config=config)


def parse_post(data: bytes, *, path: str | Path, slug: str, config: Config) -> Post | None:
    """Parse a file's bytes as a post; None if they have no front matter. `slug` is derived from the file name.

    Reads only the picture files from the disk. Raises PostError.
    """
    shown = shown_path(path, config.root)
    source = read_source(data, path=shown)
    if source is None:
        return None
    keys, names = source.values, dict[str, str]()
    if config.posts.fields:
        source, names = rename_keys(source, config.posts.fields)
    fields, notes = Fields(source, shown, names), Notes(shown, source.lines, names)
    check_keys(fields, notes, keys.keys() - set(names.values()) if names else keys)
    title = _title(fields, notes, source)
    withdrawn = read_withdrawal(fields)
    published, expires = (_datetime(name, fields, notes, config) for name in ("published_datetime", "expires"))
    slug, published = _named(slug, published, fields, config)
    permalink = _permalink(slug, path, shown, published, fields, config)
    bundle = Bundle.of(path, permalink)
    mastodon = read_mastodon_options(fields, media=read_media(fields, notes, config=config, bundle=bundle))
    deadline = read_deadline(fields, notes, config)
    anchors = Anchors(published=published, deadline=deadline, expires=expires)
    author = fields.texts("author")
    post: dict[str, Any] = {
        "path": shown,
        "slug": slug,
        "url": permalink,
        "explicit_id": _explicit_id(fields),
        "title": title,
        "authors": author or tuple(filter(None, [config.site.author.strip()])),
        "speakers": fields.texts("speakers"),
        "category": fields.text("category"),
        "tags": fields.texts("tags", separators=KEYS["tags"].separators),
        "kind": fields.text("kind"),
        "published": None if is_draft(fields) else published,
        "updated": _datetime("updated_datetime", fields, notes, config),
        "language": fields.language("language") or config.site.language,
        "cover": read_cover(fields, notes, permalink=permalink, config=config, bundle=bundle),
        "hashtags": read_hashtags(fields),
        "link": fields.flag("link", default=True),
        "mastodon": mastodon,
        "hidden": fields.flag("hidden", default=False) or withdrawn is not None,
        "withdrawn": withdrawn,
        "expires": expires,
        "if_missed": read_if_missed(fields),
        "order": _order(fields, notes),
        "deadline": deadline.moment if deadline else None,
        "reminders": read_reminders(fields, notes, anchors, config=config),
        "reminding": None,
        "allowed": read_allowed(fields, notes),
        "lines": source.lines,
    }
    post["digests"] = digests_of(source.values, source.body)
    text = BodyText(
        text=source.body,
        line=source.body_line,
        path=shown,
        permalink=permalink,
        summary=fields.prose("summary"),
        in_plain_words=mastodon.thread_auto,
        findings=notes.findings(),
    )
    return Post(**post, **text.render())


def _named(name: str, published: datetime | None, fields: Fields, config: Config) -> tuple[str, datetime | None]:
    """Slug and datetime, from a dated file name; a slug in the front matter wins if the settings map that key."""
    slug = name
    if config.posts.dated_names:
        day, slug = split_date(name)
        published = published or (_day(day, fields, config) if day else None)
    if "slug" in config.posts.fields:
        slug = read_slug(fields) or slug
    return slug, published


def shown_path(path: str | Path, root: Path) -> Path:
    """The path as shown in messages: relative to the project root if it is inside."""
    # With strings, because Path is slow for ten thousand files.
    whole, base = os.path.abspath(path), _base(str(root))
    inside = whole[len(base) + 1 :] or "." if f"{whole}{os.sep}".startswith(f"{base}{os.sep}") else os.fspath(path)
    # A name that is not UTF-8 cannot be printed.
    return Path(inside if inside.isascii() else os.fsencode(inside).decode("utf-8", "replace"))


@lru_cache(maxsize=8)
def _base(root: str) -> str:
    return os.path.abspath(root).rstrip(os.sep)


def read_bytes(path: str | Path) -> bytes:
    """Read the file's bytes; of an oversized file only enough to detect its size. Raises OSError."""
    # With os.read, because the layers of open() are slow for ten thousand files.
    file = os.open(path, os.O_RDONLY)
    try:
        data = os.read(file, _STEP)
        while data and len(data) <= LARGEST_FILE and (more := os.read(file, _STEP)):
            data += more
        return data
    finally:
        os.close(file)


def make_unreadable_error(path: Path, error: OSError, *, config: Config) -> PostError:
    """Build the error for an unreadable file."""
    return PostError(
        shown_path(path, config.root),
        f"cannot be read: {error.strerror or error}.",
        remedy="Check that it is there and that its permissions let this program read it.",
    )


def _permalink(
    slug: str, path: str | Path, shown: Path, published: datetime | None, fields: Fields, config: Config
) -> str:
    if "permalink" in config.posts.fields:
        own = read_permalink(fields)
        if own is not None:
            return config.site.url + own
    try:
        if config.site.is_plain:
            return config.site.permalink_of(slug)
        return config.site.page_of(
            Address(
                slug=slug,
                day=published.astimezone(config.site.timezone).date() if published else None,
                categories=categories_of(fields, config.posts.fields.get("category", ("category",))),
                folder=folders_of(path, config.posts_folder),
            )
        )
    except UnicodeEncodeError:
        raise PostError(
            shown, "the file's name is not UTF-8.", remedy="Rename it; letters, digits and - are the safest."
        ) from None


def _title(fields: Fields, notes: Notes, source: Source) -> str:
    title = fields.text("title")
    if not title:
        remedy = missing_key_remedy("title", source.values, 'title: "Your headline"')
        raise fields.fault("title", "is missing or empty.", remedy)
    for name in ("title", "summary"):
        if find_tags(fields.text(name) or ""):
            problem = "holds a template tag, which nothing resolves here; a toot with it is held."
            notes.add("template-tag", problem, field=name, remedy="Write the words themselves.")
    return title


def _datetime(name: str, fields: Fields, notes: Notes, config: Config) -> datetime | None:
    text = fields.text(name)
    if text is None:
        return None
    try:
        when = parse_datetime(text, site=config.site, release=config.release)
    except DatetimeError as error:
        raise fields.fault(name, error.problem, error.remedy, rule=error.rule) from None
    for remark in when.remarks:
        notes.add(remark.rule, remark.problem, field=name, remedy=remark.remedy)
    return when.moment


def _day(day: str, fields: Fields, config: Config) -> datetime:
    """The datetime for the date in a file name. Raises PostError."""
    try:
        # Without the remark about bare dates: the settings ask for dated file names.
        return parse_datetime(day, site=config.site, release=config.release).moment
    except DatetimeError as error:
        raise fields.fault("published_datetime", f"the file's name: {error.problem}", "Rename the file.") from None


def _explicit_id(fields: Fields) -> str | None:
    identity = fields.text("id")
    if identity is not None and len(identity.split()) != 1:
        raise fields.fault("id", "must not hold spaces.", "Write for example id: tag:example.org,2024:schedule.")
    return identity


def _order(fields: Fields, notes: Notes) -> int:
    value = fields.get("order")
    if isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]{1,9}", value.strip()):
        return int(value)
    if value is not None:
        # No error: a site may use this key for itself, and it only decides the order of the posts.
        notes.add(
            "order", "is no whole number, so it counts as 0.", field="order", remedy="Write for example order: 1."
        )
    return 0
