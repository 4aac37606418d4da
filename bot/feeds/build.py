"""All feeds of one build, together: which entries they show, in which order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.config import Feeds, Site
from bot.feeds import atom, jsonfeed, rss
from bot.feeds.channel import Channel, channel_of, folder_of
from bot.feeds.item import Item, item_of
from bot.model import Entry

FORMATS: Final = (rss, atom, jsonfeed)


@dataclass(frozen=True, kw_only=True)
class FeedFiles:
    """The feeds, ready to be written, and a sentence for each entry that had to be left out."""

    files: Mapping[str, bytes]  #: path below the public folder, with "/", e.g. "news/rss.xml" → the file's bytes
    faults: tuple[str, ...] = ()


def render_feeds(entries: Iterable[Entry], *, site: Site, feeds: Feeds) -> FeedFiles:
    """The feeds in every format: newest first, at most `feeds.entries`, without the hidden ones.

    An entry that cannot be shown in one format is left out of all, so that they agree, and named in `faults`.
    """
    channel = channel_of(site, feeds)
    shown, faults = _presentable(entries, channel)
    while True:
        newest = shown[: feeds.entries]
        try:
            rendered = _rendered(channel, newest)
        except Exception:  # whatever the entry holds: one must not keep the others from being read
            refused = {id(entry): reason for entry in newest if (reason := _refusal(channel, entry))}
            if not refused:
                raise
            faults += [_fault(entry, refused[id(entry)]) for entry in newest if id(entry) in refused]
            shown = [entry for entry in shown if id(entry) not in refused]
        else:
            folder = folder_of(feeds)
            files = {str(folder / name): content for name, content in rendered.items()}
            return FeedFiles(files=files, faults=tuple(faults))


def _presentable(entries: Iterable[Entry], channel: Channel) -> tuple[list[Entry], list[str]]:
    items: list[tuple[Item, Entry]] = []
    faults: list[str] = []
    for entry in entries:
        if entry.hidden:
            continue
        try:
            items.append((item_of(entry, channel), entry))
        except Exception as error:  # noqa: BLE001 (as above: one entry must not keep the others from being read)
            faults.append(_fault(entry, str(error)))
    # The tie-breaks make the order independent of the order in which the entries came.
    items.sort(key=lambda pair: (pair[0].published, pair[1].post_id, pair[0].updated, pair[0].url), reverse=True)
    shown: dict[str, Entry] = {}
    for item, entry in items:
        first = shown.setdefault(item.id, entry)
        if first is not entry:
            faults.append(_fault(entry, f'"{first.slug}" has the same id, {item.id}; give one of them another'))
    return list(shown.values()), sorted(faults)


def _rendered(channel: Channel, entries: Sequence[Entry]) -> dict[str, bytes]:
    return {kind.FILE_NAME: kind.render(channel, entries) for kind in FORMATS}


def _refusal(channel: Channel, entry: Entry) -> str:
    """Why this entry by itself cannot be shown; empty if it can."""
    _rendered(channel, ())  # if the feed fails without any entry, no entry is to blame
    try:
        _rendered(channel, (entry,))
    except Exception as error:  # noqa: BLE001 (as above)
        return str(error) or type(error).__name__
    return ""


def _fault(entry: Entry, reason: str) -> str:
    return f"{entry.slug}: left out of the feeds: {reason.rstrip('.')}."
