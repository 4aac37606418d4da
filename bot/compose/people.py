"""`config/people.toml`: the handles of people named in toots. Pure.

["Ada Example"]
mastodon = "@ada@example.social"
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from bot.compose.mentions import WORD_JOINER
from bot.config.accounts import ACCOUNT_TYPES
from bot.config.text_files import TextFile
from bot.domain.errors import ComposeFileError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

FILE: Final = "people.toml"
_LINE: Final = re.compile(r"\(at line (\d+)")
_EXAMPLE: Final = 'mastodon = "@ada@example.social"'


@dataclass(frozen=True, kw_only=True, eq=False)
class People:
    """The people of the file, and its faults. Reading the same text again returns the same object."""

    path: str = FILE  #: the path shown in errors
    handles: Mapping[str, str]  #: folded name → "@name@server", or what a handle is on the network
    problems: Mapping[str, ComposeFileError]  #: folded name → the fault of its table
    unreadable: ComposeFileError | None = None  #: why the file cannot be used; then `handles` is empty

    @classmethod
    def of(cls, file: TextFile, *, network: str = "mastodon") -> Self:
        """Parse the file. Raises nothing: `handle_of` raises the fault when a template needs a handle."""
        if file.problem:
            fault = ComposeFileError(file.path, None, file.problem, remedy=file.remedy)
            return cls(path=file.path, handles={}, problems={}, unreadable=fault)
        return cls.read(file.text, path=file.path, network=network)

    @classmethod
    @lru_cache(maxsize=8)
    def read(cls, text: str, *, path: str, network: str = "mastodon") -> Self:
        """Parse the file's text. Raises nothing."""
        try:
            table = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            found = _LINE.search(str(error))
            line = int(found[1]) if found else len(text.splitlines())  # else it says "at end of document"
            fault = ComposeFileError(
                path,
                line,
                f"is not valid TOML: {error}.",
                remedy=f'Write ["Ada Example"] and below it {_EXAMPLE}.',
            )
            return cls(path=path, handles={}, problems={}, unreadable=fault)
        handles: dict[str, str] = {}
        problems: dict[str, ComposeFileError] = {}
        for name, value in table.items():
            try:
                handles_of_person = _handles(value)
            except ValueError as error:
                line = _line(text, name, error.args[1] if len(error.args) > 1 else "")
                problems[_fold(name)] = ComposeFileError(
                    path, line, f"{name}: {error.args[0]}", remedy=f"Write {_EXAMPLE}."
                )
            else:
                if network in handles_of_person:
                    handles[_fold(name)] = handles_of_person[network]
        return cls(path=path, handles=handles, problems=problems)

    def handle_of(self, name: str) -> str | None:
        """A person's handle, "@ada@example.social"; None if unknown.

        Case is ignored. Raises ComposeError if the file, or this person in it, is wrong.
        """
        if self.unreadable is not None:
            raise self.unreadable
        folded = _fold(name)
        if folded in self.problems:
            raise self.problems[folded]
        return self.handles.get(folded)

    def faults(self) -> tuple[ComposeFileError, ...]:
        """All faults of the file."""
        return tuple(filter(None, (self.unreadable, *self.problems.values())))


NOBODY: Final = People(handles={}, problems={})


@lru_cache(maxsize=1)
def _make_person_model(handles: tuple[tuple[str, str], ...]) -> type[BaseModel]:
    """The model of a person's table: a key for each network, the `type` of its accounts, with its handles' pattern."""
    keys: dict[str, Any] = {name: (Annotated[str, Field(pattern=pattern)], "") for name, pattern in handles}
    return create_model("Person", __config__=ConfigDict(extra="forbid", strict=True), **keys)


def _handles(value: object) -> dict[str, str]:
    """Network → the handle there, from a person's table. Raises ValueError: what is wrong, and with which key."""
    model = _make_person_model(tuple((name, account.HANDLE) for name, account in ACCOUNT_TYPES.items()))
    try:
        person = model.model_validate(value)
    except ValidationError as error:
        # A key that is not known may be why another is missing.
        first = sorted(error.errors(), key=lambda one: one["type"] != "extra_forbidden")[0]
        raise ValueError(*_in_words(first)) from None
    handles = {name: "@" + handle.removeprefix("@") for name, handle in person.model_dump().items() if handle}
    if not handles:
        raise ValueError("has no handle.")
    return handles


def _in_words(error: ErrorDetails) -> tuple[str, str]:
    key = str(error["loc"][0]) if error["loc"] else ""
    match error["type"]:
        case "extra_forbidden":
            return f'"{key}" is not known here; only {" or ".join(ACCOUNT_TYPES)} is.', key
        case "string_pattern_mismatch":
            return f'"{error["input"]}" is not a handle.', key
        case "string_type":
            return f"{key} must be a text in quotes.", key
    return "must be a table of its own.", ""


def _line(text: str, name: str, key: str) -> int:
    """The line of a person's table, or of a key in it; 1 if its notation is unusual."""
    found = 0
    for number, line in enumerate(text.splitlines(), start=1):
        begins = line.lstrip()[:1] == "["
        if not found and name in _keys_of(line):
            found = number
            if key in _keys_of(line, name):
                return number
        elif found and begins:
            return found
        elif found and key and key in _keys_of(line):
            return number
    return found or 1


def _keys_of(line: str, *tables: str) -> Mapping[str, Any]:
    try:
        value: Any = tomllib.loads(line)
        for table in tables:
            value = value[table]
    except (tomllib.TOMLDecodeError, KeyError):
        return {}
    return value if isinstance(value, dict) else {}


def _fold(name: str) -> str:
    plain = unicodedata.normalize("NFKC", name.replace(WORD_JOINER, "")).casefold()
    return " ".join(plain.split())
