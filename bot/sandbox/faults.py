"""Fault injection, as data: what goes wrong, on which request, how often. `fault_injection.py` carries it out.

`PUT /sandbox/faults` takes a JSON list such as
`[{"on": "POST /api/v1/statuses", "do": "post-then-drop", "times": 1}, {"repeat": "500"}]`: faults, which strike single
requests, and settings, which hold until they are replaced.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from threading import Event, Lock
from typing import Any, Final, Literal, TypeVar

from pydantic import ConfigDict, TypeAdapter, with_config

from bot.sandbox.profiles import RepeatPolicy

S = TypeVar("S")

STRICT: Final = ConfigDict(extra="forbid")
_CARRIED_OUT: Final = "post-then-"

#: What can be sent instead of the answer. With "post-then-" in front the request takes effect first.
FAULT_KINDS: Final = (
    "drop",  # the connection is closed without an answer
    "hang",  # "hang:2.5": nothing for so many seconds, then the connection is closed
    "504",
    "error-500",
    "html-502",
    "503",
    "429-with-reset",
    "429-without-reset",
    "empty-200",
    "redirect-301",
    "unauthorized-401",
    "forbidden-403",
)
_DO: Final = re.compile(rf"(?P<first>{_CARRIED_OUT})?(?P<kind>{'|'.join(FAULT_KINDS)})(?::(?P<seconds>\d+(?:\.\d+)?))?")


@with_config(STRICT)
@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One fault. `on` is a method and a path, with `*` for any text: "GET /api/v1/accounts/*/statuses"."""

    on: str
    do: str  #: one of FAULT_KINDS, optionally with "post-then-" in front
    times: int | None = 1  #: None: until it is switched off
    skip: int = 0  #: how many matching requests pass unharmed first

    def __post_init__(self) -> None:
        match = _DO.fullmatch(self.do)
        if match is None or (match["kind"] == "hang") != (match["seconds"] is not None):
            names = ", ".join(FAULT_KINDS).replace("hang", "hang:SECONDS")
            raise ValueError(f'"{self.do}" is not a fault; known are {names}, each also after "{_CARRIED_OUT}"')

    @property
    def carries_out(self) -> bool:
        """Whether the request takes effect all the same."""
        return self.do.startswith(_CARRIED_OUT)

    @property
    def kind(self) -> str:
        """The one of FAULT_KINDS."""
        return self._part("kind")

    @property
    def seconds(self) -> float:
        """How long a "hang" lasts."""
        return float(self._part("seconds") or 0)

    def _part(self, name: str) -> str:
        match = _DO.fullmatch(self.do)
        return (match[name] if match else "") or ""


@with_config(STRICT)
@dataclass(frozen=True, kw_only=True, slots=True)
class RepeatSetting:
    """Another answer to a repeated Idempotency-Key than the profile's."""

    repeat: RepeatPolicy


@with_config(STRICT)
@dataclass(frozen=True, kw_only=True, slots=True)
class MediaSetting:
    """Uploads are answered with 202 and 206 for a while; in the end they are ready, or their processing has failed."""

    media: Literal["slow", "failing"]
    looks: int = 2  #: how many requests for the upload are answered with 206


@with_config(STRICT)
@dataclass(frozen=True, kw_only=True, slots=True)
class RevokedSetting:
    """All tokens of this account (or "*": of every account) count as revoked."""

    revoked: str


@with_config(STRICT)
@dataclass(frozen=True, kw_only=True, slots=True)
class ScopesSetting:
    """Tokens of this account have no scopes but these, such as "read:accounts write:statuses"."""

    scopes: str
    account: str = "*"


Setting = RepeatSetting | MediaSetting | RevokedSetting | ScopesSetting
_DOCUMENTED: Final[TypeAdapter[list[Any]]] = TypeAdapter(list[Fault | Setting])


class Faults:
    """The faults and settings that are switched on. Safe to use from several threads.

    `known` reads and writes them as JSON; by default it accepts those that docs/sandbox.md lists.
    """

    def __init__(
        self,
        faults: Iterable[Fault] = (),
        *,
        repeat: RepeatPolicy | None = None,
        settings: Iterable[object] = (),
        known: TypeAdapter[list[Any]] = _DOCUMENTED,
    ) -> None:
        self._known = known
        self._lock = Lock()
        self._stopped = Event()
        self._faults: list[Fault] = []
        self._settings: list[object] = []
        self.switch(faults, repeat=repeat, settings=settings)

    def switch(
        self, faults: Iterable[Fault] = (), *, repeat: RepeatPolicy | None = None, settings: Iterable[object] = ()
    ) -> None:
        """Replace everything that is switched on; without arguments nothing goes wrong any more."""
        with self._lock:
            self._faults = list(faults)
            self._settings = [*settings, *([RepeatSetting(repeat=repeat)] if repeat else [])]

    def switch_json(self, data: bytes) -> None:
        """Replace everything that is switched on by a JSON list. Raises pydantic's ValidationError."""
        items = self._known.validate_json(data)
        self.switch(
            [item for item in items if isinstance(item, Fault)],
            settings=[item for item in items if not isinstance(item, Fault)],
        )

    def to_json(self) -> bytes:
        """What is still switched on, in the form that `switch_json` reads."""
        with self._lock:
            return self._known.dump_json([*self._faults, *self._settings])

    @property
    def repeat(self) -> RepeatPolicy | None:
        """The policy for repeated Idempotency-Keys that is switched on; None: the profile's."""
        found = self.settings(RepeatSetting)
        return found[-1].repeat if found else None

    def settings(self, kind: type[S]) -> list[S]:
        """The settings of one type that are switched on."""
        with self._lock:
            return [setting for setting in self._settings if isinstance(setting, kind)]

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that strikes this request, if any; taking it uses it up."""
        with self._lock:
            for index, fault in enumerate(self._faults):
                if not fnmatchcase(f"{method} {path}", fault.on):
                    continue
                if fault.skip:
                    self._faults[index] = replace(fault, skip=fault.skip - 1)
                    continue
                if fault.times is not None:
                    self._faults[index : index + 1] = [replace(fault, times=fault.times - 1)] if fault.times > 1 else []
                return fault
        return None

    def hang(self, seconds: float) -> None:
        """Wait for so long, or until `stop`."""
        self._stopped.wait(seconds)

    def stop(self) -> None:
        """Release every request that hangs."""
        self._stopped.set()
