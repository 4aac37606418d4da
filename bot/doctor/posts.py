"""The posts, in numbers: what they are called may not be public yet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from bot.config import Config
from bot.doctor.report import Line, note, ok, problem
from bot.errors import PostError
from bot.model import Snapshot
from bot.run import decide
from bot.sources.folders import posts_of
from bot.sources.place import place_of
from bot.sources.status import read_status

_GROUP = "posts"


def posts(config: Config, snapshot: Snapshot, now: datetime) -> Iterator[Line]:
    """How many are past, and whether any cannot be used."""
    try:
        scan = posts_of(config).scan()
    except PostError:
        yield problem(_GROUP, "they cannot be read", "`announce check` says why.")
        return
    past = sum(post.published is not None and post.published <= now for post in scan.posts)
    # How many are to come is nobody's business either.
    yield ok(_GROUP, f"they can be read; the datetimes of {past} have come")
    if scan.faults:
        files = "1 file" if len(scan.faults) == 1 else f"{len(scan.faults)} files"
        yield problem(_GROUP, f"{files} cannot be used", "`announce check` names them and says why.")
    if decide(config, scan, snapshot, now=now).doubt:
        yield problem(_GROUP, "nothing is released at present", "`announce queue` says why.")


def sources(config: Config) -> Iterator[Line]:
    """The repositories, by their numbers in the settings: where they are may be private."""
    for number, source in enumerate(config.sources):
        place = place_of(config, source)
        status = read_status(place.status)
        if status.failing_since is not None:
            continue  # told with the settings
        if not place.commit():
            yield note("sources", f"sources.{number}: not fetched yet", "`announce run` and `announce tick` do that.")
        else:
            when = f"{status.fetched:%Y-%m-%d %H:%M} UTC" if status.fetched else "at an unknown time"
            yield ok("sources", f"sources.{number}: fetched {when}")
