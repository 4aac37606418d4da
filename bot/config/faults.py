"""What pydantic says of the settings, in words for people."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from bot.config.accounts import Account
from bot.config.settings import Settings
from bot.config.sources import Source
from bot.errors import Fault


def _may_be_secret(where: str, value: object) -> bool:
    # A value that stands where an account's table should be may be a token; an address may carry a password.
    misplaced = where.startswith("accounts") and where.count(".") < 2
    misplaced = misplaced or where in ("alerts.webhook", "alerts.smtp")
    misplaced = misplaced or where.startswith("release.deploy_")
    misplaced = misplaced or where.startswith("sources")
    return misplaced or not isinstance(value, str | int | float) or "@" in str(value)


def faults_of(error: ValidationError) -> Iterator[Fault]:
    for item in error.errors():
        where = ".".join(str(part) for part in item["loc"])
        message = item["msg"].removeprefix("Value error, ")
        if item["type"] == "extra_forbidden":
            yield unknown_key(where)
        elif item["type"] == "missing":
            yield Fault(where=where, problem="is missing.", remedy=_description(where))
        elif item["type"] == "value_error" and not isinstance(item["input"], str):
            yield _fault_of_a_table(where, message)
        else:
            shown = "" if _may_be_secret(where, item["input"]) else f" (it is {item['input']!r})"
            words = _in_plain_words(item["type"], where, item.get("ctx", {}), message)
            yield Fault(where=where, problem=f"{words}{shown}.")


#: pydantic's kinds of error → words for people. {name} is what its context calls it.
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


def _fault_of_a_table(where: str, message: str) -> Fault:
    # Checks that compare several settings name theirs in front: "acct: is missing; ...".
    setting, colon, problem = message.partition(": ")
    if not colon or " " in setting:
        return Fault(where=where, problem=message + ".")
    return Fault(where=".".join(filter(None, (where, setting))), problem=problem + ".")


def unknown_key(where: str) -> Fault:
    table, _, key = where.rpartition(".")
    known = list(_fields_of(table))
    near = difflib.get_close_matches(key, known, n=1)
    places = _tables_with(key) if not table else []
    if places:
        return Fault(where=where, problem="is not a setting.", remedy=f"It belongs under {' or '.join(places)}.")
    remedy = f'Did you mean "{near[0]}"?' if near else f"Known here: {', '.join(sorted(known))}."
    return Fault(where=where, problem="is not a setting.", remedy=remedy)


#: Tables that are not written as they are called.
_WRITTEN: Final = {"accounts": "[accounts.NAME]", "sources": "[[sources]]"}


def _tables_with(key: str) -> list[str]:
    """The tables that know a setting of this name, as they are written."""
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
            return Account.model_fields
        assert isinstance(field.annotation, type)
        model = field.annotation
    # "import" is a word of Python's.
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _description(where: str) -> str:
    table, _, key = where.rpartition(".")
    field = _fields_of(table).get(key)
    return f"It is {field.description}." if field is not None and field.description else ""
