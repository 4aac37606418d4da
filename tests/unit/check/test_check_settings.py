"""What `check` says of the settings: tokens that are missing or lie open, templates that are broken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.check.settings import check_settings
from bot.config import Config
from bot.domain import Finding, Severity

MakeConfig = Callable[..., Config]

REAL = '[accounts.main]\nserver = "https://example.social"\nacct = "@conf@example.social"'
WITH_FILE = f'{REAL}\ntoken_file = "var/token"'
LOOPBACK = '[accounts.main]\nserver = "http://127.0.0.1:3000"'


def write_token(config: Config, *, mode: int) -> None:
    (config.root / "var").mkdir()
    (config.root / "var/token").write_text("S3CRET\n")
    (config.root / "var/token").chmod(mode)


def only(findings: list[Finding]) -> Finding:
    (finding,) = findings
    return finding


@pytest.mark.parametrize("accounts", ["", LOOPBACK])
def test_where_no_token_is_needed_there_is_nothing_to_say(site_config: MakeConfig, accounts: str) -> None:
    assert list(check_settings(site_config(accounts=accounts), environ={})) == []


def test_a_missing_token_is_named_with_its_account(site_config: MakeConfig) -> None:
    finding = only(list(check_settings(site_config(accounts=REAL), environ={})))
    assert (finding.rule, finding.severity) == ("token-missing", Severity.WARNING)
    assert (finding.path, finding.field) == (Path("config/bot.toml"), "accounts.main")
    assert "ANNOUNCE_TOKEN_MAIN" in finding.problem
    assert "`announce login main` gets one" in finding.remedy


def test_a_token_in_the_environment_is_enough(site_config: MakeConfig) -> None:
    assert list(check_settings(site_config(accounts=REAL), environ={"ANNOUNCE_TOKEN_MAIN": "S3CRET"})) == []


@pytest.mark.parametrize(("mode", "rules"), [(0o600, []), (0o644, ["token-open"])])
def test_a_token_file_is_private_or_warned_of(site_config: MakeConfig, mode: int, rules: list[str]) -> None:
    config = site_config(accounts=WITH_FILE)
    write_token(config, mode=mode)
    findings = list(check_settings(config, environ={}))
    assert [finding.rule for finding in findings] == rules
    assert all("var/token can be read by others; `chmod 600 var/token`" in finding.problem for finding in findings)
    assert all(finding.field == "accounts.main.token_file" for finding in findings)
    assert "S3CRET" not in repr(findings)


@pytest.mark.parametrize(
    ("environ", "fields"),
    [
        ({"HOOK": "x", "TOKEN": "y"}, []),
        ({"HOOK": "x"}, ["release.deploy_headers.Authorization"]),
        ({"TOKEN": "y", "HOOK": " "}, ["release.deploy_hook"]),
    ],
)
def test_what_the_deploy_hook_lacks_in_the_environment_is_named(
    site_config: MakeConfig, environ: dict[str, str], fields: list[str]
) -> None:
    release = 'deploy_hook = "env:HOOK"\ndeploy_headers = { Authorization = "Bearer env:TOKEN", Accept = "a/b" }'
    found = list(check_settings(site_config(release=release), environ=environ))
    assert [(finding.rule, finding.field) for finding in found] == [("deploy-hook", field) for field in fields]


def test_each_account_is_looked_at(site_config: MakeConfig) -> None:
    second = REAL.replace("main", "kids").replace("@conf", "@kids")
    findings = list(check_settings(site_config(accounts=f"{REAL}\n{second}"), environ={"ANNOUNCE_TOKEN_MAIN": "x"}))
    assert [finding.field for finding in findings] == ["accounts.kids"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ title", "keynote.j2:1: the template is not valid"),
        ("{{ titel }}", "Did you mean title?"),
        ("{{ title }}", None),
    ],
)
def test_a_broken_template_is_found_before_a_post_needs_it(
    site_config: MakeConfig, text: str, said: str | None
) -> None:
    config = site_config(accounts=LOOPBACK)
    config.templates_folder.mkdir()
    (config.templates_folder / "keynote.j2").write_text(text)
    findings = list(check_settings(config, environ={}))
    if said is None:
        assert findings == []
        return
    finding = only(findings)
    assert (finding.rule, finding.severity) == ("template-broken", Severity.ERROR)
    assert finding.path == Path("config/templates/keynote.j2")
    assert said in str(finding)
    assert str(config.root) not in str(finding)


@pytest.mark.parametrize("accounts", ["", LOOPBACK, f"{LOOPBACK}\n{LOOPBACK.replace('main', 'kids')}"])
def test_a_broken_template_of_all_accounts_is_one_finding(site_config: MakeConfig, accounts: str) -> None:
    config = site_config(accounts=accounts)
    config.templates_folder.mkdir()
    (config.templates_folder / "keynote.txt").write_text("\n{{ titel }}")
    assert str(only(list(check_settings(config, environ={})))).startswith("config/templates/keynote.txt:2: ")


def test_a_missing_include_is_one_finding_where_an_account_has_templates_of_its_own(site_config: MakeConfig) -> None:
    config = site_config(accounts=f"{LOOPBACK}\n{LOOPBACK.replace('main', 'kids')}")
    (config.templates_folder / "kids").mkdir(parents=True)
    (config.templates_folder / "kids" / "default.txt").write_text("{{ title }}")
    (config.templates_folder / "keynote.txt").write_text('{% include "none.txt" %}')
    finding = only(list(check_settings(config, environ={})))
    assert str(finding).startswith('config/templates/keynote.txt:1: there is no template "none.txt". There are: ')


def test_an_accounts_own_templates_are_looked_at(site_config: MakeConfig) -> None:
    config = site_config(accounts=LOOPBACK)
    (config.templates_folder / "main").mkdir(parents=True)
    (config.templates_folder / "main" / "keynote.txt").write_text("{{ titel }}")
    finding = only(list(check_settings(config, environ={})))
    assert (finding.rule, finding.path) == ("template-broken", Path("config/templates/main/keynote.txt"))


def test_a_folder_that_is_no_accounts_is_named(site_config: MakeConfig) -> None:
    config = site_config(accounts=LOOPBACK)
    (config.templates_folder / "mian").mkdir(parents=True)
    finding = only(list(check_settings(config, environ={})))
    assert (finding.rule, finding.severity) == ("template-folder", Severity.WARNING)
    assert str(finding) == (
        "config/templates/mian: is named like no account, so nothing in it is used. The accounts are: main."
    )


def test_a_mistake_about_a_person_is_found_with_its_line(site_config: MakeConfig) -> None:
    config = site_config(accounts=LOOPBACK)
    config.people_file.write_text('["Ada"]\nmastodon = "ada"\n')
    finding = only(list(check_settings(config, environ={})))
    assert (finding.rule, finding.severity) == ("people-broken", Severity.ERROR)
    assert str(finding) == ('config/people.toml:2: Ada: "ada" is not a handle. Write mastodon = "@ada@example.social".')
