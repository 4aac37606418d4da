"""Posts whose body is rendered only when somebody asks for it.

Rendering takes some twenty times as long as everything else about a file, and most posts of a large folder were
released long ago: nobody asks for their bodies. A late post is equal to the same post that was rendered at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import fields
from typing import Any, Final

from bot.domain import Post
from bot.posts.body.markdown import too_much

#: What is not known before the body is rendered.
LAZY_FIELDS: Final = ("excerpt", "summary", "html", "paragraphs", "unsaid", "findings")
#: All other fields.
EAGER_FIELDS: Final = tuple(field.name for field in fields(Post) if field.name not in LAZY_FIELDS)

#: How each of them is put into its slot: half the time of object.__setattr__, for some 25 fields of each post.
_PUT_EARLY: Final = tuple(vars(Post)[name].__set__ for name in EAGER_FIELDS)

_MOST_ELEMENTS: Final = 40
_MOST_MARKS: Final = 120  #: each level takes two
_DEEP: Final = re.compile(r"^[ \t>*+\-.)0-9]{12}")  #: so many columns before the words of a line
_DEEP_LATER: Final = re.compile(r"\n[ \t>*+\-.)0-9]{12}")  #: the same; without "^" it is found several times as fast
_BLANK: Final = re.compile(r"\n[ \t]*\n")
#: What may stand behind a "<" without leading the HTML reader astray.
_HARMLESS: Final = re.compile(
    r"/?(?:a|abbr|b|blockquote|br|code|div|em|figcaption|figure|h[1-6]|hr|i|iframe|img|li|ol|p|pre|s|small|span|strong"
    r"|sub|sup|u|ul)\b|!--|https?:|mailto:|[\s\d=]",
    re.IGNORECASE,
)


class LazyPost(Post):
    """A Post whose last fields are still to come: they are made, all at once, when one of them is asked for."""

    __slots__ = ("_render",)

    @classmethod
    def of(cls, early: Iterable[Any], render: Callable[[], dict[str, Any]]) -> LazyPost:
        """Make a post of the values of `EAGER_FIELDS`, in their order, and what makes the rest; it must not fail."""
        post = object.__new__(cls)
        for put, value in zip(_PUT_EARLY, early, strict=True):
            put(post, value)
        object.__setattr__(post, "_render", render)
        return post

    @property
    def early(self) -> list[Any]:
        """The early fields, in the order of `EAGER_FIELDS`."""
        return [getattr(self, name) for name in EAGER_FIELDS]

    @property
    def late(self) -> Any:
        """The late fields as they were made, or what makes them."""
        render = object.__getattribute__(self, "_render")
        return {name: getattr(self, name) for name in LAZY_FIELDS} if render is None else render

    def __getattr__(self, name: str) -> Any:
        # Called only for a slot that holds nothing yet.
        if name not in LAZY_FIELDS:
            raise AttributeError(name)
        render = object.__getattribute__(self, "_render")
        if render is None:  # made by another thread, just now
            return object.__getattribute__(self, name)
        made = render()
        for late in LAZY_FIELDS:
            object.__setattr__(self, late, made[late])
        object.__setattr__(self, "_render", None)
        return made[name]

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Post):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in (*EAGER_FIELDS, *LAZY_FIELDS))

    __hash__ = None  # type: ignore[assignment]  # like Post, which holds a mapping


def cannot_fail(body: str) -> bool:
    """Whether rendering a body cannot fail, for sure; of others it is found out at once, so that the fault is told.

    It fails where HTML elements are nested hundreds deep. Each level takes a tag, a mark of emphasis or link within
    one paragraph, or a column before the words.
    """
    return (
        ("<" not in body or _has_harmless_elements(body))
        and not too_much(body)
        and not _DEEP.match(body)
        and not _DEEP_LATER.search(body)
        and (_has_few_marks(body) or all(map(_has_few_marks, _BLANK.split(body))))
    )


def _has_harmless_elements(body: str) -> bool:
    parts = body.split("<")[1:]
    return len(parts) <= _MOST_ELEMENTS and all(map(_HARMLESS.match, parts))


def _has_few_marks(text: str) -> bool:
    # To look whether a mark is there at all takes a tenth of the time that counting takes.
    return sum([text.count(mark) for mark in "*_~[" if mark in text]) <= _MOST_MARKS
