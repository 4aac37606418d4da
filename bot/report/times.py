"""Times as a summary tells them. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.durations import format_duration


def both_times(moment: datetime, zone: ZoneInfo) -> str:
    """On the site's clock and in UTC: "Tue 16 Jul 2024 06:00 EDT, 10:00 UTC"."""
    local, utc = moment.astimezone(zone), moment.astimezone(UTC)
    if local.utcoffset() == utc.utcoffset():
        return f"{utc:%a} {utc.day} {utc:%b %Y %H:%M} UTC"
    day = "" if local.date() == utc.date() else f"{utc:%a} "
    return f"{local:%a} {local.day} {local:%b %Y %H:%M %Z}, {day}{utc:%H:%M} UTC"


def distance(moment: datetime, now: datetime) -> str:
    """How far away: "in 3 days 4 h", "5 min ago"."""
    gap = format_duration(moment - now)
    return f"in {gap}" if moment > now else f"{gap} ago"
