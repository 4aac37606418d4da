"""Settings of what `announce check` reminds people of."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from bot.config.values import Duration, Hours, Table


class Check(Table):
    """When posts should be released. Nothing is moved: a post at another time is named by `announce check`."""

    daytime: Hours = Field(
        None, description='`announce check` names posts to come outside these hours, for example "08:00-21:00"'
    )
    weekdays_only: bool = Field(False, description="whether it names posts to come on a Saturday or Sunday")
    min_gap: Duration = Field(
        timedelta(), description='it names posts to come that follow another sooner than this, for example "30m"'
    )
