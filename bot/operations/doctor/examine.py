"""All examinations, in order. One that fails becomes a line and does not end the report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from bot.config import Config, load_config
from bot.domain import Snapshot
from bot.domain.clock import Clock
from bot.domain.errors import BotError, ConfigError
from bot.ledger import read_snapshot
from bot.operations.doctor.ledger import ledger_content, ledger_itself
from bot.operations.doctor.machine import folders, versions
from bot.operations.doctor.online import accounts, clock_of_servers, hubs, pages
from bot.operations.doctor.project import posts, settings, sources
from bot.operations.doctor.report import DoctorLine, State, note, ok, problem
from bot.publishers.inspection import find_tokens

#: When this was written: no clock that is right shows an earlier time.
_WRITTEN: Final = 2026
#: As far ahead as a conference is planned, and more.
_FAR: Final = timedelta(days=365 * 20)


def examine(
    path: Path, *, environ: Mapping[str, str], clock: Clock, online: bool
) -> Iterator[tuple[Config | None, DoctorLine]]:
    """Every line, with the settings once they are read. With `online` servers are asked."""
    yield from _with(None, "versions", lambda: versions(clock.now().date()))
    try:
        config = load_config(path)
    except ConfigError as error:
        for fault in error.faults:
            yield None, problem("settings", f"{fault.where}: {fault.problem}", fault.remedy)
        return
    yield from _with(config, "settings", lambda: settings(config, environ))
    yield from _with(config, "folders", lambda: folders(config))
    yield from _with(config, "clock", lambda: _clock(config, clock.now()))
    if online:
        yield from _with(config, "clock", lambda: clock_of_servers(config, clock))
    ledger = list(_with(config, "ledger", lambda: ledger_itself(config)))
    yield from ledger
    snapshot = Snapshot()
    if ledger[-1][1].state is State.OK:
        try:
            snapshot = read_snapshot(config, clock)
        except BotError as error:
            yield config, problem("ledger", error.message, error.remedy)
    yield from _with(config, "ledger", lambda: ledger_content(snapshot, clock.now()))
    yield from _with(config, "posts", lambda: posts(config, snapshot, clock.now()))
    yield from _with(config, "sources", lambda: sources(config))
    asked = _of_servers(config, snapshot, environ, clock) if online else {"accounts": lambda: _tokens(config, environ)}
    for group, look in asked.items():
        yield from _with(config, group, look)


def _of_servers(
    config: Config, snapshot: Snapshot, environ: Mapping[str, str], clock: Clock
) -> dict[str, Callable[[], Iterator[DoctorLine]]]:
    return {
        "accounts": lambda: accounts(config, environ, clock),
        "site": lambda: pages(config, snapshot),
        "hubs": lambda: hubs(config),
    }


def _with(
    config: Config | None, group: str, look: Callable[[], Iterator[DoctorLine]]
) -> Iterator[tuple[Config | None, DoctorLine]]:
    try:
        for line in look():
            yield config, line
    except BotError:
        # Its words may name what is not public.
        yield config, problem(group, "it cannot be examined", "`announce check` says why.")
    except OSError as error:
        yield config, problem(group, f"it cannot be examined: {error.strerror or type(error).__name__}")


def _clock(config: Config, now: datetime) -> Iterator[DoctorLine]:
    local = now.astimezone(config.site.timezone)
    says = f"{now:%Y-%m-%d %H:%M} UTC, {local:%Y-%m-%d %H:%M %Z} in {config.site.timezone.key}"
    is_odd = now.year < _WRITTEN or now - _FAR > datetime(_WRITTEN, 1, 1, tzinfo=now.tzinfo)
    yield problem("clock", f"{says}: it cannot be right", "Set this machine's clock.") if is_odd else ok("clock", says)


def _tokens(config: Config, environ: Mapping[str, str]) -> Iterator[DoctorLine]:
    for name, token in find_tokens(config, environ).items():
        if token.value is not None:
            yield ok("accounts", f"{name}: there is a token{f' from {token.place}' if token.place else ''}; not tried")
    if not config.accounts:
        yield note("accounts", "the settings name none: posts go into the feeds only")
