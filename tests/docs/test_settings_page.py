"""docs/settings.md lists every setting with its default and meaning, exactly as bot/config/ has them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time, timedelta
from enum import Enum
from pathlib import Path

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bot.config import Account, Alerts, Check, Config, Delivery, Feeds, Ledger, PostFiles, Release, Serve, Site, Source
from bot.domain.durations import format_duration

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"
TABLES: dict[str, type[BaseModel]] = {
    "site": Site,
    "posts": PostFiles,
    "feeds": Feeds,
    "accounts.<name>": Account,
    "release": Release,
    "check": Check,
    "delivery": Delivery,
    "alerts": Alerts,
    "ledger": Ledger,
    "serve": Serve,
    "sources": Source,
}


def shown(field: FieldInfo) -> str:
    value = field.default
    if field.is_required():
        return "required"
    if value == Path():
        return '`"."`'
    if value is None or value in ("", (), {}):
        return "none"
    if isinstance(value, timedelta):
        return f"`{format_duration(value)}`" if value else '`"off"`'
    if isinstance(value, time):
        return f'`"{value:%H:%M}"`'
    if isinstance(value, Enum):
        return f'`"{value.value}"`'
    if isinstance(value, bool | int):
        return f"`{str(value).lower()}`"
    return f'`"{value}"`'


def rows() -> Iterator[str]:
    example = Config.model_fields["example"]
    yield f"| `example` | {shown(example)} | {example.description} |"
    for table, model in TABLES.items():
        for name, field in model.model_fields.items():
            yield f"| `{table}.{field.alias or name}` | {shown(field)} | {field.description} |"


def test_every_setting_has_its_row() -> None:
    """If this fails, put the rows that are printed into the table of docs/settings.md."""
    page = PAGE.read_text(encoding="utf-8")
    missing = [row for row in rows() if row not in page]
    assert not missing, "\n".join(missing)


def test_no_row_is_left_of_a_setting_that_is_gone() -> None:
    listed = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert set(listed) <= set(rows())
