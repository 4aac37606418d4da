"""What only a terminal gets: progress on standard error, completion in bash; and that help comes at once."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from bot.sandbox.faults import Fault
from tests.fakes.mastodon_server import FakeMastodon
from tests.support.project import Project


def on_a_terminal(project: Project, *arguments: str) -> tuple[str, str]:
    """Run it with a terminal as standard error; what standard output and the terminal got."""
    terminal, other = pty.openpty()
    environ = {**project.environ, "TERM": "xterm", "TZ": "UTC"}
    process = subprocess.Popen(
        project.command(*arguments),
        cwd=project.root,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=other,
        text=True,
    )
    os.close(other)
    seen = b""
    while process.poll() is None:
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                seen += os.read(terminal, 4096)
            except OSError:  # nobody has the other end any more
                break
    said, _ = process.communicate(timeout=60)
    os.close(terminal)
    return said, seen.decode()


@pytest.fixture
def slow(project: Project, server: FakeMastodon) -> Project:
    server.faults.switch([Fault(on="POST /api/v1/statuses", do="post-then-hang:1.5")])
    project.write_post("one", time.strftime("%Y-%m-%d %H:%M:%S+00:00", time.gmtime()))
    return project


def test_long_work_shows_progress_on_a_terminal_and_takes_it_away(slow: Project) -> None:
    said, seen = on_a_terminal(slow, "tick")
    assert "Releasing and sending" in seen
    assert "Releasing" not in said
    assert "released  one" in said


def test_nothing_of_it_under_quiet_and_in_pipes(slow: Project) -> None:
    _, seen = on_a_terminal(slow, "--quiet", "tick")
    assert seen == ""
    piped = slow.announce("tick")
    assert "Releasing and sending" not in piped.stdout + piped.stderr


def complete(project: Project, words: str, *, at: int) -> list[str]:
    """What bash gets to complete the last of these words, by the script that announce gives it."""
    binaries = Path(sys.executable).parent
    script = subprocess.run(
        [binaries / "announce"],
        env={**os.environ, "_ANNOUNCE_COMPLETE": "bash_source"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    typed = " ".join(f'"{word}"' for word in words.split(" "))
    done = subprocess.run(
        ["bash", "-c", f'{script}\nCOMP_WORDS=({typed}); COMP_CWORD={at}; _announce_completion announce\n'
                       'printf "%s\\n" "${COMPREPLY[@]}"'],
        cwd=project.root,
        env={**os.environ, "PATH": f"{binaries}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )  # fmt: skip
    return done.stdout.split()


def test_bash_completes_commands_options_and_posts(project: Project) -> None:
    project.write_post("tickets", "2199-07-16 06:00:00")
    project.write_post("travel", "2199-07-16 06:00:00")
    project.write("posts/broken.md", "---\nno: [front matter\n")
    assert complete(project, "announce que", at=1) == ["queue"]
    assert "--calendar" in complete(project, "announce queue --c", at=2)
    assert complete(project, "announce preview t", at=2) == ["tickets", "travel"]
    assert complete(project, "announce hold b", at=2) == ["broken"]
    (project.root / "config/bot.toml").write_text("nonsense", encoding="utf-8")
    assert complete(project, "announce preview t", at=2) == []


def test_help_takes_less_than_a_fifth_of_a_second_of_the_processor(tmp_path: Path) -> None:
    """The least of several runs: others may be busy on this machine, and only take time away."""
    spent = []
    for _ in range(7):
        process = psutil.Popen(
            [sys.executable, "-m", "bot", "--help"], cwd=tmp_path, stdout=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )  # fmt: skip
        before = os.times()
        assert process.wait(timeout=60) == 0
        after = os.times()
        spent.append(after.children_user - before.children_user + after.children_system - before.children_system)
    assert min(spent) < 0.2, spent
