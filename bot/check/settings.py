"""What is wrong around the settings: things that loading the file alone does not show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from bot.compose.templates import Templates
from bot.config import Config
from bot.errors import ComposeError
from bot.model import Finding, Severity
from bot.tokens import find_token


def check_settings(config: Config, *, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Tokens that are missing or lie open, templates that are broken. Reads files, contacts nobody."""
    path = _shown(config.path, config.root)
    for name, account in config.accounts.items():
        token = find_token(name, account, root=config.root, environ=environ)
        if token.trouble:
            yield Finding(
                rule="token-missing",
                severity=Severity.WARNING,
                path=path,
                field=f"accounts.{name}",
                problem=f"there is no token: {token.trouble}.",
                remedy=f"Nothing can be tooted from here; `announce login {name}` gets one, see docs/accounts.md.",
            )
        if token.warning:
            yield Finding(
                rule="token-open",
                severity=Severity.WARNING,
                path=path,
                field=f"accounts.{name}.token_file",
                problem=f"{token.warning}.",
            )
    for fault in Templates.load(config.templates_folder).faults():
        yield _of_template(fault, config.root)


def _of_template(fault: ComposeError, root: Path) -> Finding:
    # The message begins with the place: "/site/config/templates/keynote.j2:3: ...".
    place, _, problem = fault.message.partition(": ")
    path, _, line = place.rpartition(":")
    return Finding(
        rule="template-broken",
        severity=Severity.ERROR,
        path=_shown(Path(path if line.isdecimal() else place), root),
        line=int(line) if line.isdecimal() else None,
        problem=problem,
        remedy=fault.remedy,
    )


def _shown(path: Path, root: Path) -> Path:
    return path.relative_to(root) if path.is_relative_to(root) else path
