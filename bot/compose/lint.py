"""What a template uses, found without rendering it: also in branches that no post takes today.

Imports Jinja, so it is imported where it is needed only.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from jinja2 import meta, nodes

#: The parts of variables that have parts.
_PARTS: Final = {"site": frozenset({"title", "url"})}


def unknown_names(tree: nodes.Template, known: Collection[str]) -> list[tuple[int, str]]:
    """Variables and their parts that there are not, each with the line where it is used first."""
    undeclared = meta.find_undeclared_variables(tree) - set(known)
    found: dict[str, int] = {}
    for name in tree.find_all(nodes.Name):
        if name.ctx == "load" and name.name in undeclared:
            found[name.name] = min(name.lineno, found.get(name.name, name.lineno))
    for part in tree.find_all(nodes.Getattr):
        if isinstance(part.node, nodes.Name) and part.attr not in _PARTS.get(part.node.name, {part.attr}):
            found.setdefault(f"{part.node.name}.{part.attr}", part.lineno)
    return sorted((line, name) for name, line in found.items())


def included_names(tree: nodes.Template) -> list[tuple[int, str]]:
    """The other templates that it names, each with its line; those whose names are computed are left out."""
    kinds = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)
    named = [(node.lineno, getattr(node, "template", None)) for node in tree.find_all(kinds)]
    return [(line, name.value) for line, name in named if isinstance(name, nodes.Const) and isinstance(name.value, str)]
