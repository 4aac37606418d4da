"""Where an account's token is found: the environment, then its private file. The settings file never holds one.

Beside a token that `announce login` stored lies its application, which is needed to revoke it.
"""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import quote

from bot.config import Account, is_loopback, token_variable
from bot.domain.errors import OutputError
from bot.files.atomic import PRIVATE, replace_file


def secret_of(setting: str, environ: Mapping[str, str]) -> str:
    """What the environment holds for "env:NAME"; empty for an empty setting, or if it holds nothing."""
    return environ.get(setting.removeprefix("env:"), "").strip() if setting else ""


def trouble_of(setting: str, environ: Mapping[str, str]) -> str:
    """Why there is no secret although the settings name one; empty if all is well."""
    if not setting or secret_of(setting, environ):
        return ""
    return f"the environment variable {setting.removeprefix('env:')} is not set"


#: The folder of tokens that have no `token_file` in the settings; counts from the project's folder.
TOKENS: Final = Path("config/tokens")


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """What was found. The value never shows in a repr, nor in `trouble` or `warning`."""

    value: str | None = field(default=None, repr=False)
    trouble: str = ""  #: why there is none
    warning: str = ""  #: what is not as it should be with the place it lies in
    place: str = field(
        default="", compare=False
    )  #: the environment variable or file that it comes from; empty: invented


@dataclass(frozen=True, kw_only=True, slots=True)
class Application:
    """What a server knows us as: made by registering, needed to get a token and to revoke it."""

    server: str
    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    scopes: tuple[str, ...]  #: what the token may do; before there is one, what it will ask for


def find_token(name: str, account: Account, *, root: Path, environ: Mapping[str, str]) -> Token:
    """The token of the account in section `name`.

    A server on loopback takes any token, so the section's name serves there when none is given.
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
    """The private file of an account: as the settings say, else in the folder of tokens. From the project's folder."""
    # A section may be called anything, "../main" too.
    return account.token_file or TOKENS / f"{quote(name, safe='')}.token"


def read_token(path: Path) -> str | None:
    """The token in a file; None if there is none to be read."""
    try:
        return path.read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError):
        return None


def application_file(token: Path) -> Path:
    """Where the application of a token file lies."""
    return token.with_name(f"{token.name}.app.json")


def store_token(path: Path, value: str, application: Application) -> None:
    """Write a token and its application, for nobody else to read; a file that stood there is replaced as a whole.

    Raises OutputError; the token that stood there before then still stands.
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
        # In this order a token is never without what revokes it.
        replace_file(application_file(path), f"{json.dumps(kept, indent=2)}\n".encode(), mode=PRIVATE)
        replace_file(path, f"{value}\n".encode(), mode=PRIVATE)
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written: {error.strerror}.",
            remedy="Mend that, or name another `token_file` in the settings.",
        ) from None


def stored_application(path: Path, value: str) -> Application | None:
    """The application of the token in this file; None if none is kept, or if it is another token's."""
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
    """Whether a token file or its application lies in a git work tree that does not ignore it."""
    import subprocess

    for file in (path, application_file(path)):
        try:
            asked = subprocess.run(  # noqa: S603 — no shell, and the file's name is the only argument of others
                ["git", "check-ignore", "--quiet", "--", file.name],  # noqa: S607 — the person's own git
                cwd=file.parent,
                capture_output=True,
                stdin=subprocess.DEVNULL,
                timeout=10,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        # 0: ignored, 1: not ignored (or already followed), 128: no work tree (git-check-ignore(1)).
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
    """Tells one token from another and tells nothing of either: tokens are long and random."""
    return hashlib.sha256(value.encode()).hexdigest()[:16]


def _make_private_folder(folder: Path) -> None:
    if folder.is_dir():
        return  # a person's own: its rights are theirs to decide
    folder.mkdir(mode=0o700, parents=True)
    # Whatever the project's own rules say: nothing in here enters a repository.
    (folder / ".gitignore").write_text("*\n", encoding="utf-8")
