"""docs/architecture.md draws the packages as they import each other, and names files that exist."""

from __future__ import annotations

import re
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/architecture.md"
Edges = set[tuple[str, str]]


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def imports_between_packages() -> Edges:
    graph = grimp.build_graph("bot")
    packages = {name for name in graph.find_children("bot") if (ROOT / name.replace(".", "/")).is_dir()}
    for package in packages:
        graph.squash_module(package)
    return {
        (package.removeprefix("bot."), imported.removeprefix("bot."))
        for package in packages
        for imported in graph.find_modules_directly_imported_by(package) & packages - {package}
    }


def reach(edges: Edges, start: str) -> set[str]:
    found: set[str] = set()
    waiting = [end for begin, end in edges if begin == start]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [end for begin, end in edges if begin == name]
    return found


def without_shortcuts(edges: Edges) -> Edges:
    """The edges that no longer path replaces: what a drawing can show of a graph without circles."""
    return {
        (begin, end)
        for begin, end in edges
        if not any(end in reach(edges, other) for first, other in edges if first == begin and other != end)
    }


def test_the_drawing_shows_what_is_imported(page: str) -> None:
    drawing = re.search(r"```mermaid\n(.*?)```", page, re.DOTALL)
    assert drawing is not None
    drawn = set(re.findall(r"^\s*(\w+) --> (\w+)$", drawing[1], re.MULTILINE))
    real = without_shortcuts(imports_between_packages())
    wanted = "\n".join(f"    {begin} --> {end}" for begin, end in sorted(real))
    assert drawn == real, f"Put these lines into the drawing of {PAGE.name}:\n{wanted}"


def test_every_package_is_explained(page: str) -> None:
    packages = {path.parent.name for path in (ROOT / "bot").glob("*/__init__.py")}
    explained = set(re.findall(r"^\| `(\w+)/` \|", page, re.MULTILINE))
    assert explained == packages


@pytest.mark.parametrize("name", ["docs/architecture.md", "docs/glossary.md", "docs/decisions.md", "CONTRIBUTING.md"])
def test_the_files_that_are_named_exist(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:bot|tests|docs|config|posts|action)/[\w./-]*)`", text))
    assert not [path for path in sorted(named) if not (ROOT / path).exists()]


def test_a_drawing_leaves_out_what_a_longer_path_shows() -> None:
    assert without_shortcuts({("a", "b"), ("b", "c"), ("a", "c")}) == {("a", "b"), ("b", "c")}


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = grimp.build_graph("bot")
    TopologicalSorter({name: graph.find_modules_directly_imported_by(name) for name in graph.modules}).prepare()
