"""Hugo: `hugo.toml` or its older names, sections below `content` (gohugo.io/configuration/permalinks)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from bot.operations.setup.layout import Guess, Layout, table_of, word

CONFIGS: Final = tuple(
    f"{folder}{name}.{ending}"
    for folder in ("", "config/_default/")
    for name in ("hugo", "config")
    for ending in ("toml", "yaml", "yml", "json")
)
_WORDS: Final = {
    "year": "{year}",
    "month": "{month}",
    "day": "{day}",
    "filename": "{slug}",
    "contentbasename": "{slug}",
    "slugorfilename": "{slug}",
    "slugorcontentbasename": "{slug}",
}


def read_hugo(root: Path) -> Layout | None:
    """The site's settings; None if it is none of Hugo's."""
    for name in CONFIGS:
        config = table_of(root / name) if (root / name).is_file() else {}
        if ("hugo." in name and (root / name).is_file()) or word(config, "baseURL"):
            break
    else:
        return None
    return Layout(
        generator="Hugo",
        settings=name,
        title=word(config, "title"),
        url=word(config, "baseURL").rstrip("/"),
        description=word(_table(config, "params"), "description"),
        timezone=word(config, "timeZone"),
        language=word(config, "defaultContentLanguage", "languageCode") or "en",
        search=(word(config, "contentDir") or "content",),
        assets=("static", "assets", "."),
        dated_names=":filename" in str(_table(config, "frontmatter").get("date", "")),
        reads_naive_as_utc=not word(config, "timeZone"),
        slug_key=True,
        permalink_key="url",
    )


def _table(config: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    lower = {str(key).lower(): value for key, value in config.items()}
    found = lower.get(name.lower())
    return found if isinstance(found, dict) else {}


def hugo_permalink(root: Path, layout: Layout, posts: str, *, all_have_slugs: bool) -> Guess:
    """The permalink of the posts in this folder."""
    config = table_of(root / layout.settings)
    content = Path(layout.search[0])
    inside = Path(posts).relative_to(content).as_posix() if Path(posts).is_relative_to(content) else ""
    inside = "" if inside == "." else inside
    section = inside.partition("/")[0]
    permalinks = _table(config, "permalinks")
    pages = permalinks.get("page")
    template = word({**permalinks, **(pages if isinstance(pages, dict) else {})}, section) if section else ""
    ugly = _table(config, "").get("uglyurls") or {str(k).lower(): v for k, v in config.items()}.get("uglyurls")
    if not template:
        path = "/".join(("", *Path(inside.lower()).parts, "{folder}", "{slug}"))
        return Guess(permalink=f"{path}.html" if ugly is True else f"{path}/", why="Hugo's own rule: section and name")
    words = {**_WORDS, "section": section, "sections": f"{inside}/{{folder}}"}
    if all_have_slugs:
        words["slug"] = "{slug}"
    names = re.findall(r":([a-z]+)", template)
    unknown = [one for one in names if one not in words]
    where = f"{layout.settings}: {template}"
    if unknown:
        made = ", which Hugo makes of the title where a post has no slug" if unknown[0] in ("slug", "title") else ""
        return Guess(why=f"{where} holds :{unknown[0]}{made}")
    path = re.sub(r":([a-z]+)", lambda found: words[found[1]], template)
    path = f"/{path.strip('/')}"
    return Guess(permalink=f"{path}.html" if ugly is True else f"{path}/", why=where)
