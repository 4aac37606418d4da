"""Covers on other hosts: add the known facts, and choose the covers to request. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bot.domain import Entry, Picture, RemotePicture

#: The wait before asking a host again that did not give type and size.
ASK_AGAIN: Final = timedelta(days=1)


def add_known_covers(entries: Iterable[Entry], known: Mapping[str, RemotePicture]) -> list[Entry]:
    """Copies of the entries, with the known types and sizes of remote covers; the ledger's entries stay unchanged."""
    return [_with_facts(entry, known) for entry in entries]


def choose_covers_to_ask(
    entries: Iterable[Entry], known: Mapping[str, RemotePicture], *, now: datetime
) -> tuple[str, ...]:
    """The remote covers to request, newest post first: never tried, or failed at least a day ago.

    `entries` must be released: a request for the picture would reveal an unreleased post to its host.
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
    # A time in the future comes from a wrong clock: it must not block requests for ever.
    return found is None or (not found.is_known and abs(now - found.asked_at) >= ASK_AGAIN)
