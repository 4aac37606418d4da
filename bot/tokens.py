"""Where an account's token is found: the environment, then its private file. The settings file never holds one."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.config import Account, is_loopback, token_variable


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """What was found. The value never shows in a repr, nor in `trouble` or `warning`."""

    value: str | None = field(default=None, repr=False)
    trouble: str = ""  #: why there is none
    warning: str = ""  #: what is not as it should be with the place it lies in


def find_token(name: str, account: Account, *, root: Path, environ: Mapping[str, str]) -> Token:
    """The token of the account in section `name`.

    A server on loopback takes any token, so the section's name serves there when none is given.
    """
    variable = token_variable(name)
    if environ.get(variable, "").strip():
        return Token(value=environ[variable].strip())
    if account.token_file is not None:
        return _from_file(root / account.token_file, str(account.token_file), variable)
    if is_loopback(account.server):
        return Token(value=f"loopback-{name}")
    return Token(trouble=f"neither the environment variable {variable} nor `token_file` is set")


def _from_file(path: Path, shown: str, variable: str) -> Token:
    try:
        value = path.read_text(encoding="utf-8").strip()
        mode = path.stat().st_mode
    except OSError as error:
        return Token(trouble=f"{variable} is not set, and {shown} cannot be read: {error.strerror}")
    except UnicodeDecodeError:
        return Token(trouble=f"{variable} is not set, and {shown} is not a text file")
    if not value:
        return Token(trouble=f"{variable} is not set, and {shown} is empty")
    exposed = mode & (stat.S_IRWXG | stat.S_IRWXO)
    return Token(
        value=value, warning=f"{shown} can be read by others; `chmod 600 {shown}` ends that" if exposed else ""
    )
