"""Making words fit: the ones that matter least are shortened first.

Not here: what the words are joined to; the caller builds the text and says whether it fits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.compose.count import graphemes
from bot.compose.shorten import shorten_to_fit


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing to shorten: `name` among the words."""

    name: str
    least: int  #: with fewer characters than this left, it says nothing
    may_go: bool  #: then it is dropped


def fit(
    words: Mapping[str, str],
    steps: Sequence[Step],
    build: Callable[[Mapping[str, str]], str],
    fits: Callable[[str], bool],
) -> Mapping[str, str] | None:
    """The words, as much of them as there is room for; None if even the least is too much.

    `build` makes the whole text of them. Each step in turn shortens its words until the text fits, or drops them.
    """
    current = dict(words)
    if fits(build(current)):
        return current
    for step in steps:
        without = {**current, step.name: ""}
        if build(without) == build(current):
            continue  # the text does not use these words
        shortened = _shorten(step.name, current, build, fits)
        if graphemes(shortened) >= step.least:
            return {**current, step.name: shortened}
        if step.may_go:
            current = without
            if fits(build(current)):
                return current
    return None


def _shorten(
    name: str, words: Mapping[str, str], build: Callable[[Mapping[str, str]], str], fits: Callable[[str], bool]
) -> str:
    return shorten_to_fit(words[name], lambda candidate: fits(build({**words, name: candidate})))
