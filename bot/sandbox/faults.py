"""Faults that can be switched on: what goes wrong, on which request, how often.

`PUT /sandbox/faults` takes a JSON list such as
`[{"on": "POST /api/v1/statuses", "do": "post-then-drop", "times": 1}, {"repeat": "500"}]`; what is no fault of a single
request is a setting, see `switches.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from threading import Event, Lock
from typing import Final, TypeVar

from pydantic import ConfigDict, TypeAdapter, with_config

from bot.sandbox.switches import RepeatSetting, Setting
from bot.sandbox.traits import Repeat

S = TypeVar("S")

CARRIED_OUT: Final = "post-then-"
BEFORE: Final = "-before"

#: What can happen in the place of the answer. "post-then-" in front: the request is carried out first.
MISHAPS: Final = (
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
_DO: Final = re.compile(
    rf"(?P<first>{CARRIED_OUT})?(?P<mishap>{'|'.join(MISHAPS)})(?:{BEFORE})?(?::(?P<seconds>\d+(?:\.\d+)?))?"
)


@with_config(ConfigDict(extra="forbid"))
@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One fault. `on` is a method and a path, with `*` for any text: "GET /api/v1/accounts/*/statuses"."""

    on: str
    do: str  #: one of MISHAPS, perhaps with "post-then-" in front; "drop-before" says the same as "drop"
    times: int | None = 1  #: None: until it is switched off
    skip: int = 0  #: how many such requests pass unharmed before

    def __post_init__(self) -> None:
        match = _DO.fullmatch(self.do)
        if match is None or (match["mishap"] == "hang") != (match["seconds"] is not None):
            names = ", ".join(MISHAPS).replace("hang", "hang:SECONDS")
            raise ValueError(f'"{self.do}" is not a fault; known are {names}, each also after "{CARRIED_OUT}"')

    @property
    def carries_out(self) -> bool:
        """Whether the request takes effect all the same."""
        return self.do.startswith(CARRIED_OUT)

    @property
    def mishap(self) -> str:
        return self._part("mishap")

    @property
    def seconds(self) -> float:
        return float(self._part("seconds") or 0)

    def _part(self, name: str) -> str:
        match = _DO.fullmatch(self.do)
        return (match[name] if match else "") or ""


_SETTINGS: Final = TypeAdapter(list[Fault | Setting])


class Faults:
    """The faults that are switched on. Safe to use from several threads."""

    def __init__(
        self, faults: Iterable[Fault] = (), *, repeat: Repeat | None = None, settings: Iterable[Setting] = ()
    ) -> None:
        self._lock = Lock()
        self._stopped = Event()
        self._faults: list[Fault] = []
        self._settings: list[Setting] = []
        self.switch(faults, repeat=repeat, settings=settings)

    def switch(
        self, faults: Iterable[Fault] = (), *, repeat: Repeat | None = None, settings: Iterable[Setting] = ()
    ) -> None:
        """Put these in the place of all that is switched on; without arguments nothing goes wrong any more."""
        with self._lock:
            self._faults = list(faults)
            self._settings = [*settings, *([RepeatSetting(repeat=repeat)] if repeat else [])]

    def switch_json(self, data: bytes) -> None:
        """The same from JSON. Raises pydantic's ValidationError."""
        told = _SETTINGS.validate_json(data)
        self.switch(
            [item for item in told if isinstance(item, Fault)],
            settings=[item for item in told if not isinstance(item, Fault)],
        )

    def to_json(self) -> bytes:
        """What is still switched on, in the form that `switch_json` reads."""
        with self._lock:
            return _SETTINGS.dump_json([*self._faults, *self._settings])

    @property
    def repeat(self) -> Repeat | None:
        """What is answered to a repeated Idempotency-Key; None: as the server does."""
        found = self.settings(RepeatSetting)
        return found[-1].repeat if found else None

    def settings(self, kind: type[S]) -> list[S]:
        """The settings of one kind that are switched on."""
        with self._lock:
            return [setting for setting in self._settings if isinstance(setting, kind)]

    def take(self, method: str, path: str) -> Fault | None:
        """The fault for this request, if there is one; that uses it up."""
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
        """Let go of whatever hangs."""
        self._stopped.set()
