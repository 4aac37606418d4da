"""Problems of the settings that loading the file does not show: tokens, secrets, sources, templates, people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from bot.check.findings import about_file, about_settings, for_all_accounts
from bot.compose.people import People
from bot.compose.templates import Templates
from bot.config import ENVIRONMENT, Config
from bot.config.secrets import find_token, trouble_of
from bot.config.text_files import folder_names, read_people, read_templates
from bot.domain import Finding
from bot.domain.errors import ComposeFileError
from bot.posts.git.checkout import checkout_dir_of
from bot.posts.git.status import read_fetch_status
from bot.posts.reader import shown_path


def check_settings(config: Config, *, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Missing and readable tokens and secrets, failing sources, broken templates and people. Reads files only."""
    for name, account in config.accounts.items():
        token = find_token(name, account, root=config.root, environ=environ)
        field = f"accounts.{name}"
        if token.trouble:
            remedy = f"Nothing can be tooted from here; `announce login {name}` gets one, see docs/accounts.md."
            yield about_settings(config, "token-missing", f"there is no token: {token.trouble}.", remedy, field=field)
        if token.warning:
            yield about_settings(config, "token-open", f"{token.warning}.", field=f"{field}.token_file")
    yield from _check_deploy_hook(config, environ)
    yield from _check_sources(config, environ)
    yield from _check_templates(config)
    for fault in People.of(read_people(config.people_file)).faults():
        yield _from_error("people-broken", fault, config.root)


def _check_deploy_hook(config: Config, environ: Mapping[str, str]) -> Iterator[Finding]:
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
                problem = f"the environment variable {name} is not set here, so the site cannot be built."
                remedy = "Set it where the bot runs, see docs/hosting.md."
                yield about_settings(config, "deploy-hook", problem, remedy, field=f"release.{setting}")


def _check_sources(config: Config, environ: Mapping[str, str]) -> Iterator[Finding]:
    for number, source in enumerate(config.sources):
        field = f"sources.{number}"
        missing = trouble_of(source.token, environ)
        if missing:
            yield about_settings(
                config, "secret-missing", f"{missing}.", "It cannot be fetched from here.", field=f"{field}.token"
            )
        missing = trouble_of(source.push_secret, environ)
        if missing:
            remedy = "Pushes are ignored; the posts are fetched as often as `every` says."
            yield about_settings(config, "secret-missing", f"{missing}.", remedy, field=f"{field}.push_secret")
        status = read_fetch_status(checkout_dir_of(config, source).status)
        if status.failing_since is not None:
            problem = (
                f"{source.shown} could not be fetched since {status.failing_since:%Y-%m-%d %H:%M} UTC: {status.why}"
            )
            yield about_settings(config, "not-fetched", problem, field=f"{field}.git")
    if not config.serve.listen and any(source.push_secret for source in config.sources):
        remedy = 'Write for example listen = "127.0.0.1:8080", or take push_secret out of the sources.'
        yield about_settings(config, "no-push-hook", "is empty, so no push arrives.", remedy, field="serve.listen")


def _check_templates(config: Config) -> Iterator[Finding]:
    folder = config.templates_folder
    faults = [f for account in config.accounts or ("",) for f in Templates.of(read_templates(folder, account)).faults()]
    yield from for_all_accounts(_from_error("template-broken", fault, config.root) for fault in faults)
    for name in folder_names(folder):
        if name.lower() not in {account.lower() for account in config.accounts}:
            problem = "is named like no account, so nothing in it is used."
            remedy = f"The accounts are: {', '.join(config.accounts) or 'none'}."
            yield about_file(shown_path(folder / name, config.root), "template-folder", problem, remedy)


def _from_error(rule: str, error: ComposeFileError, root: Path) -> Finding:
    return about_file(shown_path(Path(error.path), root), rule, error.problem, error.remedy, line=error.line)
