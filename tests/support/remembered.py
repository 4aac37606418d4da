"""Work that libraries do again and again in tests, remembered by its input. Only the speed changes: it is pure.

Mastodon.py asks for the class behind a type hint a thousand times an answer, and werkzeug compiles the code that builds
a route's address for each application anew; tests make thousands of both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any

import mastodon.types_base
from werkzeug.routing import Rule


@contextmanager
def remembered_work() -> Iterator[None]:
    with ExitStack() as stack:
        for owner, name, make in (
            (mastodon.types_base, "get_type_class", _by_types),
            (mastodon.types_base, "real_issubclass", _by_types),
            (Rule, "_compile_builder", _by_route),
        ):
            original = getattr(owner, name)
            setattr(owner, name, make(original))
            stack.callback(setattr, owner, name, original)
        yield


def _by_types(original: Callable[..., Any]) -> Callable[..., Any]:
    remembered = cache(original)

    def ask(*types: Any) -> Any:
        try:
            return remembered(*types)
        except TypeError:  # a type hint that cannot be hashed
            return original(*types)

    return ask


def _by_route(original: Callable[..., Any]) -> Callable[..., Any]:
    known: dict[object, Any] = {}

    def compile_builder(rule: Any, append_unknown: bool = True) -> Any:
        if rule.defaults:
            return original(rule, append_unknown)
        key = (tuple(rule._trace), append_unknown)
        if key not in known:
            known[key] = original(rule, append_unknown)
        return known[key]

    return compile_builder
