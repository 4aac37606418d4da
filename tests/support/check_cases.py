"""For each rule of `announce check`, a project that breaks it and a nearly identical one that does not."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image

from bot.config import Config, load_config
from bot.domain import Snapshot
from bot.domain.clock import ManualClock
from bot.operations.check import CheckResult, check_posts
from bot.operations.site import open_site

NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)  # Tuesday, 10:00 in New York, two days after the clocks went forward
FILE = "posts/news.md"
BODY = "Tickets for the conference are on sale from today, and there are four prices."
SETTINGS = """
[site]
title = "Conf"
url = "https://conf.example"
timezone = "America/New_York"
[accounts.main]
server = "http://127.0.0.1:3000"
"""

Files = Mapping[str, str | bytes]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A project, with the facts that a check of it needs."""

    files: Files
    settings: str = ""
    environ: Mapping[str, str] = field(default_factory=dict)
    ledger: Callable[[Config], Snapshot] = lambda _: Snapshot()
    prepare: Callable[[Config], None] = lambda _: None


@dataclass(frozen=True, kw_only=True)
class Row:
    """A rule, a project that breaks it, one that does not, and where the finding points."""

    rule: str
    bad: Case
    good: Case
    path: str = FILE
    line: int | None
    column: int | None = None
    field: str = ""

    @property
    def place(self) -> tuple[str, int | None, int | None, str]:
        return self.path, self.line, self.column, self.field


def written(
    matter: str = "", body: str = BODY, *, title: str = "Good news", at: str | None = "2026-03-12 10:00"
) -> str:
    """A post: the title is in line 2, the datetime in line 3, more of the front matter from line 4 on."""
    when = f"published_datetime: {at}\n" if at else ""
    more = f"{matter}\n" if matter else ""
    return f"---\ntitle: {title}\n{when}{more}---\n{body}\n"


def picture(width: int = 400, height: int = 300, form: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height)).save(file, form, **({"compress_level": 0} if form == "PNG" else {}))
    return file.getvalue()


def of_matter(
    rule: str, bad: str, good: str, *, line: int = 4, column: int | None = 1, name: str, files: Files | None = None
) -> Row:
    """Two posts that differ in their front matter."""
    more = files or {}
    return Row(
        rule=rule,
        bad=Case(files={FILE: written(bad), **more}),
        good=Case(files={FILE: written(good), **more}),
        line=line,
        column=column,
        field=name,
    )


def of_body(
    rule: str, bad: str, good: str, *, line: int = 5, column: int | None = None, files: Files | None = None
) -> Row:
    """Two posts that differ in their text, which begins in line 5."""
    more = files or {}
    return Row(
        rule=rule,
        bad=Case(files={FILE: written(body=bad), **more}),
        good=Case(files={FILE: written(body=good), **more}),
        line=line,
        column=column,
    )


def of_time(
    rule: str, bad: str, good: str, *, settings: str = "", files: Files | None = None, name: str = "published_datetime"
) -> Row:
    """Two posts that differ in their datetime."""
    more = files or {}
    return Row(
        rule=rule,
        bad=Case(files={FILE: written(at=bad), **more}, settings=settings),
        good=Case(files={FILE: written(at=good), **more}, settings=settings),
        line=3,
        column=1,
        field=name,
    )


def made(root: Path, case: Case) -> Config:
    """The project of a case on disk."""
    (root / "posts").mkdir(parents=True)
    files = {"config/bot.toml": SETTINGS + case.settings, **case.files}
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    config = load_config(root / "config/bot.toml")
    case.prepare(config)
    return config


def checked(root: Path, case: Case, **options: object) -> CheckResult:
    """Return the findings of a check of the case."""
    config = made(root, case)
    site = open_site(config, ManualClock(NOW), snapshot=case.ledger(config))
    return check_posts(site, environ=case.environ, **options)  # type: ignore[arg-type]
