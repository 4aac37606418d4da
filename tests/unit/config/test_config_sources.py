"""Settings of sources: which repositories may be named, and that no secret stands there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bot.config import Config, Source
from bot.domain.errors import ConfigError, Fault

MakeConfig = Callable[..., Config]
GOOD = 'git = "https://forge.example/team/news.git"'


def faults(make: MakeConfig, sources: str, **tables: str) -> tuple[Fault, ...]:
    with pytest.raises(ConfigError) as caught:
        make(sources=sources, **tables)
    return caught.value.faults


def test_an_address_is_enough(site_config: MakeConfig) -> None:
    (source,) = site_config(sources=f"[[sources]]\n{GOOD}").sources
    assert (source.folder, source.assets, source.branch) == (Path("posts"), Path(), "")
    assert source.every == timedelta(minutes=1)
    assert source.name == "news"
    assert site_config().sources == ()


@pytest.mark.parametrize(
    "source",
    [
        'git = "https://forge.example/news.git"\nbranch = "news/2027"\nfolder = "."\nevery = "off"',
        'git = "https://forge.example:8443/a/b/c"\ntoken = "env:NEWS_TOKEN"\npush_secret = "env:PUSH"',
        'git = "http://127.0.0.1:9/news.git"',
        'git = "http://localhost/news.git"',
        'git = "../news.git"\nlocal = true',
        'git = "/srv/git/news.git"\nlocal = true',
    ],
)
def test_these_are_taken(site_config: MakeConfig, source: str) -> None:
    assert len(site_config(sources=f"[[sources]]\n{source}").sources) == 1


@pytest.mark.parametrize(
    ("source", "where", "words"),
    [
        ('git = "http://forge.example/news.git"', "git", "must be an https address"),
        ('git = "file:///srv/news.git"', "git", "must be an https address"),
        ('git = "/srv/news.git"', "git", "local = true"),
        ('git = "ext::sh -c id"', "git", "is not an address"),
        ('git = "ext::id"', "git", "must be an https address"),
        ('git = "ssh://forge.example/news.git"', "git", "must be an https address"),
        ('git = "--upload-pack=id"', "git", "must be an https address"),
        ('git = "https://"', "git", "must be an https address"),
        ('git = "https://forge.example/news.git?token=1"', "git", "is not an address"),
        ('git = "https://[x/news.git"', "git", "is not an address"),
        ('git = "--upload-pack=id"\nlocal = true', "git", "it is the path of a repository"),
        ('git = "file:///srv/news.git"\nlocal = true', "git", "it is the path of a repository"),
        ('git = "ext::id"\nlocal = true', "git", "it is the path of a repository"),
        ('git = ""\nlocal = true', "git", "it is the path of a repository"),
        ('git = "/srv/news.git"\nlocal = true\ntoken = "env:X"', "token", "needs none"),
        (f'{GOOD}\nbranch = "--force"', "branch", "not the name of a branch"),
        (f'{GOOD}\nbranch = "a..b"', "branch", "not the name of a branch"),
        (f'{GOOD}\nbranch = "a:b"', "branch", "not the name of a branch"),
        (f'{GOOD}\nbranch = "a*"', "branch", "not the name of a branch"),
        (f'{GOOD}\nbranch = "a b"', "branch", "not the name of a branch"),
        (f'{GOOD}\nfolder = "../other"', "folder", "counts from the root of the repository"),
        (f'{GOOD}\nassets = "/etc"', "assets", "counts from the root of the repository"),
        (f'{GOOD}\nfolder = "a/.git/b"', "folder", "counts from the root of the repository"),
        (f'{GOOD}\nevery = "1s"', "every", "more often"),
        (f'{GOOD}\ntimeout = "off"', "timeout", "some time"),
        (f'{GOOD}\nuser = "a:b"', "user", "colon"),
        (f"{GOOD}\nuser = 7", "user", "must be a text in quotes"),
    ],
)
def test_these_are_refused(site_config: MakeConfig, source: str, where: str, words: str) -> None:
    (fault,) = faults(site_config, f"[[sources]]\n{source}")
    assert fault.where == f"sources.0.{where}"
    assert words in str(fault)


@pytest.mark.parametrize(
    "source",
    [
        'git = "https://planted-1@forge.example/news.git"',
        'git = "https://me:planted-1@forge.example/news.git"',
        f'{GOOD}\ntoken = "planted-1"',
        f'{GOOD}\npush_secret = "planted-1"',
        f'{GOOD}\ntoken = "env:planted-1"',
        f'{GOOD}\ntoken = ["planted-1"]',
        f'{GOOD}\nuser = "planted-1:x"',
    ],
)
def test_a_secret_in_the_settings_is_refused_and_not_repeated(site_config: MakeConfig, source: str) -> None:
    for fault in faults(site_config, f"[[sources]]\n{source}"):
        assert "planted" not in str(fault)


def test_a_misspelt_setting_is_named_with_the_nearest_one(site_config: MakeConfig) -> None:
    (fault,) = faults(site_config, f'[[sources]]\n{GOOD}\nbrnach = "main"')
    assert (fault.where, fault.remedy) == ("sources.0.brnach", 'Did you mean "branch"?')


def test_a_setting_in_the_wrong_place_is_sent_to_its_table(site_config: MakeConfig) -> None:
    (fault,) = faults(site_config, "", top='branch = "main"')
    assert fault.remedy == "It belongs under [[sources]]."


def test_a_missing_address_says_what_it_is(site_config: MakeConfig) -> None:
    (fault,) = faults(site_config, '[[sources]]\nbranch = "main"')
    assert str(fault).startswith("sources.0.git: is missing. It is the repository's https address")


def test_a_single_table_is_told_to_be_a_list(site_config: MakeConfig) -> None:
    (fault,) = faults(site_config, f"[sources]\n{GOOD}")
    assert str(fault) == "sources: must be a table, written [[sources]]."


def test_one_repository_twice_is_a_fault_but_two_branches_are_not(site_config: MakeConfig) -> None:
    (fault,) = faults(site_config, f"[[sources]]\n{GOOD}\n[[sources]]\n{GOOD}")
    assert fault.where == "sources.1.git"
    two = site_config(sources=f'[[sources]]\n{GOOD}\n[[sources]]\n{GOOD}\nbranch = "other"').sources
    assert two[0].checkout != two[1].checkout


@pytest.mark.parametrize("folder", [".", "var", "var/sources"])
def test_a_checkout_never_lies_in_the_public_folder(site_config: MakeConfig, folder: str) -> None:
    found = faults(site_config, f"[[sources]]\n{GOOD}", feeds=f'folder = "{folder}"')
    assert "feeds.folder" in {fault.where for fault in found}


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://forge.example/team/news.git", "news"),
        ("https://forge.example/team/news/", "news"),
        ("https://forge.example/team/été..git", "t"),
        ("https://forge.example/", "posts"),
        ("https://forge.example/...", "posts"),
    ],
)
def test_the_name_of_a_checkout_is_a_plain_one(address: str, name: str) -> None:
    source = Source(git=address)
    assert source.name.strip("-") == name
    assert source.checkout.parts[:2] == ("var", "sources")
    assert len(source.checkout.parts) == 3
