"""A small stand-in for GitHub's runner: the steps of a composite action in bash, with the variables that it sets.

It does what the runner's documentation says of a `run` step (shell "bash": `bash --noprofile --norc -eo pipefail`), of
files for outputs and summaries, and of expressions that name an input or an output. Steps with `uses` are given by the
test.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")


@dataclass
class Ran:
    """The result of an action."""

    code: int
    log: str
    summary: str
    outputs: dict[str, str]

    @property
    def annotations(self) -> list[str]:
        return [line for line in self.log.splitlines() if line.startswith("::")]


@dataclass
class Runner:
    """Runs an action on a checkout."""

    action: Path  #: the folder with action.yml
    workspace: Path
    temp: Path
    environ: Mapping[str, str] = field(default_factory=dict)  #: besides what every job has
    uses: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  #: by step id: outputs of steps with `uses`

    def run(self, **inputs: str) -> Ran:
        action = yaml.safe_load((self.action / "action.yml").read_text(encoding="utf-8"))
        assert action["runs"]["using"] == "composite"
        names = {name.replace("-", "_"): name for name in action["inputs"]}
        given = {name: str(entry.get("default", "")) for name, entry in action["inputs"].items()}
        given |= {names[name]: value for name, value in inputs.items()}
        known = {f"inputs.{name}": value for name, value in given.items()}
        self.temp.mkdir(parents=True, exist_ok=True)
        summary, log, code = self.temp / "summary.md", "", 0
        summary.touch()
        for number, step in enumerate(action["runs"]["steps"]):
            outputs: Mapping[str, str]
            if "uses" in step:
                outputs = self.uses[step["id"]]
            else:
                code, output, outputs = self._step(step, number, known, summary)
                log += output
            known |= {f"steps.{step['id']}.outputs.{name}": value for name, value in outputs.items()}
            if code:
                break
        results = {name: _evaluated(entry["value"], known) for name, entry in action["outputs"].items()}
        return Ran(code=code, log=log, summary=summary.read_text(encoding="utf-8"), outputs=results)

    def _step(
        self, step: Mapping[str, Any], number: int, known: Mapping[str, str], summary: Path
    ) -> tuple[int, str, dict[str, str]]:
        assert step["shell"] == "bash", "a composite action has to say its shell"
        script, output = self.temp / f"step-{number}.sh", self.temp / f"output-{number}"
        script.write_text(_evaluated(step["run"], known), encoding="utf-8")
        output.touch()
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.temp),
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_ACTION_PATH": str(self.action),
            "GITHUB_SERVER_URL": "https://forge.example",
            "GITHUB_REPOSITORY": "conf/site",
            "GITHUB_SHA": "0123abc",
            "GITHUB_BASE_REF": "",
            "GITHUB_STEP_SUMMARY": str(summary),
            "GITHUB_OUTPUT": str(output),
            "RUNNER_TEMP": str(self.temp),
            **self.environ,
            **{name: _evaluated(str(value), known) for name, value in step.get("env", {}).items()},
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.workspace,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        pairs = (line.partition("=") for line in output.read_text(encoding="utf-8").splitlines())
        return done.returncode, done.stdout + done.stderr, {name: value for name, _, value in pairs}


def _evaluated(text: str, known: Mapping[str, str]) -> str:
    # An output that a step has not set is empty, as on GitHub.
    return _EXPRESSION.sub(lambda found: known.get(found[1], ""), text)
