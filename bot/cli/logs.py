"""What `run` and `tick` write: lines for people or JSON, without secrets; unreleased posts are redacted on request."""

from __future__ import annotations

import functools
import json
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any, Final, TypeVar

import click

from bot.cli.progress import aside
from bot.config import ENVIRONMENT, Config
from bot.config.secrets import find_token
from bot.domain.clock import Clock
from bot.domain.logs import ROOT, event_of, fields_of
from bot.runtime.embargo import Embargo

_LEVELS: Final = ("debug", "info", "warning", "error")
#: Shorter values are not taken for secrets: to blank them out would spoil every line.
_SHORTEST_SECRET: Final = 6

_Command = TypeVar("_Command", bound=Callable[..., None])


@dataclass(frozen=True, kw_only=True)
class LogOptions:
    """How lines are written."""

    format: str = "text"
    level: str = "info"
    embargo: Embargo | None = field(default=None)  #: its posts are redacted; None: nothing is


def log_options(command: _Command) -> Callable[..., None]:
    """Give a command `--log-format`, `--log-level` and `--redact`, and their values as `log`."""

    @click.option(
        "--log-format",
        type=click.Choice(("text", "json")),
        default="text",
        show_default=True,
        help="The format of the lines.",
    )
    @click.option(
        "--log-level", type=click.Choice(_LEVELS), default="info", show_default=True, help="The lowest level shown."
    )
    @click.option(
        "--redact/--no-redact",
        default=None,
        help="Name unreleased posts by opaque ids. [default: where CI is set]",
    )
    @functools.wraps(command)
    def wrapped(*args: Any, log_format: str, log_level: str, redact: bool | None, **options: Any) -> None:
        wanted = bool(os.environ.get("CI")) if redact is None else redact
        log = LogOptions(format=log_format, level=log_level, embargo=Embargo() if wanted else None)
        command(*args, log=log, **options)

    return wrapped


def secrets_of(config: Config, environ: Mapping[str, str]) -> frozenset[str]:
    """The tokens, and what the settings take from the environment."""
    tokens = (find_token(name, one, root=config.root, environ=environ) for name, one in config.accounts.items())
    named = (environ.get(name, "").strip() for name in ENVIRONMENT.findall(config.model_dump_json()))
    found = (*(token.value or "" for token in tokens if token.place), *named)
    return frozenset(value for value in found if len(value) >= _SHORTEST_SECRET)


class LineHandler(logging.Handler):
    """Writes records to the terminal: those with `err` to standard error, all others to standard output."""

    def __init__(self, config: Config, clock: Clock, options: LogOptions, *, environ: Mapping[str, str]) -> None:
        super().__init__()
        self._timezone = config.site.timezone
        self._clock = clock
        self._embargo = options.embargo
        self._secrets = secrets_of(config, environ)
        self._write = self._json if options.format == "json" else self._as_text_line

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        try:
            with aside():
                click.echo(self._write(record), err=getattr(record, "err", False))
        except OSError:
            # The reader closed the pipe, or the log's disk is full: the bot continues, and the ledger has the history.
            return

    def _as_text_line(self, record: logging.LogRecord) -> str:
        local = self._clock.now().astimezone(self._timezone)
        return f"{local:%Y-%m-%d %H:%M:%S} {self._clean(record.getMessage())}"

    def _json(self, record: logging.LogRecord) -> str:
        now = self._clock.now().astimezone(UTC)
        line: dict[str, object] = {
            "at": f"{now:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": event_of(record),
            "text": self._clean(record.getMessage()),
        }
        for name, value in fields_of(record).items():
            is_plain = value is None or isinstance(value, bool | int | float)
            line[name] = value if is_plain else self._clean(str(value))
        return json.dumps(line, ensure_ascii=False)

    def _clean(self, text: str) -> str:
        if self._embargo is not None:
            text = self._embargo.redacted(text)
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


def start_logging(config: Config, clock: Clock, options: LogOptions) -> None:
    """Let the bot's loggers write to the terminal; another call takes the place of an earlier one."""
    for handler in [handler for handler in ROOT.handlers if isinstance(handler, LineHandler)]:
        ROOT.removeHandler(handler)
    ROOT.addHandler(LineHandler(config, clock, options, environ=os.environ))
    ROOT.setLevel(options.level.upper())
    ROOT.propagate = False
