"""The front matter keys that the bot knows: the type of each, and the outputs that show its value.

The reader, the settings, the schema and the digests all use this table; a key is classified nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from bot.domain.posts import Missed, QuotePolicy, Visibility


class FieldType(Enum):
    """The type of a key's value; the values name the type for authors."""

    TEXT = "text"
    TEXTS = "one text or a list of texts"
    FLAG = "true or false"
    DATETIME = "a datetime"
    NUMBER = "a whole number"
    LANGUAGE = "a language's tag"
    KEYS = "keys of its own"
    LIST = "a list of keys of their own"
    TOOTS = "a list of texts, or auto"
    FOCUS = "two numbers from -1 to 1"


class Says(Enum):
    """Which outputs of a released post change with a key."""

    ENTRY = "entry"  #: the feed entry: its `updated` moves
    ANNOUNCEMENT = "announcement"  #: the announcement: the bot sends an edit if its content differs
    BOTH = "both"
    NEITHER = "neither"  #: identity, timing, other instructions to the bot, and what servers cannot change by an edit


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """One key of front matter."""

    about: str  #: what it does, for authors of posts
    holds: tuple[FieldType, ...]  #: the types that it accepts
    says: Says | None  #: None only if its value consists of nested keys
    choices: tuple[str, ...] = ()  #: the allowed values of a text; empty: any
    separators: str = ""  #: a single text given for a list is split at any of these characters
    default: bool | None = None  #: of a flag: what its absence means; None if that is neither true nor false
    stands_for: str = ""  #: the key that this one is an alias of; if both are present, that key wins
    keys: Mapping[str, Key] = field(default_factory=dict)  #: the nested keys, or those of each item of the list


def _key(
    about: str,
    *holds: FieldType,
    says: Says,
    choices: tuple[str, ...] = (),
    separators: str = "",
    default: bool | None = None,
    stands_for: str = "",
) -> Key:
    return Key(
        about=about,
        holds=holds or (FieldType.TEXT,),
        says=says,
        choices=choices,
        separators=separators,
        default=default,
        stands_for=stands_for,
    )


def _keys(about: str, *holds: FieldType, keys: Mapping[str, Key]) -> Key:
    """A key with nested keys; a bare text is the value of the first of them."""
    return Key(about=about, holds=holds, says=None, keys=keys)


_POLL: Final = {
    "options": _key("the answers to choose from", FieldType.TEXTS, says=Says.ANNOUNCEMENT),
    "expires_in": _key("open for so long after the toot: 3d, 12h", says=Says.ANNOUNCEMENT),
    "multiple": _key("true: several answers may be chosen", FieldType.FLAG, says=Says.ANNOUNCEMENT, default=False),
    "hide_totals": _key(
        "true: the votes stay hidden until the end", FieldType.FLAG, says=Says.ANNOUNCEMENT, default=False
    ),
}
_COVER: Final = {
    "url": _key("the picture's address, such as /assets/img/news/cover.png", says=Says.BOTH),
    "alt": _key("what the picture shows, for those who cannot see it", says=Says.BOTH),
}
_MEDIA: Final = {
    "file": _key("a path in the assets folder or beside the post, or an https address", says=Says.ANNOUNCEMENT),
    "alt": _key("what the picture shows, for those who cannot see it", says=Says.ANNOUNCEMENT),
    "focus": _key(
        "the point that stays visible when an app crops the picture", FieldType.FOCUS, says=Says.ANNOUNCEMENT
    ),
}
_REMINDER: Final = {
    "id": _key("its name; what was sent under it is never sent again", says=Says.NEITHER),
    "at": _key("when it is tooted", FieldType.DATETIME, says=Says.NEITHER),
    "before": _key("so long before the deadline: 2d, 12h", says=Says.NEITHER),
    "after": _key("so long after the release: 3d", says=Says.NEITHER),
    "text": _key("its own words", says=Says.NEITHER),
    "template": _key("the template that makes its words", says=Says.NEITHER),
    "reply": _key("true: an answer to the post's toot", FieldType.FLAG, says=Says.NEITHER, default=False),
}
_MASTODON: Final = {
    "text": _key("your own words instead of title and excerpt", says=Says.ANNOUNCEMENT),
    "visibility": _key("who sees the toot", choices=tuple(one.value for one in Visibility), says=Says.NEITHER),
    "content_warning": _key("shown first; the toot opens at a click", says=Says.ANNOUNCEMENT),
    "sensitive": _key("true: pictures are hidden behind a click", FieldType.FLAG, says=Says.ANNOUNCEMENT),
    "language": _key("language of the toot", FieldType.LANGUAGE, says=Says.ANNOUNCEMENT),
    "skip": _key("true: into the feeds only, no toot", FieldType.FLAG, says=Says.NEITHER, default=False),
    "thread": _key("the toots that follow the first, or auto", FieldType.TOOTS, says=Says.ANNOUNCEMENT),
    "numbered": _key(
        'true: the toots of a thread are numbered, "1/3"', FieldType.FLAG, says=Says.ANNOUNCEMENT, default=False
    ),
    "link_card": _key(
        "true: no pictures, so that the server shows the page's card", FieldType.FLAG, says=Says.ANNOUNCEMENT
    ),
    "poll": _keys("a question with answers to choose from", FieldType.KEYS, keys=_POLL),
    "quote_policy": _key(
        "who may quote the toot", choices=tuple(one.value for one in QuotePolicy), says=Says.ANNOUNCEMENT
    ),
    "media": _keys("pictures instead of the cover; empty for none", FieldType.LIST, keys=_MEDIA),
}
_CHECK: Final = {
    "allow": _key("rules, each with the reason why it is not to be told", FieldType.KEYS, says=Says.NEITHER)
}
#: All keys, in the order in which authors write them.
KEYS: Final[Mapping[str, Key]] = {
    "title": _key("the headline, in the feed and in the toot", says=Says.BOTH),
    "author": _key("who wrote it, or a list", FieldType.TEXTS, says=Says.BOTH),
    "speakers": _key("whom it is about, a list", FieldType.TEXTS, says=Says.ANNOUNCEMENT),
    "category": _key("the kind of news for readers; chooses a template of that name", says=Says.BOTH),
    "tags": _key("topics for the feed, a list", FieldType.TEXTS, says=Says.BOTH, separators=","),
    "kind": _key("chooses a template before category does: keynote, schedule", says=Says.ANNOUNCEMENT),
    "published_datetime": _key("when it is released; none: a draft", FieldType.DATETIME, says=Says.NEITHER),
    "updated_datetime": _key("when it was last changed, for the feed", FieldType.DATETIME, says=Says.NEITHER),
    "cover": _keys("the picture, in the feed and in the toot", FieldType.KEYS, FieldType.TEXT, keys=_COVER),
    "image": _key("another name for cover, with the address alone", says=Says.BOTH, stands_for="cover"),
    "summary": _key("one or two sentences for the toot and the feed", says=Says.BOTH),
    "id": _key("a name for the post that never changes, without spaces", says=Says.NEITHER),
    "hashtags": _key(
        "more hashtags for this toot, a list", FieldType.TEXTS, says=Says.ANNOUNCEMENT, separators=", \t\n"
    ),
    "link": _key(
        "false: the toot goes without the link to the page", FieldType.FLAG, says=Says.ANNOUNCEMENT, default=True
    ),
    "hidden": _key("true: not in the feeds, and not tooted", FieldType.FLAG, says=Says.NEITHER, default=False),
    "language": _key("language of the post, if it differs from the site's", FieldType.LANGUAGE, says=Says.BOTH),
    "mastodon": _keys("only for the toot", FieldType.KEYS, keys=_MASTODON),
    "draft": _key(
        "true: nothing happens, whatever the datetime says", FieldType.FLAG, says=Says.NEITHER, default=False
    ),
    "withdrawn": _key("true, or the reason: takes the post back", FieldType.FLAG, FieldType.TEXT, says=Says.NEITHER),
    "expires": _key("from then on it is not tooted any more", FieldType.DATETIME, says=Says.NEITHER),
    "if_missed": _key(
        "what to do if it is over an hour late", choices=tuple(one.value for one in Missed), says=Says.NEITHER
    ),
    "order": _key("of posts with the same datetime the lower ones go first", FieldType.NUMBER, says=Says.NEITHER),
    "deadline": _key(
        "what the post asks for ends then; reminders count from it", FieldType.DATETIME, says=Says.ANNOUNCEMENT
    ),
    "reminders": _keys("later toots about the post", FieldType.LIST, keys=_REMINDER),
    "check": _keys("what announce check need not tell of this post", FieldType.KEYS, keys=_CHECK),
}
#: Further keys that `[posts.fields]` may name: read only for sites that build page addresses from them.
FOR_ADDRESSES: Final[Mapping[str, Key]] = {
    "slug": _key("the last part of the page's address", says=Says.NEITHER),
    "permalink": _key("the whole path of the page", says=Says.NEITHER),
}
