"""Imports stand at the head of a file. One inside a function delays a slow library, and says so beside it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import bot

FOLDER = Path(bot.__file__).parent


def unexplained(text: str) -> Iterator[int]:
    """Yield the line numbers of imports inside functions that have a comment neither beside nor above them."""
    lines = text.splitlines()
    for function in ast.walk(ast.parse(text)):
        if not isinstance(function, ast.FunctionDef):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Import | ast.ImportFrom) and not is_explained(lines, node.lineno - 1):
                yield node.lineno


def is_explained(lines: list[str], at: int) -> bool:
    if "#" in lines[at]:
        return True
    above = at - 1
    while lines[above].lstrip().startswith(("import ", "from ")):  # one comment serves imports that stand together
        above -= 1
    return lines[above].lstrip().startswith("#")


def test_each_import_inside_a_function_has_its_reason_beside_it() -> None:
    found = [
        f"{path.relative_to(FOLDER)}:{line}"
        for path in sorted(FOLDER.rglob("*.py"))
        for line in unexplained(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_an_import_without_a_reason_is_found() -> None:
    assert list(unexplained("def f():\n    import re\n\n    return re\n")) == [2]
    assert list(unexplained("def f():\n    # slow\n    import re\n    import ssl\n    import sys  # slow\n")) == []
