"""The types of settings values, each with its validation."""

from __future__ import annotations

import re
from datetime import time, timedelta
from ipaddress import ip_address
from typing import Annotated, Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, PlainSerializer, WithJsonSchema

from bot.domain.durations import parse_duration, read_hours

#: The shape of an account's address, "@conf@example.social".
ACCT: Final = r"^@?[A-Za-z0-9_]+(?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?@[A-Za-z0-9.-]+(?::\d+)?$"


#: A setting's reference to an environment variable.
ENVIRONMENT: Final = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)")


#: The shape of a language tag such as "en" or "pt-BR" (BCP 47).
LANGUAGE: Final = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$"


class Secret:
    """Marks a setting that may hold a secret or a person's address: `Annotated[str, Secret()]`.

    No message and no report shows its value; `bot/config/settings.py` tells which settings are marked.
    """


class SettingError(ValueError):
    """What is wrong with one setting, raised by a check that sees its whole table. `setting` is its key there."""

    def __init__(self, setting: str, problem: str) -> None:
        super().__init__(problem)
        self.setting = setting


def is_loopback(url: str) -> bool:
    """Whether a URL's host is this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def listen_address(text: str) -> tuple[str, int]:
    """Parse host and port to listen on. Raises ValueError with a message for the operator."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    try:
        address = "127.0.0.1" if host == "localhost" else str(ip_address(host))
        number = int(port)
    except ValueError:
        number = -1
    if not 0 <= number <= 65535:
        raise ValueError(f'"{text}" is not an address to listen at; write for example "127.0.0.1:8080" or "[::]:8080"')
    return address, number


def _duration(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str):
        return parse_duration(value)
    raise ValueError('write a duration in quotes, for example "72h", "2m" or "off"')


def _zone(name: object) -> object:
    if isinstance(name, ZoneInfo):
        return name
    try:
        return ZoneInfo(str(name))
    except (KeyError, ValueError, OSError):
        raise ValueError(
            f'"{name}" is not a timezone; write an IANA name such as "America/New_York" or "UTC"'
        ) from None


def _web_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.username or parts.password:
        raise ValueError("a web address in the settings must not carry a name or password")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        shown = "this" if "@" in url else f'"{url}"'
        raise ValueError(f'{shown} is not a web address; write it in full, for example "https://example.org"')
    return url.rstrip("/")


def _hub_address(url: str) -> str:
    _web_address(url)
    return url  # unchanged: a trailing slash is part of a hub's identity


def _deploy_hook(value: str) -> str:
    if ENVIRONMENT.fullmatch(value):
        return value
    if value.startswith("env:"):
        raise ValueError('write the name of a variable of the environment, for example "env:DEPLOY_HOOK"')
    try:
        return _hub_address(value)
    except ValueError:
        # Not quoted in the error: it may be a secret that belongs in the environment.
        raise ValueError('it is not a web address without a password, nor "env:NAME"') from None


def _clock_time(value: object) -> object:
    if isinstance(value, str):
        try:
            return time.fromisoformat(value)
        except ValueError:
            raise ValueError(f'"{value}" is not a time of day; write for example "09:00"') from None
    if isinstance(value, time):  # TOML has times, written without quotes
        return value
    # Not left to pydantic, which takes 9 for nine seconds past midnight.
    raise ValueError('write a time of day in quotes, for example "09:00"')


def _hours(value: object) -> object:
    if value is None or isinstance(value, str):
        return None if value is None else read_hours(value)
    raise ValueError('write a span of hours in quotes, for example "08:00-21:00"')


def _as_text(**more: Any) -> WithJsonSchema:
    """The schema, for `announce schema`, of a value that is written as text."""
    return WithJsonSchema({"type": "string", **more})


Hours = Annotated[
    tuple[time, time] | None, BeforeValidator(_hours), _as_text(pattern=r"^\d{1,2}:\d{2}\s*-\s*\d{1,2}:\d{2}$")
]


Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    PlainSerializer(str),
    _as_text(pattern=r"^\s*(off|0|(\d+(\.\d+)?\s*[smhdwSMHDW]\s*)+)\s*$", examples=["90s", "2m", "72h", "3d", "off"]),
]


Zone = Annotated[
    Any, BeforeValidator(_zone), PlainSerializer(str), _as_text(examples=["America/New_York", "Europe/Oslo", "UTC"])
]


WebAddress = Annotated[str, AfterValidator(_web_address)]


DeployHook = Annotated[str, AfterValidator(_deploy_hook)]


HubAddress = Annotated[str, AfterValidator(_hub_address)]


ClockTime = Annotated[time, BeforeValidator(_clock_time), _as_text(pattern=r"^\d{2}:\d{2}", examples=["09:00"])]


class Table(BaseModel):
    """A table of the settings; an unknown setting is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, strict=False)
