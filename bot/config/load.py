"""The settings file → Config. All faults are reported at once."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bot.config.accounts import Account, token_variable
from bot.config.faults import faults_of, unknown_key
from bot.config.release import Delivery
from bot.config.settings import DEFAULT_PATH, Config
from bot.config.site import Feeds, Ledger
from bot.config.sources import CHECKOUTS, Source
from bot.config.values import Table, is_loopback
from bot.errors import ConfigError, Fault


def load_config(path: Path = DEFAULT_PATH) -> Config:
    """Read and check the settings file.

    Raises ConfigError with everything that is wrong in it.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        fault = Fault(
            where="settings",
            problem="there is no such file.",
            remedy="Run the command in the project's folder, name the file with --config FILE, or make one with "
            "`announce init`.",
        )
        raise ConfigError(path, [fault]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(path, [Fault(where="settings", problem=f"cannot be read: {error}.")]) from None
    return load_text(text, path)


def load_text(text: str, path: Path) -> Config:
    """Check the text of a settings file that lies, or will lie, at `path`. Raises ConfigError as `load_config`."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(path, [Fault(where="settings", problem=f"is not valid TOML: {error}.")]) from None
    secrets = list(_planted_secrets(table))
    if secrets:
        raise ConfigError(path, secrets)
    # The settings' own names for where they lie are no settings.
    faults = [unknown_key(key) for key in ("root", "path") if key in table]
    absolute = path.absolute()
    config: Config | None = None
    try:
        config = Config.model_validate({**table, "root": absolute.parent.parent, "path": absolute})
    except ValidationError as error:
        faults += faults_of(error)
    faults += _faults_between(_sound_tables(table))
    if faults or config is None:
        raise ConfigError(path, faults)
    return config


def _sound_tables(table: Mapping[str, Any]) -> dict[str, Any]:
    """Those tables, and those accounts, that are right by themselves."""
    sound: dict[str, Any] = {"example": False, "accounts": {}}
    with suppress(ValidationError):
        sound["example"] = TypeAdapter(bool).validate_python(table.get("example", False))
    models: dict[str, type[Table]] = {"feeds": Feeds, "delivery": Delivery, "ledger": Ledger}
    for name, model in models.items():
        with suppress(ValidationError):
            sound[name] = model.model_validate(table.get(name, {}))
    with suppress(ValidationError):
        sound["sources"] = TypeAdapter(tuple[Source, ...]).validate_python(table.get("sources", ()))
    accounts = table.get("accounts")
    for name, account in accounts.items() if isinstance(accounts, dict) else ():
        with suppress(ValidationError):
            sound["accounts"][name] = Account.model_validate(account)
    return sound


def _faults_between(sound: Mapping[str, Any]) -> Iterator[Fault]:
    """What is wrong with tables that are right by themselves but do not go together."""
    accounts: Mapping[str, Account] = sound["accounts"]
    real = [name for name, account in accounts.items() if not is_loopback(account.server)]
    if real and sound["example"]:
        yield Fault(
            where=f"accounts.{real[0]}.server",
            problem="this is the worked example (example = true), which publishes to servers on this machine only; "
            "start your own settings instead.",
        )
    addresses: dict[str, str] = {}
    for name, account in accounts.items():
        other = addresses.setdefault(account.address(name), name)
        if other != name:
            yield Fault(where=f"accounts.{name}.acct", problem=f"is the same account as accounts.{other}; keep one.")
    ledger, feeds, delivery = sound.get("ledger"), sound.get("feeds"), sound.get("delivery")
    if ledger and feeds and Path(ledger.url.removeprefix("sqlite:///")).is_relative_to(feeds.folder):
        yield Fault(where="ledger.url", problem="lies in the public folder, where everybody could read it.")
    yield from _faults_of_sources(sound.get("sources", ()), feeds)
    for field in ("lease", "settle") if real and delivery else ():
        if getattr(delivery, field) < getattr(Delivery(), field):
            yield Fault(
                where=f"delivery.{field}",
                problem="shorter than the default is only safe with servers on this machine.",
            )


def _faults_of_sources(sources: Sequence[Source], feeds: Feeds | None) -> Iterator[Fault]:
    places: set[Path] = set()
    for number, source in enumerate(sources):
        if source.place in places:
            problem = "is the same repository and branch as another source; keep one."
            yield Fault(where=f"sources.{number}.git", problem=problem)
        places.add(source.place)
    if sources and feeds and CHECKOUTS.is_relative_to(feeds.folder):
        problem = f"holds {CHECKOUTS}, so everybody could read the checkouts of the sources; name a folder of its own."
        yield Fault(where="feeds.folder", problem=problem)


def _planted_secrets(table: Mapping[str, object]) -> Iterator[Fault]:
    accounts = table.get("accounts")
    for name, account in accounts.items() if isinstance(accounts, dict) else ():
        for key in account if isinstance(account, dict) else ():
            if key in ("token", "access_token", "password", "secret", "client_secret"):
                yield Fault(
                    where=f"accounts.{name}.{key}",
                    problem="secrets do not belong into the settings file, which ends up in a repository.",
                    remedy=f"Revoke it on the server, then set {token_variable(name)} or token_file instead.",
                )
