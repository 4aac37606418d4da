"""One file → one Post."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bot.errors import PostError
from bot.model import MastodonOptions, Poll, Post
from bot.posts.body import Body, BodyError, render_body
from bot.posts.cover import read_cover, written_cover
from bot.posts.digest import OwnWords, digest_of
from bot.posts.fields import Fields
from bot.posts.frontmatter import LARGEST_FILE, Source, read_source
from bot.posts.keys import missing_key_remedy, note_keys
from bot.posts.media import media_words, read_media
from bot.posts.notes import Notes
from bot.posts.options import hashtags_of, if_missed_of, mastodon_options, withdrawal_of
from bot.posts.reminders import Anchors, read_deadline, read_reminders
from bot.posts.tags import find_tags, without_tags
from bot.posts.text import join_spaces, shorten
from bot.posts.when import DatetimeError, parse_datetime

if TYPE_CHECKING:
    from bot.config import Config

SUMMARY_LENGTH: Final = 300  #: characters of a summary in the feeds


def read_post(path: Path, *, config: Config) -> Post | None:
    """Read a post file; None if it has no front matter and so is no post. The slug is the file's name.

    Raises PostError if it is a post that cannot be used, or cannot be read.
    """
    try:
        data = read_bytes(path)
    except OSError as error:
        raise unreadable(path, error, config=config) from None
    return parse_post(data, path=path, slug=path.stem, config=config)


def parse_post(data: bytes, *, path: Path, slug: str, config: Config) -> Post | None:
    """Understand a file's bytes as a post; None if they have no front matter.

    Looks at the pictures' files, nothing else of the disk. Raises PostError.
    """
    shown = shown_path(path, config.root)
    source = read_source(data, path=shown)
    if source is None:
        return None
    fields, notes = Fields(source, shown), Notes(shown, source.lines)
    note_keys(fields, notes, source.values)
    permalink = _permalink(slug, shown, config)
    title = _title(fields, notes, source)
    mastodon = mastodon_options(fields, media=read_media(fields, notes, config=config))
    body = _body(source, notes, shown, permalink, in_plain_words=mastodon.thread_auto)
    summary = fields.prose("summary")
    from_body = body.excerpt.marked or not summary
    withdrawn = withdrawal_of(fields)
    published, expires = (_datetime(name, fields, notes, config) for name in ("published_datetime", "expires"))
    deadline = read_deadline(fields, notes, config)
    anchors = Anchors(published=published, deadline=deadline, expires=expires)
    return Post(
        path=shown,
        slug=slug,
        url=permalink,
        explicit_id=_explicit_id(fields),
        title=title,
        authors=_authors(fields) or tuple(filter(None, [config.site.author.strip()])),
        speakers=fields.texts("speakers"),
        category=fields.text("category"),
        tags=fields.texts("tags", separators=","),
        kind=fields.text("kind"),
        published=None if fields.flag("draft", default=False) else published,
        updated=_datetime("updated_datetime", fields, notes, config),
        language=fields.language("language") or config.site.language,
        cover=read_cover(fields, notes, permalink=permalink, config=config),
        excerpt=body.excerpt.shown if from_body else join_spaces(summary or ""),
        summary=shorten(join_spaces(without_tags(summary)) if summary else body.excerpt.tidy, SUMMARY_LENGTH),
        html=body.html,
        paragraphs=body.plain.paragraphs,
        unsaid=body.plain.unsaid if from_body else body.plain.paragraphs,
        hashtags=hashtags_of(fields),
        link=fields.flag("link", default=True),
        mastodon=mastodon,
        hidden=fields.flag("hidden", default=False) or withdrawn is not None,
        withdrawn=withdrawn,
        expires=expires,
        if_missed=if_missed_of(fields),
        deadline=deadline.moment if deadline else None,
        reminders=read_reminders(fields, notes, anchors, config=config),
        digest=digest_of(_own_words(fields, source, title, mastodon)),
        findings=notes.findings(),
        lines=source.lines,
    )


def shown_path(path: Path, root: Path) -> Path:
    """The path as a person should see it: relative to the project root where it lies inside."""
    whole, base = Path(os.path.abspath(path)), Path(os.path.abspath(root))
    inside = whole.relative_to(base) if whole.is_relative_to(base) else path
    # A name that is not UTF-8 could not be printed.
    return Path(os.fsencode(inside).decode("utf-8", "replace"))


def read_bytes(path: Path) -> bytes:
    """The file's bytes; of one that is too large for a post only enough to see that. Raises OSError."""
    with path.open("rb") as file:
        return file.read(LARGEST_FILE + 1)


def unreadable(path: Path, error: OSError, *, config: Config) -> PostError:
    """The error for a file that could not be read."""
    return PostError(
        shown_path(path, config.root),
        f"cannot be read: {error.strerror or error}.",
        remedy="Check that it is there and that its permissions let this program read it.",
    )


def _permalink(slug: str, path: Path, config: Config) -> str:
    try:
        return config.site.permalink_of(slug)
    except UnicodeEncodeError:
        raise PostError(
            path, "the file's name is not UTF-8.", remedy="Rename it; letters, digits and - are the safest."
        ) from None


def _title(fields: Fields, notes: Notes, source: Source) -> str:
    title = fields.text("title")
    if not title:
        remedy = missing_key_remedy("title", source.values, 'title: "Your headline"')
        raise fields.fault("title", "is missing or empty.", remedy)
    for name in ("title", "summary"):
        if find_tags(fields.text(name) or ""):
            problem = "holds a template tag, which nothing resolves here; a toot with it is held."
            notes.warn("template-tag", problem, field=name, remedy="Write the words themselves.")
    return title


def _body(source: Source, notes: Notes, path: Path, permalink: str, *, in_plain_words: bool) -> Body:
    try:
        body = render_body(source.body, permalink=permalink, in_plain_words=in_plain_words)
    except BodyError as error:
        raise PostError(path, str(error), line=source.body_line, remedy="Simplify the text there.") from None
    if body.left_over:
        first, count = body.left_over[0], len(body.left_over)
        more = f", the first of {count}" if count > 1 else ""
        shown = shorten(join_spaces(first.text), 60)
        notes.warn(
            "template-tag",
            f"{shown} is a template tag{more}; nothing resolves it here, so readers get the words without it.",
            line=source.body_line + source.body.count("\n", 0, first.start),
            remedy="Write the address or the words themselves.",
        )
    return body


def _datetime(name: str, fields: Fields, notes: Notes, config: Config) -> datetime | None:
    text = fields.text(name)
    if text is None:
        return None
    try:
        when = parse_datetime(text, site=config.site, release=config.release)
    except DatetimeError as error:
        raise fields.fault(name, error.problem, error.remedy) from None
    for remark in when.remarks:
        notes.warn(remark.rule, remark.problem, field=name, remedy=remark.remedy)
    return when.moment


def _explicit_id(fields: Fields) -> str | None:
    identity = fields.text("id")
    if identity is not None and len(identity.split()) != 1:
        raise fields.fault("id", "must not hold spaces.", "Write for example id: tag:example.org,2024:schedule.")
    return identity


def _authors(fields: Fields) -> tuple[str, ...]:
    return fields.texts("author")


def _own_words(fields: Fields, source: Source, title: str, mastodon: MastodonOptions) -> OwnWords:
    cover = written_cover(fields)
    return OwnWords(
        title=title,
        author=_authors(fields),
        category=fields.text("category"),
        tags=fields.texts("tags", separators=","),
        body=source.body,
        summary=fields.prose("summary"),
        cover_url=cover.url,
        cover_alt=cover.alt,
        language=fields.text("language"),
        hashtags=hashtags_of(fields),
        without_link=not fields.flag("link", default=True),
        mastodon_text=mastodon.text,
        mastodon_content_warning=mastodon.content_warning,
        mastodon_visibility=mastodon.visibility.value if mastodon.visibility else None,
        mastodon_language=mastodon.language,
        mastodon_media=media_words(mastodon.media),
        speakers=fields.texts("speakers"),
        mastodon_sensitive=_said(mastodon.sensitive),
        mastodon_thread=mastodon.thread,
        mastodon_thread_auto=mastodon.thread_auto,
        mastodon_numbered=mastodon.numbered,
        mastodon_link_card=_said(mastodon.link_card),
        mastodon_poll=_poll_words(mastodon.poll),
        mastodon_quote_policy=mastodon.quote_policy.value if mastodon.quote_policy else None,
        deadline=fields.text("deadline"),
    )


def _said(chosen: bool | None) -> str | None:
    return None if chosen is None else str(chosen).lower()


def _poll_words(poll: Poll | None) -> tuple[str, ...]:
    if poll is None:
        return ()
    return (
        *poll.options,
        str(poll.expires_in.total_seconds()),
        _said(poll.multiple) or "",
        _said(poll.hide_totals) or "",
    )
