"""What commands share: options, the settings, JSON, the console."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from bot.config import DEFAULT_PATH, Config, load_config
from bot.domain import Announcement, Finding
from bot.domain.errors import UsageError
from bot.domain.posts import Picture, StatusOptions
from bot.posts.addresses import slug_of
from bot.posts.frontmatter.dates import DatetimeError, parse_datetime
from bot.posts.listing import list_files

if TYPE_CHECKING:
    from rich.console import Console


def with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command `--config` and `--debug`, and the loaded settings as its first argument."""

    @click.option("--config", "own_config", type=click.Path(path_type=Path), help="The settings file.")
    @click.option("--debug", is_flag=True, help="Show the full traceback of an error.")
    @click.pass_context
    @functools.wraps(command)
    def wrapped(ctx: click.Context, /, own_config: Path | None, debug: bool, **options: Any) -> None:  # noqa: ARG001
        command(load_config(own_config or ctx.obj["config"] or DEFAULT_PATH), **options)

    return wrapped


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
now_option = click.option(
    "--now", "now_text", metavar="DATETIME", help="As of this time: in the site's timezone unless it has an offset."
)

yes_option = click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
port_option = click.option(
    "--port", default=3000, show_default=True, type=click.IntRange(0, 65535), help="The port; 0 takes a free one."
)


def slugs(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Names of posts, for the shell to complete: by the files' names alone, which is fast. Never raises."""
    try:
        named = ctx.params.get("own_config") or ctx.find_root().params.get("config")
        config = load_config(Path(named or DEFAULT_PATH))
        files = list_files(config.posts_folder).files
        found = {slug_of(path, dated=config.posts.dated_names) for path in files}
    except Exception:  # noqa: BLE001 — a half-typed command line is no place for errors
        return []
    return sorted(slug for slug in found if slug.startswith(incomplete))


post_argument = click.argument("post", metavar="SLUG|PATH", shell_complete=slugs)


def read_now(text: str | None, config: Config) -> datetime:
    """The time that `--now` names, else the machine's; aware, in UTC. Raises UsageError."""
    if text is None:
        return datetime.now(UTC)
    try:
        return parse_datetime(text, site=config.site, release=config.release).moment
    except DatetimeError as error:
        raise UsageError(f"--now: {error.problem}", remedy=error.remedy) from error


def echo_json(value: object) -> None:
    """Print records as JSON; datetimes in ISO 8601."""
    click.echo(json.dumps(plain(value), ensure_ascii=False, indent=2))


_ANNOUNCEMENT: Final = (
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
)
#: The JSON keys of records that programs read, independent of the records' own fields and their order.
_JSON_FIELDS: Final[Mapping[type, tuple[str, ...]]] = {
    Finding: ("rule", "severity", "path", "line", "column", "field", "problem", "remedy"),
    # An option that is new comes last: the keys before it keep their order.
    Announcement: (
        *_ANNOUNCEMENT,
        *(option.name for option in fields(StatusOptions) if option.name not in _ANNOUNCEMENT),
    ),
    Picture: ("url", "path", "alt", "media_type", "size", "width", "height", "focus", "remote", "problem"),
}


def plain(value: object) -> Any:
    """Records, enums, datetimes and paths as JSON knows them; durations in seconds."""
    if is_dataclass(value) and not isinstance(value, type):
        names = _JSON_FIELDS.get(type(value)) or tuple(item.name for item in fields(value))
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, Path) else value


def console() -> Console:
    """A console as wide as the terminal, and 80 columns elsewhere."""
    # Imported here, as rich takes 30 ms that `run`, `tick` and programs which read JSON need not wait for.
    from rich.console import Console

    width = None if sys.stdout.isatty() else 80
    return Console(width=width, highlight=False, soft_wrap=False)


def confirm(*, yes: bool) -> None:
    """Ask once more, unless `yes`. Raises UsageError without a terminal, click's Abort at a no."""
    if not yes and not sys.stdin.isatty():
        raise UsageError("nothing was changed: there is no terminal to confirm on.", remedy="Use --yes to confirm.")
    if not yes:
        click.confirm("Do this?", abort=True)
