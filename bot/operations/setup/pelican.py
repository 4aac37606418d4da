"""Pelican: its settings are a Python program, of which only plain values are read, by `ast`; nothing is executed.

docs.getpelican.com/en/latest/settings.html
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any, Final

from bot.operations.setup.layout import Guess, Layout, text_of, word

CONFIGS: Final = ("pelicanconf.py",)
#: What it is built with for the public, if there is such a file.
_PUBLIC: Final = "publishconf.py"
_DATE_WORDS: Final = {"%Y": "{year}", "%m": "{month}", "%d": "{day}"}


def read_pelican(root: Path) -> Layout | None:
    """The site's settings; None if it is none of Pelican's."""
    if not (root / CONFIGS[0]).is_file():
        return None
    config = _values(root)
    folder = word(config, "PATH") or "."
    articles = config.get("ARTICLE_PATHS")
    paths = [str(one) for one in articles] if isinstance(articles, list | tuple) else [""]
    names = str(config.get("FILENAME_METADATA", ""))
    return Layout(
        generator="Pelican",
        settings=CONFIGS[0],
        title=word(config, "SITENAME"),
        url=word(config, "SITEURL").rstrip("/"),
        description=word(config, "SITESUBTITLE"),
        timezone=word(config, "TIMEZONE") or "UTC",
        language=word(config, "DEFAULT_LANG") or "en",
        search=tuple(Path(folder, one).as_posix() for one in paths or [""]),
        assets=(folder,),
        dated_names="?P<date>" in names and "?P<slug>" in names,
        slug_key=True,
        from_title=word(config, "SLUGIFY_SOURCE") != "basename" and "?P<slug>" not in names,
    )


def pelican_permalink(root: Path, layout: Layout, *, all_have_slugs: bool, all_have_categories: bool) -> Guess:
    """The permalink of the articles."""
    template = word(_values(root), "ARTICLE_URL") or "{slug}.html"
    where = f"{layout.settings}: {template}"
    if layout.from_title and not all_have_slugs:
        return Guess(
            why=f"{where}, and Pelican makes the slug of the title where a post has none; SLUGIFY_SOURCE = 'basename' "
            "makes it of the file's name"
        )
    path = re.sub(
        r"\{date:([^}]+)\}", lambda found: re.sub("%[Ymd]", lambda one: _DATE_WORDS[one[0]], found[1]), template
    )
    known = {"{slug}", "{year}", "{month}", "{day}", *(["{category}"] if all_have_categories else [])}
    unknown = [one for one in re.findall(r"\{[^}]*\}|%\w", path) if one not in known]
    if unknown or "{slug}" not in path:
        return Guess(why=f"{where} holds {unknown[0] if unknown else 'no slug'}, which cannot be known here")
    return Guess(permalink=f"/{path.lstrip('/')}", why=where)


def _values(root: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in (*CONFIGS, _PUBLIC):
        try:
            tree = ast.parse(text_of(root / name))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for statement in tree.body:
            if not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is None:
                continue
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            try:
                value = ast.literal_eval(statement.value)
            except (ValueError, TypeError, RecursionError, MemoryError):
                continue
            found.update({target.id: value for target in targets if isinstance(target, ast.Name)})
    return found
