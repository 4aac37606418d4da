"""A new post: its file's name, and its text from a template with placeholders.

Placeholders are written %{title}, for {{ title }} may stand in a post for the site's own generator.
"""

from __future__ import annotations

import difflib
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from bot.config import Config
from bot.domain import Finding
from bot.domain.errors import PostError, UsageError
from bot.files.atomic import exists_error, write_file
from bot.posts.addresses import name_of, slug_of
from bot.posts.frontmatter.dates import DatetimeError, parse_datetime
from bot.posts.listing import list_files
from bot.posts.reader import parse_post, shown_path

#: Letters that are no letter with a mark to Unicode, as people write them without.
_LETTERS: Final = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "’": "", "'": ""}
)
_MARKED: Final = re.compile("([a-z])[\u0300-\u036f]+")
_LONGEST: Final = 60  #: characters; people read slugs


def slug_from(title: str) -> str:
    """Small letters, digits, hyphens; Latin letters lose their marks, other scripts stay. Empty if nothing is left."""
    apart = unicodedata.normalize("NFKD", title.lower().translate(_LETTERS))
    whole = unicodedata.normalize("NFC", _MARKED.sub(r"\1", apart))
    # Marks of other scripts are part of their letters.
    words = "".join(one if unicodedata.category(one)[0] in "LNM" else " " for one in whole).split()
    slug = ""
    for word in words:
        longer = f"{slug}-{word}" if slug else word[:_LONGEST]
        if len(longer) > _LONGEST:
            break
        slug = longer
    return slug


_PLACEHOLDER: Final = re.compile(r"%\{(\w*)\}")
_FENCE: Final = re.compile(r"^---[ \t]*$", re.MULTILINE)
DRAFT: Final = "draft: true"
_DEFAULT_KIND: Final = "default"
#: What a template may hold.
PLACEHOLDERS: Final = ("title", "datetime", "slug", "kind")
_DEFAULT: Final = """\
---
title: %{{title}}
{datetime}: %{{datetime}}
# cover:
#     url: /assets/img/news/%{{slug}}.png
#     alt: "What the picture shows, for those who cannot see it."
draft: true  # take this line away when the post is finished
---

Open with the news: the first paragraph of at least 40 characters is what the toot says.
"""


class TemplateError(ValueError):
    """A template with a placeholder that is not known."""


def default_template(datetime_key: str) -> str:
    """The template where `config/posts` has none; `datetime_key` is what the site calls the publish datetime."""
    return _DEFAULT.format(datetime=datetime_key)


def started(template: str, values: Mapping[str, str]) -> str:
    """The file's text. A line of front matter whose placeholder has no value is left out. Raises TemplateError."""
    unknown = [name for name in _PLACEHOLDER.findall(template) if name not in PLACEHOLDERS]
    if unknown:
        known = ", ".join(f"%{{{name}}}" for name in PLACEHOLDERS)
        raise TemplateError(f"%{{{unknown[0]}}} is not known; it may hold {known}")
    parts = _FENCE.split(template, maxsplit=2)
    if len(parts) < 3:
        raise TemplateError("it has no front matter between two lines ---")
    before, matter, body = parts
    lines = [line for line in matter.split("\n") if all(values.get(name) for name in _PLACEHOLDER.findall(line))]
    quoted = {**values, "title": _quoted(values.get("title", ""))}
    matter = "\n".join(_filled(line, quoted) for line in lines)
    return f"{before}---{matter}---{_filled(body, values)}"


def _quoted(text: str) -> str:
    """A text in double quotes, as YAML reads it: JSON's, with what is invisible spelt out (YAML 1.2, 5.7)."""
    whole = json.dumps(text, ensure_ascii=False)
    return "".join(one if one.isprintable() else f"\\U{ord(one):08x}" for one in whole)


def _filled(text: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], ""), text)


@dataclass(frozen=True, kw_only=True)
class NewPost:
    """A post that can be written."""

    path: Path
    text: str
    moment: datetime | None  #: when it is released, once it is no draft; UTC
    is_draft: bool
    findings: tuple[Finding, ...]  #: what its author still has to do


def begin_post(
    config: Config, title: str, *, kind: str | None, at: str | None, slug: str | None, now: datetime
) -> NewPost:
    """The beginning of a post, from the template of its kind; nothing is written yet.

    `at` is a datetime as front matter has it. Raises UsageError if no post can be made of that, OutputError if a post
    of this name is there.
    """
    moment = _parse_moment(config, at, now)
    name = _name(config, title, slug, moment)
    _refuse_double(config, name)
    text = _text_of_file(config, title, kind, name, moment)
    path = config.posts_folder / f"{_day(config, moment)}{name}.md"
    return NewPost(
        path=path,
        text=text,
        moment=moment,
        is_draft=moment is None or f"\n{DRAFT}" in text,
        findings=_findings(config, path, text, kind),
    )


def write_post(post: NewPost) -> None:
    """Write the file. Raises OutputError if there is one already."""
    write_file(post.path, post.text.encode(), replace=False)


def _parse_moment(config: Config, text: str | None, now: datetime) -> datetime | None:
    if text is None:
        return None
    try:
        moment = parse_datetime(text, site=config.site, release=config.release).moment
    except DatetimeError as error:
        raise UsageError(f"--at: {error.problem}", remedy=error.remedy) from error
    if moment <= now:
        raise UsageError("--at is in the past.", remedy="A new post is for a time to come; write the datetime by hand.")
    return moment


def _name(config: Config, title: str, slug: str | None, moment: datetime | None) -> str:

    name = slug_from(title) if slug is None else slug
    if not name:
        raise UsageError("the title gives no name for the file.", remedy="Add --slug, for example --slug tickets.")
    if re.search(r"[\s/\\\ud800-\udfff]|^[._]|\.md$", name):
        raise UsageError(f'--slug: "{name}" is no name for a post.', remedy="Write for example --slug tickets.")
    if config.posts.dated_names and moment is None:
        raise UsageError("the files' names begin with a date here.", remedy="Say when it is released with --at.")
    return name


def _day(config: Config, moment: datetime | None) -> str:
    if not config.posts.dated_names or moment is None:
        return ""
    return f"{moment.astimezone(config.site.timezone):%Y-%m-%d}-"


def _refuse_double(config: Config, name: str) -> None:
    try:
        files = list_files(config.posts_folder).files
    except FileNotFoundError:
        return
    for path in files:
        if slug_of(path, dated=config.posts.dated_names) == name:
            raise exists_error(shown_path(Path(path), config.root), remedy="Choose another name with --slug.")


def _text_of_file(config: Config, title: str, kind: str | None, name: str, moment: datetime | None) -> str:
    key = config.posts.fields.get("published_datetime", ("published_datetime",))[0]
    file = _template_file(config, kind)
    template = file.read_text(encoding="utf-8") if file is not None else default_template(key)
    values = {"title": title, "datetime": _written(config, moment), "slug": name, "kind": kind or ""}
    try:
        return started(template, values)
    except TemplateError as error:
        raise UsageError(f"config/posts/{kind or _DEFAULT_KIND}.md: {error}.") from error


def _template_file(config: Config, kind: str | None) -> Path | None:

    folder = config.path.parent / "posts"
    known = sorted(file.stem for file in folder.glob("*.md")) if folder.is_dir() else []
    name = kind or _DEFAULT_KIND
    if name in known:
        return folder / f"{name}.md"
    if kind is None:
        return None
    near = difflib.get_close_matches(kind, known, n=1)
    remedy = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(known) or 'none'}."
    raise UsageError(f"there is no template config/posts/{kind}.md.", remedy=remedy)


def _written(config: Config, moment: datetime | None) -> str:
    """The datetime as the site's posts have it: in the site's time, or where those mean UTC with its offset."""
    if moment is None:
        return ""
    local = moment.astimezone(config.site.timezone)
    return f"{local:%Y-%m-%d %H:%M:%S}" if config.site.naive_datetimes == "site" else local.isoformat(sep=" ")


def _findings(config: Config, path: Path, text: str, kind: str | None) -> tuple[Finding, ...]:
    """What the reader says of the post; nothing is written if it cannot be used. Raises UsageError."""
    try:
        post = parse_post(text.encode(), path=path, slug=name_of(path), config=config)
    except PostError as error:
        raise UsageError(f"config/posts/{kind or _DEFAULT_KIND}.md makes no post: {error}") from error
    assert post is not None
    return post.findings
