"""Jekyll: `_config.yml`, `_posts` and collections (jekyllrb.com/docs/permalinks, /docs/collections)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from bot.operations.setup.layout import Guess, Layout, table_of, word

CONFIGS: Final = ("_config.yml", "_config.yaml", "_config.toml")
_PUBLISHES: Final = (
    "Jekyll copies every folder into the built site, tokens and posts to come with them: write "
    "`exclude: [config, var, public]` into _config.yml"
)
_STYLES: Final = {
    "date": "/:categories/:year/:month/:day/:title:output_ext",
    "pretty": "/:categories/:year/:month/:day/:title/",
    "none": "/:categories/:title:output_ext",
}
_WORDS: Final = {
    "year": "{year}",
    "month": "{month}",
    "day": "{day}",
    "title": "{slug}",
    "slug": "{slug}",
    "categories": "{categories}",
    "output_ext": ".html",
}
_OF_COLLECTIONS: Final = {**_WORDS, "name": "{slug}", "path": "{folder}/{slug}"}


def read_jekyll(root: Path) -> Layout | None:
    """The site's settings; None if it is none of Jekyll's."""
    file = next((root / name for name in CONFIGS if (root / name).is_file()), None)
    if file is None:
        return None
    config = table_of(file)
    source, base = word(config, "source"), word(config, "collections_dir")
    folders = [str(Path(source, base, f"_{name}")) for name in ("posts", *_collections(config))]
    return Layout(
        generator="Jekyll",
        settings=file.name,
        title=word(config, "title", "name"),
        url=word(config, "url").rstrip("/") + word(config, "baseurl").rstrip("/") if word(config, "url") else "",
        description=word(config, "description", "tagline"),
        timezone=word(config, "timezone"),
        language=word(config, "lang", "locale").replace("_", "-"),
        search=tuple(folders),
        assets=(source or ".",),
        dated_names=True,
        reads_naive_as_utc=True,
        slug_key=True,
        permalink_key="permalink",
        publishes="" if source or _excludes_ours(config) else _PUBLISHES,
    )


def _excludes_ours(config: Mapping[str, Any]) -> bool:
    excluded = config.get("exclude")
    names = {str(one).strip("/") for one in excluded} if isinstance(excluded, list) else set()
    return {"config", "var"} <= names


def _collections(config: Mapping[str, Any]) -> list[str]:
    found = config.get("collections")
    names = found if isinstance(found, list | dict) else []
    return [str(name) for name in names if name != "posts"]


def jekyll_permalink(root: Path, layout: Layout, posts: str) -> Guess:
    """The permalink of the posts in this folder."""
    config = table_of(root / layout.settings)
    name = Path(posts).name.removeprefix("_")
    template = next(_said_of(config, name), "")
    if not template and name == "posts":
        template = "date"
    template = _STYLES.get(template, template) or "/:collection/:path:output_ext"
    where = f"{layout.settings}: {template}"
    words = _WORDS if name == "posts" else {**_OF_COLLECTIONS, "collection": name}
    names = re.findall(r":([a-z_]+)", template)
    unknown = [one for one in names if one not in words]
    if unknown or not {"title", "slug", "name", "path"} & set(names):
        return Guess(why=f"{where} holds what is not known here" + (f", :{unknown[0]}" if unknown else ""))
    path = re.sub(r":([a-z_]+)", lambda found: words[found[1]], template)
    return Guess(permalink=f"/{path.lstrip('/')}", why=where)


def _said_of(config: Mapping[str, Any], name: str) -> Iterator[str]:
    """Templates in the order in which they count: the collection's own, `defaults`, then the site's."""
    collections = config.get("collections")
    own = collections.get(name) if isinstance(collections, dict) else None
    if isinstance(own, dict) and word(own, "permalink"):
        yield word(own, "permalink")
    for one in config.get("defaults") or []:
        scope, values = (one.get(key) or {} for key in ("scope", "values")) if isinstance(one, dict) else ({}, {})
        if isinstance(scope, dict) and isinstance(values, dict) and scope.get("type", name) == name:
            path = str(scope.get("path") or "").strip("/")
            if word(values, "permalink") and path in ("", f"_{name}"):
                yield word(values, "permalink")
    if name == "posts" and word(config, "permalink"):
        yield word(config, "permalink")
