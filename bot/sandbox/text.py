"""What a server finds in the text of a status (links, hashtags, mentions), how it counts it, and its languages.

All that the sandbox takes from `bot.compose` is imported here: where links and mentions stand, how Mastodon counts, and
which hashtags are the same. What may precede a hashtag differs between servers and is part of the profile.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

import regex

from bot.compose.hashtags import fold_hashtag
from bot.compose.length import count_graphemes, status_length
from bot.compose.links import find_links
from bot.compose.mentions import find_mentions
from bot.sandbox.profiles import Counting, ServerProfile
from bot.sandbox.store import Store

__all__ = [
    "DEFAULT_LANGUAGE",
    "Entity",
    "Kind",
    "Mention",
    "count_characters",
    "count_graphemes",
    "find_entities",
    "fold_hashtag",
    "known_language",
    "mentions_in",
    "resolve_mention",
    "shorten_local_mentions",
]

# `HASHTAG_RE` of app/models/tag.rb: Ruby's [[:word:]], and the characters that may only stand inside a hashtag.
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
    """A part of a text that becomes a link. `name` is the URL, or the hashtag or username without its sign."""

    start: int
    end: int
    kind: Kind
    name: str
    domain: str = ""  #: of a mention that names one


def find_entities(text: str, profile: ServerProfile) -> list[Entity]:
    """Every link, hashtag and mention; of two that overlap only the one that begins first."""
    found = [*_links(text), *_hashtags(text, profile), *mentions_in(text)]
    kept: list[Entity] = []
    for entity in sorted(found, key=lambda entity: entity.start):
        if not kept or entity.start >= kept[-1].end:
            kept.append(entity)
    return kept


def mentions_in(text: str) -> Iterator[Entity]:
    """The mentions that notify, inside links too (app/services/process_mentions_service.rb)."""
    for start, name_end, end in find_mentions(text):
        yield Entity(start, end, Kind.MENTION, text[start + 1 : name_end], text[name_end + 1 : end])


def _links(text: str) -> Iterator[Entity]:
    for start, end in find_links(text):
        yield Entity(start, end, Kind.LINK, text[start:end])


def _hashtags(text: str, profile: ServerProfile) -> Iterator[Entity]:
    if any(sign in text for sign in profile.hashtag_signs):
        for match in _hashtag_pattern(profile.hashtag_signs, profile.hashtag_follows).finditer(text):
            yield Entity(match.start(), match.end(), Kind.HASHTAG, match.group(1))


@cache
def _hashtag_pattern(signs: str, follows: str) -> regex.Pattern[str]:
    return regex.compile(rf"{follows}[{signs}]({_NAME})")


@dataclass(frozen=True, kw_only=True, slots=True)
class Mention:
    """An account that a text mentions."""

    id: str
    username: str
    acct: str
    url: str


def resolve_mention(entity: Entity, *, store: Store, base: str) -> Mention | None:
    """The account that a mention means; None if the mention stays plain text.

    A local name is an account of this sandbox or nothing. A real server asks other servers about their accounts; the
    sandbox asks none and assumes that every account elsewhere exists.
    """
    if entity.domain and not _is_here(entity.domain, base):
        domain = entity.domain.lower()
        acct = f"{entity.name}@{domain}"
        number = int(sha256(acct.lower().encode()).hexdigest()[:12], 16)
        return Mention(id=str(number), username=entity.name, acct=acct, url=f"https://{domain}/@{entity.name}")
    account = store.account_named(entity.name)
    if account is None:
        return None
    return Mention(id=account.id, username=account.username, acct=account.username, url=f"{base}/@{account.username}")


def shorten_local_mentions(text: str, *, store: Store, base: str) -> str:
    """Rewrite `@name@this.server` to `@name`, as Mastodon stores it (app/services/process_mentions_service.rb)."""
    for entity in reversed(list(mentions_in(text))):
        if _is_here(entity.domain, base) and store.account_named(entity.name) is not None:
            text = f"{text[: entity.start]}@{entity.name}{text[entity.end :]}"
    return text


def _is_here(domain: str, base: str) -> bool:
    return domain.lower() == urlsplit(base).hostname


def count_characters(text: str, warning: str, profile: ServerProfile) -> int:
    """The length of a status as this server counts it."""
    match profile.counting:
        case Counting.SHORTENED:
            return status_length(text, warning, limits=profile.limits)
        case Counting.GRAPHEMES:
            return count_graphemes(text + warning)
        case Counting.CODE_POINTS:
            return len(text) + len(warning)
        case Counting.TEXT_ONLY:
            return len(text)


DEFAULT_LANGUAGE: Final = "en"

# ISO 639-1, then the three-letter and regional tags that Mastodon knows besides.
_TAGS: Final = (
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee "
    "el en eo es et eu fa ff fi fj fo fr fy ga gd gl gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it "
    "iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt "
    "my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl "
    "sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za "
    "zh zu ast chr ckb cnr csb gsw jbo kab ldn lfn moh nds pdc sco sma smj szl tok vai xal zba zgh "
    "zh-CN zh-HK zh-TW"
)
_KNOWN: Final = frozenset(_TAGS.split())


def known_language(tag: str) -> str | None:
    """The tag if it is known, else its base ("de-AT" → "de") if that is, else None.

    Never an error, as in Mastodon (app/helpers/languages_helper.rb).
    """
    if tag in _KNOWN:
        return tag
    base = re.split(r"[_-]", tag, maxsplit=1)[0]
    return base if base in _KNOWN else None
