"""Find and store an account's token: in the environment, then in its private file, never in the settings file.

`announce login` stores the application beside the token, because revoking the token needs it.
"""

from __future__ import annotations

import hashlib
import json
import stat
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import quote

from bot.config import Account, is_loopback, token_variable
from bot.domain.errors import OutputError
from bot.files.atomic import PRIVATE, replace_file


def secret_of(setting: str, environ: Mapping[str, str]) -> str:
    """The environment's value for "env:NAME"; empty if the setting is empty or the variable is unset."""
    return environ.get(setting.removeprefix("env:"), "").strip() if setting else ""


def trouble_of(setting: str, environ: Mapping[str, str]) -> str:
    """Why the secret that the settings name is missing; empty if it is not."""
    if not setting or secret_of(setting, environ):
        return ""
    return f"the environment variable {setting.removeprefix('env:')} is not set"


def resolve_secret(setting: str, environ: Mapping[str, str]) -> str:
    """The setting itself, or for "env:NAME" that environment variable. Raises OutputError if it is unset or blank."""
    if not setting.startswith("env:"):
        return setting
    missing = trouble_of(setting, environ)
    if missing:
        raise OutputError(f"{missing}.")
    return secret_of(setting, environ)


#: The folder of tokens without a `token_file` in the settings, relative to the project folder.
TOKENS: Final = Path("config/tokens")


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """The result of a search. The value never appears in a repr, in `trouble` or in `warning`."""

    value: str | None = field(default=None, repr=False)
    trouble: str = ""  #: why no token was found
    warning: str = ""  #: a problem with the place of the token, such as its file mode
    place: str = field(
        default="", compare=False
    )  #: the environment variable or file it comes from; empty for the default on loopback


@dataclass(frozen=True, kw_only=True, slots=True)
class Application:
    """The bot's registration with a server; needed to get a token and to revoke it."""

    server: str
    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    scopes: tuple[str, ...]  #: granted to the token; before there is a token, the requested ones


def find_token(name: str, account: Account, *, root: Path, environ: Mapping[str, str]) -> Token:
    """Find the token of the account in section `name`.

    A server on loopback accepts any token, so the default there is the section's name.
    """
    variable = token_variable(name)
    if environ.get(variable, "").strip():
        return Token(value=environ[variable].strip(), place=variable)
    file = token_file(name, account)
    if account.token_file is not None or (root / file).exists():
        return _from_file(root / file, str(file), variable)
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
    warning = f"{shown} can be read by others; `chmod 600 {shown}` ends that" if exposed else ""
    return Token(value=value, warning=warning, place=shown)


def token_file(name: str, account: Account) -> Path:
    """The token file of an account: from the settings, else in the folder of tokens. Relative to the project folder."""
    # A section may have any name, even "../main".
    return account.token_file or TOKENS / f"{quote(name, safe='')}.token"


def read_token(path: Path) -> str | None:
    """Read the token in a file; None if there is none."""
    try:
        return path.read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError):
        return None


def application_file(token: Path) -> Path:
    """The path of the application file beside a token file."""
    return token.with_name(f"{token.name}.app.json")


def store_token(path: Path, value: str, application: Application) -> None:
    """Write a token and its application, readable only by this user; atomically replaces existing files.

    Raises OutputError; then the old token is still in place.
    """
    kept = {
        "server": application.server,
        "client_id": application.client_id,
        "client_secret": application.client_secret,
        "scopes": list(application.scopes),
        "token": fingerprint(value),
    }
    try:
        _make_private_folder(path.parent)
        # The application first, so that a stored token can always be revoked.
        replace_file(application_file(path), f"{json.dumps(kept, indent=2)}\n".encode(), mode=PRIVATE)
        replace_file(path, f"{value}\n".encode(), mode=PRIVATE)
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written: {error.strerror}.",
            remedy="Fix that, or name another `token_file` in the settings.",
        ) from None


def stored_application(path: Path, value: str) -> Application | None:
    """The application of the token in this file; None if it is missing or belongs to another token."""
    try:
        kept = json.loads(application_file(path).read_text(encoding="utf-8"))
        if kept["token"] != fingerprint(value):
            return None
        return Application(
            server=str(kept["server"]),
            client_id=str(kept["client_id"]),
            client_secret=str(kept["client_secret"]),
            scopes=tuple(map(str, kept["scopes"])),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def may_enter_git(path: Path) -> bool:
    """Whether a token file or its application is in a git work tree that does not ignore it."""
    for file in (path, application_file(path)):
        try:
            asked = subprocess.run(  # noqa: S603 — no shell, and only the file name comes from outside
                ["git", "check-ignore", "--quiet", "--", file.name],  # noqa: S607 — the user's git
                cwd=file.parent,
                capture_output=True,
                stdin=subprocess.DEVNULL,
                timeout=10,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        # 0: ignored, 1: not ignored (or already tracked), 128: no work tree (git-check-ignore(1)).
        if asked.returncode == 1:
            return True
    return False


def forget_token(path: Path) -> None:
    """Delete a token's file and its application. Raises OutputError."""
    try:
        path.unlink(missing_ok=True)
        application_file(path).unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{path} cannot be deleted: {error.strerror}.", remedy="Delete it by hand.") from None


def fingerprint(value: str) -> str:
    """A hash that identifies a token without revealing it, because tokens are long and random."""
    return hashlib.sha256(value.encode()).hexdigest()[:16]


def _make_private_folder(folder: Path) -> None:
    if folder.is_dir():
        return  # a folder that the operator made: its mode is their choice
    folder.mkdir(mode=0o700, parents=True)
    # Keeps tokens out of the site's repository, even if its own .gitignore does not.
    (folder / ".gitignore").write_text("*\n", encoding="utf-8")
