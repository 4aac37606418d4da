"""Covers that are a burden: too large for feed readers, or of a shape that timelines crop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bot.check.findings import about
from bot.check.subject import Subject
from bot.model import Finding

LARGEST: Final = 3 * 1024 * 1024  #: bytes; readers and people on the road load all of it
#: Width to height. Link cards are about 1.9; beyond these a timeline shows a strip, or cuts top and bottom off.
WIDEST: Final = 3.0
TALLEST: Final = 0.5


def check_covers(subject: Subject) -> Iterator[Finding]:
    """Of posts whose pictures can still be chosen; for the toot every picture is scaled as the server needs it."""
    for post in subject.fresh:
        cover = post.cover
        if cover is None or cover.problem:
            continue
        field = "cover.url" if "cover.url" in post.lines else "image" if "cover" not in post.lines else "cover"
        if cover.size is not None and cover.size > LARGEST:
            problem = f"has {cover.size / 1024 / 1024:.1f} MB, which everyone loads who reads the feed."
            yield about(post, "cover-large", problem, "Save it with 2000 pixels or less, as JPEG or WebP.", field=field)
        if cover.width and cover.height and not TALLEST <= cover.width / cover.height <= WIDEST:
            shape = "wide" if cover.width > cover.height else "tall"
            problem = f"is {cover.width} x {cover.height}: so {shape} that timelines crop it."
            yield about(
                post, "cover-ratio", problem, "Crop it yourself; about 1200 x 630 shows everywhere.", field=field
            )
