"""The posts of one seed as their authors intend them, and their files."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

SITE = "https://conf.example"


@dataclass
class Article:
    """One post: its author's intent, and the actions taken on it."""

    number: int
    due: datetime  #: its datetime, as the file says
    slug: str
    here: bool = False  #: whether the file has been written yet
    revision: int = 0
    hidden: bool = False
    withdrawn: str | None = None  #: "true" or a reason
    identity: str = ""
    own_text: bool = False  #: the toot's words stand in the file, else the template makes them
    pictured: bool = False
    parts: int = 0  #: how many toots follow the first
    rethreaded: bool = False  #: whether their number was ever changed
    if_missed: str = ""
    expires: datetime | None = None
    added_at: float = 0.0
    edited_at: list[float] = field(default_factory=list)
    slugs: list[str] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)  #: causes for coming late, out of order, or not at all
    hand: dict[str, list[tuple[float, str]]] = field(default_factory=dict)  #: account → toots by hand
    taken_back_at: float | None = None  #: when a cycle had seen that it is withdrawn
    holds: list[list[float]] = field(default_factory=list)  #: from, to: as people said
    skipped_at: float | None = None
    let_go_at: list[float] = field(default_factory=list)  #: when people said that it shall go out
    reminds_at: list[datetime] = field(default_factory=list)
    early_at: float | None = None  #: when it was released before its datetime, by a person's word

    @property
    def token(self) -> str:
        """The word by which its present wording is known."""
        return f"A{self.number}R{self.revision}"

    @property
    def part_numbers(self) -> range:
        """The toots that follow the first; those count from 2."""
        return range(2, self.parts + 2)

    def token_of(self, part: int) -> str:
        """The word by which a later toot of the thread is known."""
        return f"B{self.number}P{part}R{self.revision}"

    def token_of_reminder(self, number: int) -> str:
        """The word by which a reminder is known."""
        return f"M{self.number}I{number}R{self.revision}"

    @property
    def link(self) -> str:
        return f"{SITE}/news/{self.slug}/"

    @property
    def text(self) -> str:
        """The file."""
        lines = ["---", f"title: Article {self.token}", f"published_datetime: {self.due:%Y-%m-%d %H:%M:%S}+00:00"]
        if self.identity:
            lines.append(f"id: {self.identity}")
        if self.hidden:
            lines.append("hidden: true")
        if self.if_missed:
            lines.append(f"if_missed: {self.if_missed}")
        if self.expires is not None:
            lines.append(f"expires: {self.expires:%Y-%m-%d %H:%M:%S}+00:00")
        if self.withdrawn is not None:
            lines.append(f"withdrawn: {self.withdrawn}")
        if self.pictured:
            lines += ["cover:", "  url: /cover.png", "  alt: A stage with two chairs"]
        if self.reminds_at:
            lines.append("reminders:")
        for number, at in enumerate(self.reminds_at):
            lines += [f"  - id: r{number}", f"    at: {at:%Y-%m-%d %H:%M:%S}+00:00"]
            lines += [f"    text: Remember {self.token_of_reminder(number)} now", f"    reply: {number % 2 == 1}"]
        mastodon = [f"  text: Read {self.token} now"] if self.own_text else []
        if self.parts:
            mastodon += ["  thread:", *(f"    - Then {self.token_of(part)} tells more" for part in self.part_numbers)]
        if mastodon:
            lines += ["mastodon:", *mastodon]
        return "\n".join([*lines, "---", "", f"This paragraph says what {self.token} has to say to its readers.", ""])


class Checkout:
    """The posts folder on disk, on the branch that is checked out."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.elsewhere = False  #: another branch is checked out, on which there are no posts
        self._written: dict[str, str] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, articles: list[Article]) -> None:
        """Bring the files up to date; each is replaced as a whole, as git does."""
        wanted = {} if self.elsewhere else {article.slug: article.text for article in articles if article.here}
        for slug in self._written.keys() - wanted.keys():
            (self.folder / f"{slug}.md").unlink()
        for slug, text in wanted.items():
            if self._written.get(slug) != text:
                new = self.folder / f".{slug}.new"
                new.write_text(text, encoding="utf-8")
                os.replace(new, self.folder / f"{slug}.md")
        self._written = wanted
