"""The front matter keys that mean something, with what each holds: for the reader, the settings and the schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from bot.domain.posts import Missed, QuotePolicy, Visibility


class FieldType(Enum):
    """What a key holds."""

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


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """One key of front matter."""

    about: str  #: what it does, for a person who writes posts
    holds: tuple[FieldType, ...]  #: any of these
    choices: tuple[str, ...] = ()  #: of a text that is one of these
    keys: Mapping[str, Key] = field(default_factory=dict)  #: below it, or in each item of the list


def _key(about: str, *holds: FieldType, choices: tuple[str, ...] = (), keys: Mapping[str, Key] | None = None) -> Key:
    return Key(about=about, holds=holds or (FieldType.TEXT,), choices=choices, keys=keys or {})


_POLL: Final = {
    "options": _key("the answers to choose from", FieldType.TEXTS),
    "expires_in": _key("open for so long after the toot: 3d, 12h"),
    "multiple": _key("true: several answers may be chosen", FieldType.FLAG),
    "hide_totals": _key("true: the votes stay hidden until the end", FieldType.FLAG),
}
_COVER: Final = {
    "url": _key("the picture's address, such as /assets/img/news/cover.png"),
    "alt": _key("what the picture shows, for those who cannot see it"),
}
_MEDIA: Final = {
    "file": _key("a path in the assets folder or beside the post, or an https address"),
    "alt": _key("what the picture shows, for those who cannot see it"),
    "focus": _key("the point that stays visible when an app crops the picture", FieldType.FOCUS),
}
_REMINDER: Final = {
    "id": _key("its name; what was sent under it is never sent again"),
    "at": _key("when it is tooted", FieldType.DATETIME),
    "before": _key("so long before the deadline: 2d, 12h"),
    "after": _key("so long after the release: 3d"),
    "text": _key("its own words"),
    "template": _key("the template that makes its words"),
    "reply": _key("true: an answer to the post's toot", FieldType.FLAG),
}
_MASTODON: Final = {
    "text": _key("your own words instead of title and excerpt"),
    "visibility": _key("who sees the toot", choices=tuple(one.value for one in Visibility)),
    "content_warning": _key("shown first; the toot opens at a click"),
    "sensitive": _key("true: pictures are hidden behind a click", FieldType.FLAG),
    "language": _key("language of the toot", FieldType.LANGUAGE),
    "skip": _key("true: into the feeds only, no toot", FieldType.FLAG),
    "thread": _key("the toots that follow the first, or auto", FieldType.TOOTS),
    "numbered": _key('true: the toots of a thread are numbered, "1/3"', FieldType.FLAG),
    "link_card": _key("true: no pictures, so that the server shows the page's card", FieldType.FLAG),
    "poll": _key("a question with answers to choose from", FieldType.KEYS, keys=_POLL),
    "quote_policy": _key("who may quote the toot", choices=tuple(one.value for one in QuotePolicy)),
    "media": _key("pictures instead of the cover; empty for none", FieldType.LIST, keys=_MEDIA),
}
_CHECK: Final = {"allow": _key("rules, each with the reason why it is not to be told", FieldType.KEYS)}
#: All keys, in the order in which people write them.
KEYS: Final[Mapping[str, Key]] = {
    "title": _key("the headline, in the feed and in the toot"),
    "author": _key("who wrote it, or a list", FieldType.TEXTS),
    "speakers": _key("whom it is about, a list", FieldType.TEXTS),
    "category": _key("the kind of news for readers; chooses a template of that name"),
    "tags": _key("topics for the feed, a list", FieldType.TEXTS),
    "kind": _key("chooses a template before category does: keynote, schedule"),
    "published_datetime": _key("when it is released; none: a draft", FieldType.DATETIME),
    "updated_datetime": _key("when it was last changed, for the feed", FieldType.DATETIME),
    "cover": _key("the picture, in the feed and in the toot", FieldType.KEYS, FieldType.TEXT, keys=_COVER),
    "image": _key("another name for cover, with the address alone"),
    "summary": _key("one or two sentences for the toot and the feed"),
    "id": _key("a name for the post that never changes, without spaces"),
    "hashtags": _key("more hashtags for this toot, a list", FieldType.TEXTS),
    "link": _key("false: the toot goes without the link to the page", FieldType.FLAG),
    "hidden": _key("true: not in the feeds, and not tooted", FieldType.FLAG),
    "language": _key("language of the post, if it differs from the site's", FieldType.LANGUAGE),
    "mastodon": _key("only for the toot", FieldType.KEYS, keys=_MASTODON),
    "draft": _key("true: nothing happens, whatever the datetime says", FieldType.FLAG),
    "withdrawn": _key("true, or the reason: takes the post back", FieldType.FLAG, FieldType.TEXT),
    "expires": _key("from then on it is not tooted any more", FieldType.DATETIME),
    "if_missed": _key("what to do if it is over an hour late", choices=tuple(one.value for one in Missed)),
    "order": _key("of posts with the same datetime the lower ones go first", FieldType.NUMBER),
    "deadline": _key("what the post asks for ends then; reminders count from it", FieldType.DATETIME),
    "reminders": _key("later toots about the post", FieldType.LIST, keys=_REMINDER),
    "check": _key("what announce check need not tell of this post", FieldType.KEYS, keys=_CHECK),
}
#: What `[posts.fields]` may name besides: only sites that make addresses of them have them read.
FOR_ADDRESSES: Final[Mapping[str, Key]] = {
    "slug": _key("the last part of the page's address"),
    "permalink": _key("the whole path of the page"),
}
