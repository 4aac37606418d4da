"""The Jinja environment of templates: plain text, sandboxed, no undefined names, bounded loops.

Imported only when a template is rendered or checked: Jinja takes a while to load.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sized
from datetime import datetime
from typing import Any, Final

from jinja2 import FunctionLoader, StrictUndefined, meta, nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

MAX_RANGE: Final = 1_000  #: longest `range()`
MAX_REPEAT: Final = 20_000  #: longest result of `"x" * n`
MAX_DATE_FORMAT: Final = 100

_DIRECTIVE: Final = re.compile(r"%(-?)(.?)", re.DOTALL)
_KNOWN_DIRECTIVES: Final = "aAbBdHIjmMpSyYzZ%"

Source = tuple[str, str, Callable[[], bool]]


class Sandbox(ImmutableSandboxedEnvironment):
    """The environment of every template. `find` returns a template's text and its name for errors, or None."""

    intercepted_binops = frozenset({"*", "**"})

    def __init__(self, find: Callable[[str], tuple[str, str] | None]) -> None:
        def load(name: str) -> Source | None:
            found = find(name)
            return (*found, lambda: True) if found else None

        super().__init__(
            loader=FunctionLoader(load),
            undefined=StrictUndefined,
            autoescape=False,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.globals["range"] = _bounded_range
        del self.globals["lipsum"]
        self.filters["date"] = format_date

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "**":
            raise SecurityError("templates have no powers (**)")
        for many, times in ((left, right), (right, left)):
            if isinstance(many, Sized) and isinstance(times, int) and len(many) * times > MAX_REPEAT:
                raise SecurityError(f"the result of * would be longer than {MAX_REPEAT:,} characters")
        return super().call_binop(context, operator, left, right)


def format_date(value: object, form: str = "%A, %d %B %Y") -> str:
    """The filter `date`: a datetime in the form of strftime, names in English; "%-d" is the day without a zero.

    A post without a datetime (a draft) gives "".

    Raises ValueError for a directive that not every system knows, TypeError for a value that is no datetime.
    """
    if value is None:
        return ""
    if not isinstance(value, datetime):
        raise TypeError("the filter `date` is for the variable `date`")
    if len(form) > MAX_DATE_FORMAT:
        raise ValueError(f"a date's form has at most {MAX_DATE_FORMAT} characters")

    def written(directive: re.Match[str]) -> str:
        dash, letter = directive[1], directive[2]
        if not letter or letter not in _KNOWN_DIRECTIVES:
            raise ValueError(f'"{directive[0]}" is not a part of a date; known are %{" %".join(_KNOWN_DIRECTIVES)}')
        text = value.strftime("%" + letter)
        return (text.lstrip("0") or "0") if dash else text

    return _DIRECTIVE.sub(written, form)


def _bounded_range(*args: int) -> range:
    numbers = range(*args)
    if len(numbers) > MAX_RANGE:
        raise SecurityError(f"range() is longer than {MAX_RANGE:,}")
    return numbers


#: The attributes of variables that have attributes.
_PARTS: Final = {"site": frozenset({"title", "url"})}


def find_unknown_names(tree: nodes.Template, known: Collection[str]) -> list[tuple[int, str]]:
    """The undefined variables and attributes, each with the line of its first use."""
    undeclared = meta.find_undeclared_variables(tree) - set(known)
    found: dict[str, int] = {}
    for name in tree.find_all(nodes.Name):
        if name.ctx == "load" and name.name in undeclared:
            found[name.name] = min(name.lineno, found.get(name.name, name.lineno))
    for part in tree.find_all(nodes.Getattr):
        if isinstance(part.node, nodes.Name) and part.attr not in _PARTS.get(part.node.name, {part.attr}):
            found.setdefault(f"{part.node.name}.{part.attr}", part.lineno)
    return sorted((line, name) for name, line in found.items())


def find_included_names(tree: nodes.Template) -> list[tuple[int, str]]:
    """The templates that it includes, each with its line; computed names are left out."""
    kinds = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)
    named = [(node.lineno, getattr(node, "template", None)) for node in tree.find_all(kinds)]
    return [(line, name.value) for line, name in named if isinstance(name, nodes.Const) and isinstance(name.value, str)]
