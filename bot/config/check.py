"""Settings of what `announce check` reminds people of."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from pydantic import Field

from bot.config.values import Duration, Hours, Table


class Check(Table):
    """When posts should be released, what the site has, and what nobody needs to be told."""

    daytime: Hours = Field(
        None, description='`announce check` names posts to come outside these hours, for example "08:00-21:00"'
    )
    weekdays_only: bool = Field(False, description="whether it names posts to come on a Saturday or Sunday")
    min_gap: Duration = Field(
        timedelta(), description='it names posts to come that follow another sooner than this, for example "30m"'
    )
    pages: tuple[str, ...] = Field(
        (),
        description='pages that the site has besides the posts, for example ["/tickets/", "/talks/*"]; links of posts '
        "to any other page are named",
    )
    site: Path | None = Field(
        None, description="folder of the built site: links are looked up in it, and posts to come are looked for"
    )
    allow: dict[str, str] = Field({}, description="rules that are not to be told, each with the reason: docs/check.md")
