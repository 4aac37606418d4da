"""The token: the environment first, then the private file, then what loopback servers take; it never shows itself."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.config import Account
from bot.config.secrets import Token, find_token

REAL = Account(server="https://example.social", acct="@conf@example.social", token_file=Path("var/token"))
BARE = Account(server="https://example.social", acct="@conf@example.social")
LOCAL = Account(server="http://127.0.0.1:3000")


def write_token(root: Path, content: bytes, *, mode: int = 0o600) -> None:
    (root / "var").mkdir()
    (root / "var/token").write_bytes(content)
    (root / "var/token").chmod(mode)


def test_the_environment_comes_first(tmp_path: Path) -> None:
    write_token(tmp_path, b"from-file\n")
    environ = {"ANNOUNCE_TOKEN_MAIN": " from-environment\n"}
    assert find_token("main", REAL, root=tmp_path, environ=environ) == Token(value="from-environment")


@pytest.mark.parametrize("environ", [{}, {"ANNOUNCE_TOKEN_MAIN": "  "}, {"ANNOUNCE_TOKEN_OTHER": "x"}])
def test_then_the_file_counted_from_the_project(tmp_path: Path, environ: dict[str, str]) -> None:
    write_token(tmp_path, b"from-file\n")
    assert find_token("main", REAL, root=tmp_path, environ=environ) == Token(value="from-file")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"\xff\xfe", "is not a text file"),
    ],
)
def test_an_unusable_file_is_no_token_and_says_why(tmp_path: Path, content: bytes | None, why: str) -> None:
    if content is not None:
        write_token(tmp_path, content)
    found = find_token("main", REAL, root=tmp_path, environ={})
    assert found == Token(trouble=f"ANNOUNCE_TOKEN_MAIN is not set, and var/token {why}")


def test_without_either_there_is_none(tmp_path: Path) -> None:
    found = find_token("main", BARE, root=tmp_path, environ={})
    assert found == Token(trouble="neither the environment variable ANNOUNCE_TOKEN_MAIN nor `token_file` is set")


def test_a_server_on_this_machine_takes_the_sections_name(tmp_path: Path) -> None:
    assert find_token("main", LOCAL, root=tmp_path, environ={}).value == "loopback-main"
    environ = {"ANNOUNCE_TOKEN_MAIN": "given"}
    assert find_token("main", LOCAL, root=tmp_path, environ=environ).value == "given"


@pytest.mark.parametrize(
    ("mode", "is_open"), [(0o600, False), (0o400, False), (0o640, True), (0o604, True), (0o660, True), (0o777, True)]
)
def test_a_file_that_others_can_read_is_used_and_warned_of(tmp_path: Path, mode: int, is_open: bool) -> None:
    write_token(tmp_path, b"S3CRET\n", mode=mode)
    found = find_token("main", REAL, root=tmp_path, environ={})
    assert found.value == "S3CRET"
    assert ("chmod 600 var/token" in found.warning) is is_open


def test_the_file_is_not_looked_at_where_the_environment_has_the_token(tmp_path: Path) -> None:
    write_token(tmp_path, b"S3CRET\n", mode=0o644)
    found = find_token("main", REAL, root=tmp_path, environ={"ANNOUNCE_TOKEN_MAIN": "given"})
    assert found == Token(value="given")


def test_the_value_never_shows(tmp_path: Path) -> None:
    write_token(tmp_path, b"S3CRET\n", mode=0o644)
    found = find_token("main", REAL, root=tmp_path, environ={})
    assert "S3CRET" not in f"{found} {found!r} {found.trouble} {found.warning}"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read any file")
def test_a_file_that_the_bot_may_not_read_is_no_token(tmp_path: Path) -> None:
    write_token(tmp_path, b"S3CRET\n", mode=0o000)
    assert "Permission denied" in find_token("main", REAL, root=tmp_path, environ={}).trouble
