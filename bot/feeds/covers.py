"""Covers that lie on other hosts: what is known of them, and which are worth asking for. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bot.domain import Entry, Picture, RemotePicture

#: A host that did not say type and size is asked again after this time.
ASK_AGAIN: Final = timedelta(days=1)


def with_known_covers(entries: Iterable[Entry], known: Mapping[str, RemotePicture]) -> list[Entry]:
    """The entries, with type and size of their remote covers where these are known; the ledger's stay without."""
    return [_with_facts(entry, known) for entry in entries]


def covers_to_ask(entries: Iterable[Entry], known: Mapping[str, RemotePicture], *, now: datetime) -> tuple[str, ...]:
    """The remote covers whose hosts to ask: never asked, or in vain a day ago or earlier; the newest post's first.

    Only of released posts: a host that is asked for a picture learns that there is news. `entries` are those.
    """
    wanted = [
        (entry.published, entry.post_id, entry.cover.url)
        for entry in entries
        if entry.cover is not None
        and not entry.hidden
        and _is_remote(entry.cover)
        and _is_worth_asking(known.get(entry.cover.url), now)
    ]
    return tuple(dict.fromkeys(url for _, _, url in sorted(wanted, reverse=True)))


def _with_facts(entry: Entry, known: Mapping[str, RemotePicture]) -> Entry:
    if entry.cover is None or not _is_remote(entry.cover):
        return entry
    found = known.get(entry.cover.url)
    if found is None or not found.is_known:
        return entry
    return replace(entry, cover=replace(entry.cover, media_type=found.media_type, size=found.size))


def _is_remote(cover: Picture) -> bool:
    return cover.path is None and not cover.problem


def _is_worth_asking(found: RemotePicture | None, now: datetime) -> bool:
    # A clock that was wrong when it was noted must not keep it from being asked for ever.
    return found is None or (not found.is_known and abs(now - found.asked_at) >= ASK_AGAIN)
