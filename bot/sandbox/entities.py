"""Links, hashtags and mentions in the text of a status, in order. Pure.

What is a link or a mention is told by `bot.compose`, which has the server's rules; what may stand before a hashtag
differs between servers and is told by the personality.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Final

import regex

from bot.compose.links import find_links
from bot.compose.mentions import find_mentions
from bot.sandbox.traits import Personality

# app/models/tag.rb of mastodon/mastodon, `HASHTAG_RE`. Ruby's [[:word:]], and what may stand inside a hashtag only.
_WORD: Final = r"\p{L}\p{M}\p{Nd}\p{Pc}"
_SEPARATORS: Final = "_\u00b7\u30fb\u200c"
_NAME: Final = (
    rf"[{_WORD}][{_WORD}{_SEPARATORS}]*[\p{{Alphabetic}}{_SEPARATORS}][{_WORD}{_SEPARATORS}]*[{_WORD}]"
    rf"|[{_WORD}]*\p{{Alphabetic}}[{_WORD}]*"
)


class Kind(Enum):
    """What was found in a text."""

    LINK = "link"
    HASHTAG = "hashtag"
    MENTION = "mention"


@dataclass(frozen=True, slots=True)
class Entity:
    """Something in a text that becomes a link. `name` is the URL, the hashtag or the username without its sign."""

    start: int
    end: int
    kind: Kind
    name: str
    domain: str = ""  #: of a mention that names one


def find_entities(text: str, personality: Personality) -> list[Entity]:
    """Every link, hashtag and mention; of two that overlap only the one that begins first."""
    found = [*_links(text), *_hashtags(text, personality), *mentions_in(text)]
    kept: list[Entity] = []
    for entity in sorted(found, key=lambda entity: entity.start):
        if not kept or entity.start >= kept[-1].end:
            kept.append(entity)
    return kept


def mentions_in(text: str) -> Iterator[Entity]:
    """Whom a text notifies: the server looks inside links, too (app/services/process_mentions_service.rb)."""
    for start, name_end, end in find_mentions(text):
        yield Entity(start, end, Kind.MENTION, text[start + 1 : name_end], text[name_end + 1 : end])


def _links(text: str) -> Iterator[Entity]:
    for start, end in find_links(text):
        yield Entity(start, end, Kind.LINK, text[start:end])


def _hashtags(text: str, personality: Personality) -> Iterator[Entity]:
    if any(sign in text for sign in personality.hashtag_signs):
        for match in _hashtag_pattern(personality.hashtag_signs, personality.hashtag_follows).finditer(text):
            yield Entity(match.start(), match.end(), Kind.HASHTAG, match.group(1))


@cache
def _hashtag_pattern(signs: str, follows: str) -> regex.Pattern[str]:
    return regex.compile(rf"{follows}[{signs}]({_NAME})")
