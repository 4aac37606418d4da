"""The settings file → Config. Reports all faults at once."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, TypeAdapter, ValidationError

from bot.config.accounts import ACCOUNT_TYPES, Account, token_variable
from bot.config.release import Delivery
from bot.config.settings import DEFAULT_PATH, Config, Settings, is_secret
from bot.config.site import Feeds, Ledger
from bot.config.sources import CHECKOUTS, Source
from bot.config.values import SettingError, Table, is_loopback
from bot.domain.errors import ConfigError, Fault


def _may_be_secret(where: str, value: object, settings: type[BaseModel]) -> bool:
    # Never quoted in errors: a value in the place of an account's table may be a token, an address may hold a password.
    misplaced = where.startswith("accounts") and where.count(".") < 2
    misplaced = misplaced or where.startswith("sources")
    return (
        misplaced
        or is_secret(where, settings=settings)
        or not isinstance(value, str | int | float)
        or "@" in str(value)
    )


def faults_of(error: ValidationError, *, settings: type[BaseModel] = Settings) -> Iterator[Fault]:
    for item in error.errors():
        where = ".".join(str(part) for part in item["loc"])
        # Raised by a check of these settings; pydantic's own errors may have a text of this name.
        own = item["ctx"]["error"] if item["type"] == "value_error" else None
        message = item["msg"] if own is None else str(own)
        if item["type"] == "extra_forbidden":
            yield unknown_key(where)
        elif item["type"] == "missing":
            yield Fault(where=where, problem="is missing.", remedy=_description(where))
        elif isinstance(own, SettingError):
            yield Fault(where=".".join(filter(None, (where, own.setting))), problem=f"{own}.")
        elif own is not None and not isinstance(item["input"], str):
            yield Fault(where=where, problem=f"{message}.")
        else:
            shown = "" if _may_be_secret(where, item["input"], settings) else f" (it is {item['input']!r})"
            words = _in_plain_words(item["type"], where, item.get("ctx", {}), message)
            yield Fault(where=where, problem=f"{words}{shown}.")


#: pydantic's error type → the message for the operator. {name} is an entry of the error's context.
_PLAIN_WORDS: Final = {
    "bool_type": "must be true or false, without quotes",
    "bool_parsing": "must be true or false, without quotes",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "string_type": "must be a text in quotes",
    "string_too_short": "must not be empty",
    "tuple_type": 'must be a list such as ["one", "two"]',
    "sources_tuple_type": "must be a table, written [[sources]]",
    "path_type": "must be a path in quotes",
    "greater_than_equal": "must be {ge} or more",
    "less_than_equal": "must be {le} or less",
    "literal_error": "must be one of {expected}",
    "string_pattern_mismatch": 'must be a language\'s tag, for example "en" or "pt-BR"',
    "enum": "must be one of {expected}",
    "dict_type": "must be a table, written [{where}]",
    "model_type": "must be a table, written [{where}]",
    "model_attributes_type": "must be a table, written [{where}]",
}


def _in_plain_words(kind: str, where: str, context: Mapping[str, Any], message: str) -> str:
    if where == "sources" and kind == "tuple_type":
        kind = "sources_tuple_type"
    if kind not in _PLAIN_WORDS:
        return f"{message[:1].lower()}{message[1:]}"
    return _PLAIN_WORDS[kind].format(where=where, **context)


def unknown_key(where: str) -> Fault:
    table, _, key = where.rpartition(".")
    known = list(_fields_of(table))
    near = difflib.get_close_matches(key, known, n=1)
    places = _tables_with(key) if not table else []
    if places:
        return Fault(where=where, problem="is not a setting.", remedy=f"It belongs under {' or '.join(places)}.")
    remedy = f'Did you mean "{near[0]}"?' if near else f"Known here: {', '.join(sorted(known))}."
    return Fault(where=where, problem="is not a setting.", remedy=remedy)


#: Tables whose name in the file differs from the field name.
_WRITTEN: Final = {"accounts": "[accounts.NAME]", "sources": "[[sources]]"}


def _tables_with(key: str) -> list[str]:
    """The tables that have a setting of this name, as written in the file."""
    return sorted(
        _WRITTEN.get(table, f"[{table}]")
        for table in Settings.model_fields
        if table != "example" and key in _fields_of(table)
    )


def _fields_of(table: str) -> Mapping[str, Any]:
    model: type[BaseModel] = Settings
    for part in table.split(".") if table else ():
        field = model.model_fields.get(part)
        if part == "sources":
            return Source.model_fields
        if part == "accounts" or field is None:
            return {name: field for model in ACCOUNT_TYPES.values() for name, field in model.model_fields.items()}
        assert isinstance(field.annotation, type)
        model = field.annotation
    # "import" is a Python keyword.
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _description(where: str) -> str:
    table, _, key = where.rpartition(".")
    field = _fields_of(table).get(key)
    return f"It is {field.description}." if field is not None and field.description else ""


def load_config(path: Path = DEFAULT_PATH) -> Config:
    """Read and check the settings file.

    Raises ConfigError with all its faults.
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
    except OSError as error:
        problem = f"cannot be read: {error.strerror or error}."
        raise ConfigError(path, [Fault(where="settings", problem=problem)]) from None
    except UnicodeDecodeError as error:
        problem = f"is not UTF-8: byte 0x{error.object[error.start]:02x} cannot be read."
        raise ConfigError(path, [Fault(where="settings", problem=problem, remedy="Save it as UTF-8.")]) from None
    return load_text(text, path)


def load_text(text: str, path: Path) -> Config:
    """Check the text of a settings file at `path`, which need not exist. Raises ConfigError as `load_config`."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(path, [Fault(where="settings", problem=f"is not valid TOML: {error}.")]) from None
    secrets = list(_planted_secrets(table))
    if secrets:
        raise ConfigError(path, secrets)
    # The model's fields for the file's own location are not settings.
    faults = [unknown_key(key) for key in ("root", "path") if key in table]
    absolute = path.absolute()
    config: Config | None = None
    try:
        config = Config.model_validate({**table, "root": absolute.parent.parent, "path": absolute})
    except ValidationError as error:
        faults += faults_of(error)
    faults += _faults_between(_valid_tables(table))
    if faults or config is None:
        raise ConfigError(path, faults)
    return config


def _valid_tables(table: Mapping[str, Any]) -> dict[str, Any]:
    """The tables and accounts that are valid on their own."""
    valid: dict[str, Any] = {"example": False, "accounts": {}}
    with suppress(ValidationError):
        valid["example"] = TypeAdapter(bool).validate_python(table.get("example", False))
    models: dict[str, type[Table]] = {"feeds": Feeds, "delivery": Delivery, "ledger": Ledger}
    for name, model in models.items():
        with suppress(ValidationError):
            valid[name] = model.model_validate(table.get(name, {}))
    with suppress(ValidationError):
        valid["sources"] = TypeAdapter(tuple[Source, ...]).validate_python(table.get("sources", ()))
    accounts = table.get("accounts")
    for name, account in accounts.items() if isinstance(accounts, dict) else ():
        with suppress(ValidationError):
            valid["accounts"][name] = Account.model_validate(account)
    return valid


def _faults_between(valid: Mapping[str, Any]) -> Iterator[Fault]:
    """The faults between tables that are valid on their own."""
    accounts: Mapping[str, Account] = valid["accounts"]
    real = [name for name, account in accounts.items() if not is_loopback(account.server)]
    if real and valid["example"]:
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
    ledger, feeds, delivery = valid.get("ledger"), valid.get("feeds"), valid.get("delivery")
    if ledger and feeds and ledger.lies_in(feeds.folder):
        yield Fault(where="ledger.url", problem="lies in the public folder, where everybody could read it.")
    yield from _faults_of_sources(valid.get("sources", ()), feeds)
    for field in ("lease", "settle") if real and delivery else ():
        if getattr(delivery, field) < getattr(Delivery(), field):
            yield Fault(
                where=f"delivery.{field}",
                problem="shorter than the default is only safe with servers on this machine.",
            )


def _faults_of_sources(sources: Sequence[Source], feeds: Feeds | None) -> Iterator[Fault]:
    places: set[Path] = set()
    for number, source in enumerate(sources):
        if source.checkout in places:
            problem = "is the same repository and branch as another source; keep one."
            yield Fault(where=f"sources.{number}.git", problem=problem)
        places.add(source.checkout)
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
