"""The commands in README.md and docs/ work as they stand there.

Blocks marked `sh` are run, in their order, in a copy of the worked example with a sandbox at the address in its
settings. Blocks marked `console` hold commands that set up or stay up; those are tested elsewhere or checked here.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from bot.cli import announce
from bot.sandbox.server import SandboxServer

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")], key=lambda page: page.name)


def blocks(page: Path, language: str) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def example(tmp_path: Path) -> Path:
    for name in ("posts", "config", "assets"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return tmp_path


PAGES_TO_RUN = [page for page in PAGES if blocks(page, "sh")]


@pytest.mark.parametrize("page", PAGES_TO_RUN, ids=lambda page: page.name)
def test_its_commands_run(page: Path, example: Path) -> None:
    binaries = Path(sys.executable).parent
    # "source .venv/bin/activate" of a reader is this environment here.
    (example / ".venv/bin").mkdir(parents=True)
    (example / ".venv/bin/activate").write_text(f'PATH="{binaries}:$PATH"\n', encoding="utf-8")
    with SandboxServer() as server:
        settings = example / "config/bot.toml"
        text = settings.read_text(encoding="utf-8")
        assert "http://127.0.0.1:3000" in text
        settings.write_text(text.replace("http://127.0.0.1:3000", server.url), encoding="utf-8")
        for block in blocks(page, "sh"):
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", block],
                cwd=example,
                env={**os.environ, "PATH": f"{binaries}:{os.environ['PATH']}"},
                capture_output=True,
                text=True,
                timeout=60,
                stdin=subprocess.DEVNULL,
                check=False,
            )
            assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"
        if page.name == "README.md":
            assert "sent  my-first-post" in done.stdout


def mentioned() -> set[str]:
    found: set[str] = set()
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        lines = [
            line for language in ("sh", "console") for block in blocks(page, language) for line in block.split("\n")
        ]
        lines += re.findall(r"`(announce [a-z][^`]*)`", text)
        found |= {line.strip() for line in lines if line.strip().startswith("announce ")}
    return found


@pytest.mark.parametrize("line", sorted(mentioned()))
def test_each_mentioned_command_exists_with_its_options(line: str) -> None:
    name, *arguments = shlex.split(line.removeprefix("announce "), comments=True)
    context = click.Context(announce)
    command = announce.get_command(context, name)
    assert command is not None, f"there is no command {name}"
    if isinstance(command, click.Group):
        part = arguments.pop(0)
        command = command.get_command(context, part)
        assert command is not None, f"there is no command {name} {part}"
    known = {option for parameter in command.params for option in parameter.opts}
    assert {argument.partition("=")[0] for argument in arguments if argument.startswith("--")} <= known


def test_the_make_targets_of_the_readme_exist() -> None:
    wanted = set(re.findall(r"^make (\w+)", "\n".join(blocks(ROOT / "README.md", "console")), re.MULTILINE))
    assert wanted == {"run", "test"}
    rules = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert all(re.search(rf"^{name}:", rules, re.MULTILINE) for name in wanted)


def test_links_between_the_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
            if not target.startswith("/"):
                assert (page.parent / target).exists(), f"{page.name}: {target}"
