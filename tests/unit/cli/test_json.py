"""The JSON of records that programs read: its keys stay, in their order, whatever becomes of the records."""

from __future__ import annotations

from pathlib import Path

from bot.cli.common import plain
from bot.domain import Announcement, Finding
from bot.domain.posts import Picture, PictureFault
from bot.domain.rules import RULES


def test_a_finding_has_the_keys_that_programs_know() -> None:
    rule = next(iter(RULES.values()))
    shown = plain(Finding(rule=rule.name, path=Path("posts/a.md"), line=3, problem="wrong", others=(Path("b.md"),)))
    assert list(shown.items()) == [
        ("rule", rule.name),
        ("severity", rule.severity.value),
        ("path", "posts/a.md"),
        ("line", 3),
        ("column", None),
        ("field", ""),
        ("problem", "wrong"),
        ("remedy", ""),
    ]


def test_an_announcement_has_the_keys_that_programs_know() -> None:
    part = Announcement(text="two", link=None, length=3, limit=500)
    shown = plain(Announcement(text="one", link="https://a.example", length=3, limit=500, thread=(part,)))
    keys = [
        "text",
        "link",
        "visibility",
        "language",
        "content_warning",
        "sensitive",
        "pictures",
        "poll",
        "quote_policy",
        "length",
        "limit",
        "expires",
        "thread",
        "answers",
        "source",
        "reminders",
    ]
    assert list(shown) == keys
    assert list(shown["thread"][0]) == keys


def test_a_picture_has_the_keys_that_programs_know() -> None:
    shown = plain(Picture(url="https://a.example/x.png", problem="there is no file x.png", fault=PictureFault.MISSING))
    assert list(shown) == [
        "url",
        "path",
        "alt",
        "media_type",
        "size",
        "width",
        "height",
        "focus",
        "remote",
        "problem",
    ]
