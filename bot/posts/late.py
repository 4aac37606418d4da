"""Posts whose body is rendered only when somebody asks for it.

Rendering takes some twenty times as long as everything else about a file, and most posts of a large folder were
released long ago: nobody asks for their bodies. A late post is equal to the same post that was rendered at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from typing import Any, Final

from bot.model import Post
from bot.posts.effort import too_much

#: What is not known before the body is rendered.
LATE: Final = ("excerpt", "summary", "html", "paragraphs", "unsaid", "findings")
#: All other fields.
EARLY: Final = tuple(field.name for field in fields(Post) if field.name not in LATE)

_MOST_ELEMENTS: Final = 40
_MOST_MARKS: Final = 120  #: each level takes two
_WIDEST: Final = 12  #: columns before the words of a line
_BLANK: Final = re.compile(r"\n[ \t]*\n")
_BEFORE_WORDS: Final = " \t>*+-.)0123456789"
#: What may stand behind a "<" without leading the HTML reader astray.
_HARMLESS: Final = re.compile(
    r"/?(?:a|abbr|b|blockquote|br|code|div|em|figcaption|figure|h[1-6]|hr|i|iframe|img|li|ol|p|pre|s|small|span|strong"
    r"|sub|sup|u|ul)\b|!--|https?:|mailto:|[\s\d=]",
    re.IGNORECASE,
)


class LatePost(Post):
    """A Post whose last fields are still to come: they are made, all at once, when one of them is asked for."""

    __slots__ = ("_render",)

    @classmethod
    def of(cls, known: dict[str, Any], render: Callable[[], dict[str, Any]]) -> LatePost:
        """A post of its early fields, and what makes the late ones. `render` must not fail."""
        post = object.__new__(cls)
        put = object.__setattr__
        for name in EARLY:
            put(post, name, known[name])
        put(post, "_render", render)
        return post

    @property
    def late(self) -> Any:
        """The late fields as they were made, or what makes them."""
        render = object.__getattribute__(self, "_render")
        return {name: getattr(self, name) for name in LATE} if render is None else render

    def __getattr__(self, name: str) -> Any:
        # Called only for a slot that holds nothing yet.
        if name not in LATE:
            raise AttributeError(name)
        render = object.__getattribute__(self, "_render")
        if render is None:  # made by another thread, just now
            return object.__getattribute__(self, name)
        made = render()
        for late in LATE:
            object.__setattr__(self, late, made[late])
        object.__setattr__(self, "_render", None)
        return made[name]

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Post):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in (*EARLY, *LATE))

    __hash__ = None  # type: ignore[assignment]  # like Post, which holds a mapping


def cannot_fail(body: str) -> bool:
    """Whether rendering a body cannot fail, for sure; of others it is found out at once, so that the fault is told.

    It fails where HTML elements are nested hundreds deep. Each level takes a tag, a mark of emphasis or link within
    one paragraph, or a column before the words.
    """
    parts = body.split("<")[1:]
    return (
        len(parts) <= _MOST_ELEMENTS
        and all(map(_HARMLESS.match, parts))
        and not too_much(body)
        and not any(map(_is_deep, body.split("\n")))
        and (_has_few_marks(body) or all(map(_has_few_marks, _BLANK.split(body))))
    )


def _is_deep(line: str) -> bool:
    return len(line) >= _WIDEST and not line[:_WIDEST].strip(_BEFORE_WORDS)


def _has_few_marks(text: str) -> bool:
    return text.count("*") + text.count("_") + text.count("~") + text.count("[") <= _MOST_MARKS
