"""A token that is stored: private, whole, with what revokes it, found again, and out of git."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from bot.config import Account
from bot.config.secrets import (
    Application,
    application_file,
    find_token,
    forget_token,
    may_enter_git,
    read_token,
    store_token,
    stored_application,
    token_file,
)
from bot.domain.errors import OutputError

REAL = Account(server="https://example.social", acct="@conf@example.social")
TOKEN = "S3CRET"
APPLICATION = Application(
    server="https://example.social", client_id="app", client_secret="H1DDEN", scopes=("profile", "write:media")
)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("main", "config/tokens/main.token"),
        ("our conf", "config/tokens/our%20conf.token"),
        ("../../etc/x", "config/tokens/..%2F..%2Fetc%2Fx.token"),
        ("..", "config/tokens/...token"),
    ],
)
def test_the_file_is_in_the_folder_of_tokens_whatever_the_section_is_called(name: str, file: str) -> None:
    assert token_file(name, REAL) == Path(file)


def test_the_settings_may_name_another_file() -> None:
    assert token_file("main", REAL.model_copy(update={"token_file": Path("var/t")})) == Path("var/t")


def test_what_is_stored_is_found_again(tmp_path: Path) -> None:
    path = tmp_path / token_file("main", REAL)
    store_token(path, TOKEN, APPLICATION)
    found = find_token("main", REAL, root=tmp_path, environ={})
    assert (found.value, found.warning, found.place) == (TOKEN, "", "config/tokens/main.token")
    assert stored_application(path, TOKEN) == APPLICATION


def test_nobody_else_can_read_it_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "config/tokens/main.token"
    before = os.umask(0)
    try:
        store_token(path, TOKEN, APPLICATION)
    finally:
        os.umask(before)
    assert [mode(file) for file in (path, application_file(path), path.parent)] == [0o600, 0o600, 0o700]


def test_a_file_that_lay_open_is_replaced_by_a_private_one(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("old")
    path.chmod(0o644)
    store_token(path, TOKEN, APPLICATION)
    assert (path.read_text(), mode(path)) == (f"{TOKEN}\n", 0o600)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["token", "token.app.json"], "and nothing is left over"


def test_a_link_is_replaced_and_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("mine")
    (tmp_path / "token").symlink_to(tmp_path / "elsewhere")
    store_token(tmp_path / "token", TOKEN, APPLICATION)
    assert (tmp_path / "elsewhere").read_text() == "mine"


def test_the_application_of_another_token_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "token"
    store_token(path, TOKEN, APPLICATION)
    assert stored_application(path, "another") is None


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b'{"token": "ab"}', b"null"])
def test_an_application_that_cannot_be_read_is_none(tmp_path: Path, content: bytes) -> None:
    application_file(tmp_path / "token").write_bytes(content)
    assert stored_application(tmp_path / "token", TOKEN) is None


def test_what_is_kept_beside_a_token_does_not_hold_it(tmp_path: Path) -> None:
    store_token(tmp_path / "token", TOKEN, APPLICATION)
    assert TOKEN not in application_file(tmp_path / "token").read_text()


def test_where_nothing_can_be_written_it_says_so_and_shows_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file where a folder is needed")
    with pytest.raises(OutputError, match="cannot be written") as caught:
        store_token(tmp_path / "file" / "token", TOKEN, APPLICATION)
    assert TOKEN not in str(caught.value)
    assert "H1DDEN" not in str(caught.value)


def test_forgetting_leaves_nothing_and_may_be_repeated(tmp_path: Path) -> None:
    path = tmp_path / "token"
    store_token(path, TOKEN, APPLICATION)
    forget_token(path)
    forget_token(path)
    assert list(tmp_path.iterdir()) == []
    assert read_token(path) is None


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, stdin=subprocess.DEVNULL)


@pytest.mark.parametrize(
    ("file", "ignored", "may"),
    [
        ("config/tokens/main.token", "", False),  # the folder is made, and ignores itself
        ("secrets/main.token", "", False),
        ("main.token", "", True),
        ("main.token", "*.token", True),  # its application would still enter
        ("main.token", "*.token*", False),
        ("main.token", "/main.token\n/main.token.app.json", False),
    ],
)
def test_git_is_asked_whether_it_ignores_the_files(tmp_path: Path, file: str, ignored: str, may: bool) -> None:
    git(tmp_path, "init")
    (tmp_path / ".gitignore").write_text(ignored)
    store_token(tmp_path / file, TOKEN, APPLICATION)
    assert may_enter_git(tmp_path / file) is may


def test_a_file_that_git_follows_already_may_enter_it_whatever_is_ignored(tmp_path: Path) -> None:
    git(tmp_path, "init")
    store_token(tmp_path / "main.token", TOKEN, APPLICATION)
    git(tmp_path, "add", "main.token")
    (tmp_path / ".gitignore").write_text("main.token*")
    assert may_enter_git(tmp_path / "main.token")


def test_outside_of_git_nothing_may(tmp_path: Path) -> None:
    store_token(tmp_path / "main.token", TOKEN, APPLICATION)
    assert not may_enter_git(tmp_path / "main.token")
