"""What is wrong around the settings: things that loading the file alone does not show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from bot.compose.people import People
from bot.compose.templates import Templates
from bot.config import ENVIRONMENT, Config
from bot.config.secrets import find_token, trouble_of
from bot.config.wording import folder_names, read_people, read_templates
from bot.domain import Finding, Severity
from bot.domain.errors import ComposeError
from bot.posts.git.checkout import checkout_dir_of
from bot.posts.git.status import read_status


def check_settings(config: Config, *, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Tokens that are missing or lie open, templates and people that are broken. Reads files, contacts nobody."""
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
    yield from _of_deploy_hook(config, environ, path)
    yield from _of_sources(config, environ)
    yield from _of_templates(config)
    for fault in People.of(read_people(config.people_file)).faults():
        yield _of_file("people-broken", fault, config.root)


def _of_deploy_hook(config: Config, environ: Mapping[str, str], path: Path) -> Iterator[Finding]:
    release = config.release
    if not release.deploy_hook:
        return
    settings = {
        "deploy_hook": release.deploy_hook,
        **{f"deploy_headers.{k}": v for k, v in release.deploy_headers.items()},
    }
    for setting, text in settings.items():
        for name in ENVIRONMENT.findall(text):
            if not environ.get(name, "").strip():
                yield Finding(
                    rule="deploy-hook",
                    severity=Severity.WARNING,
                    path=path,
                    field=f"release.{setting}",
                    problem=f"the environment variable {name} is not set here, so the site cannot be built.",
                    remedy="Set it where the bot runs, see docs/hosting.md.",
                )


def _of_sources(config: Config, environ: Mapping[str, str]) -> Iterator[Finding]:
    for number, source in enumerate(config.sources):
        field = f"sources.{number}"
        missing = trouble_of(source.token, environ)
        if missing:
            yield _warning(config, "secret-missing", f"{field}.token", f"{missing}.", "It cannot be fetched from here.")
        missing = trouble_of(source.push_secret, environ)
        if missing:
            remedy = "Pushes are not heard of; the posts are fetched as often as `every` says."
            yield _warning(config, "secret-missing", f"{field}.push_secret", f"{missing}.", remedy)
        status = read_status(checkout_dir_of(config, source).status)
        if status.failing_since is not None:
            problem = (
                f"{source.shown} could not be fetched since {status.failing_since:%Y-%m-%d %H:%M} UTC: {status.why}"
            )
            yield _warning(config, "not-fetched", f"{field}.git", problem)
    if not config.serve.listen and any(source.push_secret for source in config.sources):
        remedy = 'Write for example listen = "127.0.0.1:8080", or take push_secret out of the sources.'
        yield _warning(config, "no-push-hook", "serve.listen", "is empty, so no push is heard of.", remedy)


def _warning(config: Config, rule: str, field: str, problem: str, remedy: str = "") -> Finding:
    path = _shown(config.path, config.root)
    return Finding(rule=rule, severity=Severity.WARNING, path=path, field=field, problem=problem, remedy=remedy)


def _of_templates(config: Config) -> Iterator[Finding]:
    folder, told = config.templates_folder, set()
    for account in config.accounts or ("",):
        for fault in Templates.of(read_templates(folder, account)).faults():
            if fault.message not in told:  # most templates are every account's
                told.add(fault.message)
                yield _of_file("template-broken", fault, config.root)
    for name in folder_names(folder):
        if name.lower() not in {account.lower() for account in config.accounts}:
            yield Finding(
                rule="template-folder",
                severity=Severity.WARNING,
                path=_shown(folder / name, config.root),
                problem="is named like no account, so nothing in it is used.",
                remedy=f"The accounts are: {', '.join(config.accounts) or 'none'}.",
            )


def _of_file(rule: str, fault: ComposeError, root: Path) -> Finding:
    # The message begins with the place: "/site/config/templates/keynote.j2:3: ...".
    place, _, problem = fault.message.partition(": ")
    path, _, line = place.rpartition(":")
    return Finding(
        rule=rule,
        severity=Severity.ERROR,
        path=_shown(Path(path if line.isdecimal() else place), root),
        line=int(line) if line.isdecimal() else None,
        problem=problem,
        remedy=fault.remedy,
    )


def _shown(path: Path, root: Path) -> Path:
    return path.relative_to(root) if path.is_relative_to(root) else path
