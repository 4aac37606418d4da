"""Eleventy: its settings are programs, so they are searched as text (11ty.dev/docs/config, /docs/permalinks)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bot.operations.setup.layout import Guess, Layout, table_of, text_of, word

CONFIGS: Final = (".eleventy.js", *(f"eleventy.config.{ending}" for ending in ("js", "mjs", "cjs", "ts")))
_PUBLISHES: Final = (
    "Eleventy makes pages of every folder here, drafts of posts with them: write the lines config and var into "
    ".eleventyignore"
)
_SITE_DATA: Final = ("site", "metadata", "meta")
_TAG: Final = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}")
_DATE: Final = re.compile(r"""page\.date\s*\|\s*date\s*(?::\s*|\(\s*)["']([^"']+)["']\s*\)?""")
_DATE_WORDS: Final = {"%Y": "{year}", "%m": "{month}", "%d": "{day}"}
_SLUGS: Final = re.compile(r"(?:page\.)?fileSlug(?:\s*\|\s*(?:slugify|slug|url))?")
_IN_JSON: Final = re.compile(r"""["']?permalink["']?\s*[:(,]\s*(["'`])(.*?)\1""")
_GLOBAL: Final = re.compile(r"""addGlobalData\(\s*["']permalink["']\s*,\s*(?:\(\)\s*=>\s*)?(["'`])(.*?)\1""")


def read_eleventy(root: Path) -> Layout | None:
    """The site's settings; None if it is none of Eleventy's."""
    file = next((root / name for name in CONFIGS if (root / name).is_file()), None)
    if file is None and "@11ty/eleventy" not in text_of(root / "package.json"):
        return None
    text = text_of(file) if file is not None else ""
    found = re.search(r"""\binput\s*:\s*["']([^"']+)["']|setInputDirectory\(\s*["']([^"']+)["']""", text)
    folder = Path((found[1] or found[2]) if found else ".").as_posix()
    data = re.search(r"""\bdata\s*:\s*["']([^"']+)["']|setDataDirectory\(\s*["']([^"']+)["']""", text)
    data_folder = root / folder / ((data[1] or data[2]) if data else "_data")
    site = next((table for name in _SITE_DATA if (table := table_of(data_folder / f"{name}.json"))), {})
    return Layout(
        generator="Eleventy",
        settings=file.name if file is not None else "package.json",
        title=word(site, "title", "name"),
        url=word(site, "url", "baseUrl").rstrip("/"),
        description=word(site, "description"),
        language=word(site, "lang", "language", "locale"),
        search=(folder,),
        assets=tuple(dict.fromkeys((folder, ".", "public", "static"))),
        dated_names=True,
        reads_naive_as_utc=True,
        permalink_key="permalink",
        publishes=_PUBLISHES if folder == "." and not _ignores_ours(root) else "",
    )


def _ignores_ours(root: Path) -> bool:
    names = {line.strip().strip("/") for line in text_of(root / ".eleventyignore").splitlines()}
    return {"config", "var"} <= names


def eleventy_permalink(root: Path, layout: Layout, posts: str, *, in_posts: str = "") -> Guess:
    """The permalink of the posts in this folder. `in_posts` is the template that all of them have, if they do."""
    for file, template in _templates(root, layout, posts, in_posts):
        path = _translated(template)
        if path is None:
            return Guess(why=f"{file}: {template} holds what is not known here")
        return Guess(permalink=path, why=f"{file}: {template}")
    base = Path(layout.search[0])
    inside = Path(posts).relative_to(base) if Path(posts).is_relative_to(base) else Path(posts)
    path = "/".join(("", *inside.parts, "{folder}", "{slug}", ""))
    return Guess(permalink=path, why="Eleventy's own rule: folder and name")


def _templates(root: Path, layout: Layout, posts: str, in_posts: str) -> Iterator[tuple[str, str]]:
    """Templates in the order in which they count: the posts' own, the folders' data files, the site's settings."""
    if in_posts:
        yield "the posts", in_posts
    folder = Path(posts)
    for one in (folder, *folder.parents):
        for ending in (".11tydata.js", ".11tydata.mjs", ".11tydata.cjs", ".11tydata.json", ".json"):
            file = root / one / f"{one.name}{ending}"
            found = _IN_JSON.search(text_of(file)) if one.name else None
            if found:
                yield str(one / file.name), found[2]
    found = _GLOBAL.search(text_of(root / layout.settings))
    if found:
        yield layout.settings, found[2]


def _translated(template: str) -> str | None:
    """A template in our words; None if it holds something that is not known."""
    problems: list[str] = []

    def word_of(found: re.Match[str]) -> str:
        tag = found[1]
        date = _DATE.fullmatch(tag)
        if _SLUGS.fullmatch(tag):
            return "{slug}"
        if date and not re.sub("%Y|%m|%d|[/-]", "", date[1]):
            return re.sub("%[Ymd]", lambda one: _DATE_WORDS[one[0]], date[1])
        problems.append(tag)
        return ""

    path = _TAG.sub(word_of, template)
    path = path.removesuffix("index.html")
    bare = re.sub(r"\{(slug|year|month|day)\}", "", path)
    if problems or "{slug}" not in path or re.search(r"[{}$%`]", bare):
        return None
    return f"/{path.lstrip('/')}"
