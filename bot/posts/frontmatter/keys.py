"""Checks of the front matter keys: findings about likely misspellings.

Unknown keys are no error, because sites have their own. A key that resembles one of ours is probably misspelt.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Final

from bot.domain.front_matter import KEYS
from bot.posts.frontmatter.fields import FALSE, TRUE

if TYPE_CHECKING:
    from bot.posts.frontmatter.fields import Fields, Notes

OURS: Final = tuple(KEYS)
MASTODON: Final = tuple(KEYS["mastodon"].keys)
POLL: Final = tuple(KEYS["mastodon"].keys["poll"].keys)
COVER: Final = tuple(KEYS["cover"].keys)
MEDIA: Final = tuple(KEYS["mastodon"].keys["media"].keys)
REMINDER: Final = tuple(KEYS["reminders"].keys)
_OURS: Final = frozenset(OURS)
#: Keys of sites and their generators that resemble ours but mean something else.
_OTHERS: Final = frozenset({"images", "tag", "links", "series", "time", "titles"})
#: Other names for our keys that string similarity would not find.
_SYNONYMS: Final = {
    "published": "published_datetime",
    "publish": "published_datetime",
    "pubdate": "published_datetime",
    "datetime": "published_datetime",
    "updated": "updated_datetime",
    "authors": "author",
    "speaker": "speakers",
    "categories": "category",
    "excerpt": "summary",
    "lang": "language",
    "cover_alt": "cover.alt",
    "image_alt": "cover.alt",
}
_LONGEST_KEY: Final = 40


def guess_key(key: str, known: Collection[str] = OURS) -> str | None:
    """The known key that the author probably meant by an unknown one; None if no key is similar."""
    if key in known:
        return None
    plain = key.strip().lower().replace("-", "_").replace(" ", "_")
    if plain in _OTHERS or len(key) > _LONGEST_KEY:
        return None
    if known is OURS and plain in _SYNONYMS:
        return _SYNONYMS[plain]
    return next(iter(difflib.get_close_matches(plain, list(known), n=1, cutoff=0.8 if known is OURS else 0.6)), None)


def unknown_key_remedy(key: str, known: Collection[str]) -> str:
    """The remedy for a key that is not read: the key that the author probably meant, else all known ones."""
    meant = guess_key(key, known)
    return f'Did you mean "{meant}"?' if meant else f"Known here: {', '.join(known)}."


def missing_key_remedy(name: str, keys: Iterable[str], example: str) -> str:
    """The remedy for a missing key; names a similar key in the file if there is one."""
    slip = next((key for key in keys if guess_key(key) == name), None)
    return f'Did you mean it with "{slip}"? Write "{name}".' if slip else f"Write {example}."


def check_keys(fields: Fields, notes: Notes, top: Collection[str]) -> None:
    """Add a finding for each key that is probably misspelt."""
    for key in top:
        meant = None if key in _OURS else guess_key(key)
        if meant and not (key == "published" and str(fields.get(key)).lower() in TRUE | FALSE):
            notes.add("unknown-key", "is not a key that is read.", field=key, remedy=f'Did you mean "{meant}"?')
    _note_inner_keys(fields, notes)
    if fields.get("date") and "published_datetime" not in fields and "draft" not in fields:
        notes.add(
            "date-ignored",
            "is not when the post is released; without a publish datetime it stays a draft.",
            field="date",
            remedy="Write published_datetime: 2024-07-16 09:00.",
        )
    if "hashtags" in fields and fields.get("hashtags") is None:
        notes.add(
            "hashtags-empty",
            "is empty; YAML reads a # after a space as the beginning of a comment.",
            field="hashtags",
            remedy="Write the hashtags without #, or in quotes.",
        )


def _note_inner_keys(fields: Fields, notes: Notes) -> None:
    cover = fields.get("cover")
    for key in cover if isinstance(cover, dict) else ():
        meant = guess_key(key, COVER)
        if meant:
            name = f"cover.{key}"
            notes.add("unknown-key", "is not a key that is read.", field=name, remedy=f'Did you mean "{meant}"?')
    for table, known in (("mastodon", MASTODON), ("mastodon.poll", POLL)):
        values = fields.get(table)
        for key in values if isinstance(values, dict) else ():
            if key not in known:
                remedy = unknown_key_remedy(key, known)
                notes.add("unknown-key", "is not a key that is read.", field=f"{table}.{key}", remedy=remedy)
