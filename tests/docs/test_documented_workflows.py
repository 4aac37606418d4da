"""The workflows that docs/ shows: they are sound, have the least rights, and their `announce` commands run."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.sandbox.server import SandboxServer

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/pull-requests.md"
BLOCKS = [
    yaml.safe_load(block)
    for block in re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
]
WORKFLOWS: list[dict[Any, Any]] = [block for block in BLOCKS if "jobs" in block]
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))


def steps_of(workflow: dict[Any, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def triggers(workflow: dict[Any, Any]) -> list[str]:
    on = workflow[True]  # "on" means yes in YAML 1.1
    return [on] if isinstance(on, str) else list(on)


def test_there_are_the_three_workflows() -> None:
    assert [triggers(workflow)[0] for workflow in WORKFLOWS] == ["pull_request", "pull_request", "schedule"]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda it: "-".join(it["jobs"]))
def test_it_has_the_least_rights_and_pastes_nothing_into_scripts(workflow: dict[Any, Any]) -> None:
    assert workflow["permissions"] == {"contents": "read"}
    assert "pull_request_target" not in triggers(workflow)
    for job in workflow["jobs"].values():
        uses = [step.get("uses", "") for step in job["steps"]]
        if "write" in job.get("permissions", {}).values():
            assert job["permissions"] == {"pull-requests": "write"}
            assert not [one for one in uses if "checkout" in one or "announce" in one], "it touches no file of a branch"
            assert "head.repo.full_name == github.repository" in job["if"]
        for step in job["steps"]:
            assert "${{" not in step.get("run", "")
            if "checkout" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False


def test_the_action_is_used_in_few_lines_with_what_it_knows() -> None:
    used = [step for workflow in WORKFLOWS for step in steps_of(workflow) if "/announce@" in step.get("uses", "")]
    assert len(used) == 2
    for step in used:
        assert set(step.get("with", {})) <= set(ACTION["inputs"])
    for workflow in WORKFLOWS[:2]:
        checkout = steps_of(workflow)[0]
        assert checkout["with"]["fetch-depth"] == 0, "the branch's beginning is needed"


def test_the_comment_is_the_file_that_the_action_writes() -> None:
    (run,) = [step["run"] for step in steps_of(WORKFLOWS[1]) if "gh pr comment" in step.get("run", "")]
    words = shlex.split(run)
    name = words[words.index("--body-file") + 1]
    assert f'summary="$RUNNER_TEMP/{name}"' in (ROOT / "action/check.sh").read_text(encoding="utf-8")


def test_the_schedule_avoids_the_full_hour_and_keeps_runs_apart() -> None:
    release = WORKFLOWS[2]
    minutes = release[True]["schedule"][0]["cron"].split()[0].split(",")
    assert "0" not in minutes
    assert release["concurrency"]
    places = {step["with"]["path"] for step in steps_of(release) if "cache" in step.get("uses", "")}
    assert places == {"var"}


def test_its_announce_commands_run(tmp_path: Path) -> None:
    binaries = Path(sys.executable).parent
    for name in ("posts", "config", "assets"):
        shutil.copytree(ROOT / name, tmp_path / name)
    commands = [
        step["run"]
        for workflow in WORKFLOWS
        for step in steps_of(workflow)
        if step.get("run", "").startswith("announce ")
    ]
    assert commands
    with SandboxServer() as server:
        settings = tmp_path / "config/bot.toml"
        text = settings.read_text(encoding="utf-8")
        settings.write_text(text.replace("http://127.0.0.1:3000", server.url), encoding="utf-8")
        for command in commands:
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", command],
                cwd=tmp_path,
                env={**os.environ, "PATH": f"{binaries}:{os.environ['PATH']}", "CI": "true"},
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert done.returncode == 0, done.stdout + done.stderr


def test_the_pre_commit_hook_is_one_that_is_offered() -> None:
    (config,) = [block for block in BLOCKS if "repos" in block]
    wanted = [hook["id"] for repo in config["repos"] for hook in repo["hooks"]]
    assert wanted == [hook["id"] for hook in HOOKS]


def test_the_pre_commit_hook_looks_at_the_files_that_are_committed(tmp_path: Path) -> None:
    """As pre-commit calls a hook: its entry, then the files that fit `files` and `types`, at the repository's top."""
    (hook,) = HOOKS
    assert hook["language"] == "python"
    assert hook["types"] == ["markdown"]
    for name in ("posts", "config", "assets"):
        shutil.copytree(ROOT / name, tmp_path / name)
    broken = tmp_path / "posts/broken.md"
    broken.write_text("---\ntitle: Keynote: the sea\n---\n", encoding="utf-8")
    wanted = re.compile(hook["files"])
    assert not wanted.search("docs/pull-requests.md")
    staged = [name for name in ("posts/broken.md", "posts/schedule.md") if wanted.search(name)]
    assert len(staged) == 2

    def commit(files: list[str]) -> subprocess.CompletedProcess[str]:
        entry = shlex.split(hook["entry"])
        assert entry[0] == "announce"
        command = [sys.executable, "-m", "bot", *entry[1:], *files]
        environ = {**os.environ, "PRE_COMMIT": "1", "PYTHONPATH": str(ROOT)}
        return subprocess.run(
            command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=60, check=False
        )

    done = commit(staged)
    assert done.returncode == 1
    assert "posts/broken.md:2" in done.stdout
    assert commit(["posts/schedule.md"]).returncode == 0
