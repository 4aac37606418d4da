"""Redacts public logs: a post that is not released yet is named by an opaque id."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import Final

from bot.domain import Event, EventKind, Post
from bot.domain.errors import PostError
from bot.domain.wording import event_detail
from bot.planner.alerts import opaque

#: Shorter titles, in characters, are common words and are not searched for; the post's other names are.
_SHORTEST_TITLE: Final = 6


@dataclass
class Embargo:
    """The names of posts that are not released yet, as of the latest cycle. Safe across threads."""

    _names: dict[str, str] = field(default_factory=dict)  #: name → the post's opaque id
    _lock: Lock = field(default_factory=Lock)

    def learn(self, posts: Iterable[Post], *, faults: Iterable[PostError], released: Collection[str]) -> None:
        """Replace the names by those of the latest cycle; `released` are the ids of the public posts."""
        names: dict[str, str] = {}
        public: set[str] = set()
        for post in posts:
            if post.post_id in released:
                public.add(str(post.path))
            else:
                known = (post.slug, post.post_id, str(post.path), post.url)
                title = (post.title,) if len(post.title) >= _SHORTEST_TITLE else ()
                names.update(dict.fromkeys(filter(None, (*known, *title)), opaque(post.slug)))
        for fault in faults:
            # A file that cannot be read may hold a post that is not public yet.
            path = str(fault.path)
            if path not in public:
                names.update(dict.fromkeys((path, Path(path).stem), opaque(Path(path).stem)))
        with self._lock:
            self._names = names

    def redacted_event(self, event: Event) -> Event:
        """Return the event without any text of an unreleased post. A release event makes its post public."""
        with self._lock:
            hidden = self._names.get(event.slug)
            if hidden is not None and event.kind is EventKind.RELEASED:
                self._names = {name: other for name, other in self._names.items() if other != hidden}
                return event
        if hidden is not None:
            return replace(event, slug=hidden, reason=None, detail="")
        words = event_detail(event)
        told = self.redacted(words)
        return event if told == words else replace(event, reason=None, detail=told)

    def redacted(self, text: str) -> str:
        """Return the text; if it names an unreleased post, only that it is about one."""
        with self._lock:
            names = self._names
        hidden = next((names[name] for name in names if name in text), None)
        return text if hidden is None else f"about an upcoming post ({hidden})"
