"""A change of each key of front matter, for the tests that go through all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from bot.domain.front_matter import KEYS, Key

#: Every value of the front matter that is changed, one key after another, by `CHANGES`.
MATTER: Final = """\
title: The boats are back
author: Ada
speakers: [Cy]
category: Travel
tags: [water]
published_datetime: 2026-03-10 14:00:00+00:00
summary: A short summary of the boats.
hashtags: [boats]
language: en
cover:
  url: /assets/boat.png
  alt: A boat
deadline: 2026-04-10 12:00
reminders:
  - id: last-call
    before: 2d
    text: Two days are left.
mastodon:
  quote_policy: public
"""
_POLL: Final = "  poll:\n    options: [Tea, Coffee]\n    expires_in: 1d\n"
_MEDIA: Final = "  media:\n    - file: /assets/boat.png\n      alt: A boat\n      focus: [0.5, 0.5]\n"
_THREAD: Final = "  thread: [Two, Three]\n"
#: Dotted key → the line in the front matter, its replacement, and lines appended to both versions.
CHANGES: Final[Mapping[str, tuple[str, str, str]]] = {
    "title": ("The boats are back", "The boats are gone", ""),
    "author": ("author: Ada", "author: [Ada, Bea]", ""),
    "speakers": ("[Cy]", "[Di]", ""),
    "category": ("Travel", "Venue", ""),
    "tags": ("[water]", "[water, boats]", ""),
    "kind": ("author:", "kind: keynote\nauthor:", ""),
    "published_datetime": ("2026-03-10 14:00", "2026-03-10 13:00", ""),
    "updated_datetime": ("author:", "updated_datetime: 2026-03-10 14:05:00+00:00\nauthor:", ""),
    "cover.url": ("/assets/boat.png", "/assets/ship.png", ""),
    "cover.alt": ("alt: A boat", "alt: A red boat", ""),
    "image": (
        "cover:\n  url: /assets/boat.png\n  alt: A boat\n",
        "image: /assets/ship.png\n",
        "",
    ),
    "summary": ("A short summary", "Another summary", ""),
    "id": ("author:", "id: boats\nauthor:", ""),
    "hashtags": ("[boats]", "[ships]", ""),
    "link": ("author:", "link: false\nauthor:", ""),
    "hidden": ("author:", "hidden: true\nauthor:", ""),
    "language": ("\nlanguage: en", "\nlanguage: de", ""),
    "draft": ("author:", "draft: true\nauthor:", ""),
    "withdrawn": ("author:", "withdrawn: true\nauthor:", ""),
    "expires": ("author:", "expires: 2026-03-20 12:00\nauthor:", ""),
    "if_missed": ("author:", "if_missed: hold\nauthor:", ""),
    "order": ("author:", "order: 2\nauthor:", ""),
    "deadline": ("2026-04-10", "2026-04-11", ""),
    "reminders.id": ("id: last-call", "id: final-call", ""),
    "reminders.at": ("before: 2d", "at: 2026-04-01 12:00", ""),
    "reminders.before": ("before: 2d", "before: 3d", ""),
    "reminders.after": ("before: 2d", "after: 2d", ""),
    "reminders.text": ("Two days are left", "Hurry", ""),
    "reminders.template": ("text: Two days are left.", "template: last-call", ""),
    "reminders.reply": ("before: 2d", "reply: true\n    before: 2d", ""),
    "check.allow": ("author:", "check:\n  allow:\n    weekend: It is meant.\nauthor:", ""),
    "mastodon.text": ("  quote_policy", "  text: Own words.\n  quote_policy", ""),
    "mastodon.visibility": ("  quote_policy", "  visibility: unlisted\n  quote_policy", ""),
    "mastodon.content_warning": ("  quote_policy", "  content_warning: Boats\n  quote_policy", ""),
    "mastodon.sensitive": ("  quote_policy", "  sensitive: true\n  quote_policy", ""),
    "mastodon.language": ("  quote_policy", "  language: de\n  quote_policy", ""),
    "mastodon.skip": ("  quote_policy", "  skip: true\n  quote_policy", ""),
    "mastodon.thread": ("[Two, Three]", "[Two, Four]", _THREAD),
    "mastodon.numbered": (_THREAD, f"{_THREAD}  numbered: true\n", _THREAD),
    "mastodon.link_card": ("  quote_policy", "  link_card: true\n  quote_policy", ""),
    "mastodon.poll.options": ("[Tea, Coffee]", "[Tea, Milk]", _POLL),
    "mastodon.poll.expires_in": ("expires_in: 1d", "expires_in: 2d", _POLL),
    "mastodon.poll.multiple": ("    expires_in", "    multiple: true\n    expires_in", _POLL),
    "mastodon.poll.hide_totals": ("    expires_in", "    hide_totals: true\n    expires_in", _POLL),
    "mastodon.quote_policy": ("quote_policy: public", "quote_policy: nobody", ""),
    "mastodon.media.file": ("file: /assets/boat.png", "file: /assets/ship.png", _MEDIA),
    "mastodon.media.alt": ("      alt: A boat", "      alt: A red boat", _MEDIA),
    "mastodon.media.focus": ("[0.5, 0.5]", "[0.5, -0.5]", _MEDIA),
}


def all_keys(keys: Mapping[str, Key] = KEYS, below: str = "") -> Iterator[tuple[str, Key]]:
    """Every key that holds a value of its own, by its dotted name."""
    for name, key in keys.items():
        if key.keys:
            yield from all_keys(key.keys, f"{below}{name}.")
        else:
            yield f"{below}{name}", key


def before_and_after(name: str) -> tuple[str, str]:
    """The front matter with a key as it was, and as it is changed."""
    old, new, more = CHANGES[name]
    before = MATTER + more
    assert old in before, name
    return before, before.replace(old, new, 1)
