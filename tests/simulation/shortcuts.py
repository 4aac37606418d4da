"""Caches for pure functions that a seed calls many times with the same input. They change only the speed."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import mastodon.internals

import bot.compose.composer
import bot.ledger.codec
import bot.posts.folder
import bot.runtime.publication
from bot.compose.context import ComposeContext
from bot.domain import Entry, Post
from bot.domain.errors import BotError
from tests.support.remembered import remembered_work


@contextmanager
def shortcuts() -> Iterator[None]:
    """Remember, for the time of one seed: parsed posts, composed toots, rendered feeds, entries read from the ledger.

    Mastodon.py makes objects of every answer, for which it asks for the class behind each type hint a thousand times:
    the same answer gives the same objects, which the bot only reads.
    """
    with ExitStack() as stack:
        for owner, name, make in (
            (bot.posts.folder, "parse_post", _parsing),
            (bot.compose.composer, "compose", _composing),
            (bot.runtime.publication, "render_feeds", _rendering),
            (bot.ledger.codec, "entry_from_json", cache),
            (mastodon.internals, "try_cast_recurse", _casting),
        ):
            right = getattr(owner, name)
            setattr(owner, name, make(right))
            stack.callback(setattr, owner, name, right)
        if len(_CAST) > _CAST_AT_MOST:
            _CAST.clear()
        stack.enter_context(remembered_work())
        stack.enter_context(_without_collector())
        yield


@contextmanager
def _without_collector() -> Iterator[None]:
    # It takes a quarter of the time. What a seed leaves behind goes before the next one; what was there before the
    # first (libraries, above all) is looked through once only.
    if not gc.get_freeze_count():
        gc.freeze()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _parsing(right: Callable[..., Post | None]) -> Callable[..., Any]:
    known: dict[tuple[bytes, Path, str], Post | BotError | None] = {}

    def parse(data: bytes, *, path: Path, slug: str, config: Any) -> Any:
        key = (data, path, slug)
        if key not in known:
            known[key] = _outcome(lambda: right(data, path=path, slug=slug, config=config))
        return _given(known[key])

    return parse


def _composing(right: Callable[..., Any]) -> Callable[..., Any]:
    # A post is known by its place in memory, which stays its own while it is kept here.
    known: dict[tuple[object, ...], tuple[Post, Any]] = {}

    def compose(post: Post, context: ComposeContext) -> Any:
        key = (id(post), id(context.account), context.limits, context.capabilities)
        if key not in known:
            known[key] = (post, _outcome(lambda: right(post, context)))
        return _given(known[key][1])

    return compose


def _rendering(right: Callable[..., Any]) -> Callable[..., Any]:
    known: dict[tuple[Entry, ...], Any] = {}

    def render(entries: Iterable[Entry], **means: Any) -> Any:
        key = tuple(entries)
        if key not in known:
            known[key] = right(key, **means)
        return known[key]

    return render


#: What a server says of itself is the same in all seeds.
_CAST: dict[tuple[int, str], tuple[Any, Any]] = {}
_CAST_AT_MOST = 5_000


def _casting(right: Callable[..., Any]) -> Callable[..., Any]:
    def cast(kind: Any, value: Any, *more: Any) -> Any:
        key = (id(kind), json.dumps(value))
        if key not in _CAST:
            _CAST[key] = (kind, right(kind, value, *more))
        return _CAST[key][1]

    return cast


def _outcome(do: Callable[[], Any]) -> Any:
    try:
        return do()
    except BotError as error:
        return error


def _given(outcome: Any) -> Any:
    if isinstance(outcome, BotError):
        raise outcome
    return outcome
