"""The texts of a toot and of those that follow it, each within what the server accepts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from bot.compose.mentions import defuse
from bot.compose.split import CannotSplitError, split
from bot.compose.wording import Wording, tidy
from bot.errors import ComposeError
from bot.posts.options import MOST_TOOTS

_FIELD = "mastodon.thread"


def texts_of(wording: Wording) -> tuple[str, ...]:
    """The text of the toot, and those of its thread, in order.

    `thread: [...]`: the toot as ever, then each text of the list; one that is too long goes on in another toot.
    `thread: auto`: a person's own text is split instead of shortened; without one, the paragraphs of the post follow
    the toot, those that the excerpt has not said. Link and hashtags stand in the first, unless somebody wrote them.

    Raises ComposeError: as `Wording.fitted` does; too many toots, two that are the same, a word without room.
    """
    options = wording.post.mastodon
    if options.numbered:
        return _numbered(wording)
    texts = _texts(wording)
    _refuse_doubles(wording, texts)
    return texts


def is_split(wording: Wording) -> bool:
    """Whether a person's own text is split where it is too long, and not shortened."""
    return wording.post.mastodon.thread_auto and bool(wording.own_text)


def _numbered(wording: Wording) -> tuple[str, ...]:
    texts: tuple[str, ...] = ()
    for most in (9, MOST_TOOTS):
        texts = _texts(replace(wording, reserved=len(_number(most, most))))
        if len(texts) <= most:
            break
    if len(texts) == 1:
        return texts
    return tuple(text + _number(position, len(texts)) for position, text in enumerate(texts, start=1))


def _number(position: int, total: int) -> str:
    return f"\n\n{position}/{total}"


def _texts(wording: Wording) -> tuple[str, ...]:
    texts = tuple(islice(_endless_texts(wording), MOST_TOOTS + 1))
    if len(texts) > MOST_TOOTS:
        raise ComposeError(
            f"{wording.post.path}: the thread would have more than {MOST_TOOTS} toots.",
            remedy="Shorten it, or write its toots yourself below mastodon.thread.",
            field=_FIELD,
        )
    return texts


def _endless_texts(wording: Wording) -> Iterator[str]:
    try:
        if is_split(wording):
            yield from _own_text(wording)
            return
        first = wording.text(wording.fitted())
        if first == wording.completed(""):
            raise ComposeError(
                f"{wording.post.path}: the toot would have no words.",
                remedy="Give the post a title, set mastodon.text, or put words into its template.",
            )
        yield first
        if wording.post.mastodon.thread_auto:
            yield from split(_rest_of(wording, first), lambda _, text: wording.fits(text))
        for text in wording.post.mastodon.thread:
            yield from split(tidy(text), lambda _, text: wording.fits(text))
    except CannotSplitError as error:
        raise ComposeError(
            f'{wording.post.path}: no toot of {wording.limits.characters} characters has room for "{error}…".',
            remedy="Use a shorter link, content warning or number of hashtags.",
            field=_FIELD,
        ) from None


def _own_text(wording: Wording) -> Iterator[str]:
    def complete(number: int, text: str) -> str:
        return wording.completed(text) if number == 0 else text

    parts = split(wording.own_text, lambda number, text: wording.fits(complete(number, text)))
    for number, part in enumerate(parts):
        yield complete(number, part)


def _rest_of(wording: Wording, first: str) -> str:
    """The post in plain words; without what the excerpt says, if the first toot shows all of it."""
    post = wording.post
    excerpt = defuse(tidy(post.excerpt))
    rest = post.unsaid if excerpt and excerpt in first else post.paragraphs
    return defuse(tidy("\n\n".join(rest)))


def _refuse_doubles(wording: Wording, texts: tuple[str, ...]) -> None:
    for position, text in enumerate(texts, start=1):
        before = texts.index(text) + 1
        if before < position:
            # After a lost answer a toot is recognised by its text.
            raise ComposeError(
                f"{wording.post.path}: toots {before} and {position} of the thread say the same, "
                "so that one could not be told from the other.",
                remedy="Change one of them, or write mastodon: numbered: true.",
                field=_FIELD,
            )
