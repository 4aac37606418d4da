"""`deadline:` in front matter → the moment that reminders count from. Pure.

"AoE", anywhere on earth, is the zone UTC-12: a day is over there only when it is over everywhere (the IEEE's usage for
calls for papers).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING, Final

from bot.posts.when import DatetimeError, Remark, parse_datetime

if TYPE_CHECKING:
    from bot.config import Release, Site

AOE: Final = timezone(timedelta(hours=-12), "AoE")
_AOE: Final = re.compile(r"\s*\(?\b(?:AoE|anywhere on earth)\)?\s*$", re.IGNORECASE)
_END_OF_DAY: Final = time(23, 59)


@dataclass(frozen=True, kw_only=True, slots=True)
class Deadline:
    """A moment, and the zone in which its days are counted."""

    moment: datetime  #: aware, in UTC
    zone: tzinfo
    remarks: tuple[Remark, ...] = ()


def parse_deadline(text: str, *, site: Site, release: Release) -> Deadline:
    """The moment of a written deadline: a datetime as any other, or one that ends in "AoE".

    A bare date means its last minute. Raises DatetimeError.
    """
    of_day = release.model_copy(update={"default_time": _END_OF_DAY})
    found = _AOE.search(text)
    if found is None:
        when = parse_datetime(text, site=site, release=of_day)
        return Deadline(moment=when.moment, zone=site.timezone, remarks=when.remarks)
    # Read as if it were UTC, so that no rule of the site's zone meddles with it.
    plain = site.model_copy(update={"naive_datetimes": "utc"})
    bare = text[: found.start()]
    when = parse_datetime(f"{bare} 23:59" if re.fullmatch(r"\s*[\d-]+\s*", bare) else bare, site=plain, release=of_day)
    if re.search(r":\d{2}\S*?\s*([Zz]|[+-]\d{1,2}(:?\d{2})?)\s*$", bare):
        raise DatetimeError(f'"{text}" has two zones.', "Leave out the offset, or AoE.")
    local = when.moment.replace(tzinfo=AOE)
    return Deadline(moment=local.astimezone(UTC), zone=AOE)


def moved(moment: datetime, by: timedelta, *, zone: tzinfo) -> datetime:
    """A moment so much later (or earlier), in UTC. Whole days keep the hour that the clock in `zone` shows.

    Where the clocks skip that hour it is the one after (PEP 495).
    """
    days, rest = timedelta(days=abs(by).days), abs(by) - timedelta(days=abs(by).days)
    sign = -1 if by < timedelta() else 1
    local = moment.astimezone(zone).replace(tzinfo=None) + sign * days
    return local.replace(tzinfo=zone).astimezone(UTC) + sign * rest
