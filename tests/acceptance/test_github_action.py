"""The GitHub Action: its steps in bash as the runner runs them, on real repositories as actions/checkout leaves them.

Only setting up Python, and installing into its environment, is pretended: there "announce" is the one under test.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.support.branches import commit, make_branch, seen
from tests.support.git_repositories import git
from tests.support.project import Project
from tests.support.workflow_runner import Ran, Runner

ROOT = Path(__file__).resolve().parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
PULL_REQUEST = {"GITHUB_BASE_REF": "main", "GITHUB_HEAD_REF": "news", "GITHUB_EVENT_NAME": "pull_request"}

#: Makes an environment with an `announce` in it, notes what pip is asked for, and installs nothing.
PYTHON = f"""#!/bin/sh
[ "$1 $2" = "-m venv" ] || exit 9
mkdir -p "$3/bin"
printf '#!/bin/sh\\necho "$@" > "%s/asked"\\n' "$3" > "$3/bin/python"
printf '#!/bin/sh\\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m bot "$@"\\n' > "$3/bin/announce"
chmod +x "$3/bin/python" "$3/bin/announce"
"""

Check = Callable[..., Ran]


@pytest.fixture
def branch(tmp_path: Path) -> Project:
    return make_branch(tmp_path / "site")


@pytest.fixture
def check(branch: Project, tmp_path: Path) -> Check:
    """Commit the branch, check out its merge with `main` as a job has it, and run the action there."""
    python = tmp_path / "python"
    python.write_text(PYTHON, encoding="utf-8")
    python.chmod(0o755)

    def run(environ: dict[str, str] = PULL_REQUEST, *, depth: int = 0, **inputs: str) -> Ran:
        commit(branch)
        workspace = tmp_path / "workspace"
        shallow = [f"--depth={depth}", "--single-branch", "--branch=news"] if depth else []
        git(tmp_path, "clone", "--quiet", *shallow, branch.root.as_uri(), str(workspace))
        git(workspace, "checkout", "--quiet", "--detach", "origin/news")
        runner = Runner(
            action=ROOT,
            workspace=workspace,
            temp=tmp_path / "temp",
            environ=environ,
            uses={"python": {"python-path": str(python)}},
        )
        return runner.run(**inputs)

    return run


def test_a_pull_request_gets_a_summary_annotations_and_a_file_for_a_comment(branch: Project, check: Check) -> None:
    branch.write_post("tickets", "2098-03-02 14:00:00-07:00", title="Tickets are on sale")
    ran = check()
    assert ran.code == 0, ran.log
    assert "1 new post" in seen(ran.summary)
    assert "Tickets are on sale" in ran.summary
    assert "posts/out.md" not in ran.summary
    assert Path(ran.outputs["summary-file"]).read_text(encoding="utf-8") == ran.summary
    (warning,) = [one for one in ran.annotations if "datetime-offset" in one]
    assert warning.startswith("::warning file=posts/tickets.md,line=3,")


def test_pictures_are_shown_from_the_commit_that_is_checked(branch: Project, check: Check) -> None:
    picture = branch.root / "assets/img/wave.png"
    picture.parent.mkdir(parents=True)
    shutil.copyfile(ROOT / "assets/img/news/schedule.png", picture)
    branch.write_post("tickets", "2098-03-02 14:00:00", cover="{url: /assets/img/wave.png, alt: A wave}")
    assert '<img src="https://forge.example/conf/site/raw/0123abc/assets/img/wave.png"' in check().summary


@pytest.mark.parametrize(("fail_on", "code"), [("error", 0), ("warning", 1), ("never", 0)])
def test_warnings_fail_only_where_that_is_selected(branch: Project, check: Check, fail_on: str, code: int) -> None:
    branch.write_post("tickets", "2098-03-02 14:00:00-07:00")
    assert check(fail_on=fail_on).code == code


@pytest.mark.parametrize(("fail_on", "code"), [("error", 1), ("never", 0)])
def test_errors_fail_and_the_summary_is_there_all_the_same(
    branch: Project, check: Check, fail_on: str, code: int
) -> None:
    branch.write("posts/broken.md", "---\ntitle: Keynote: the sea\n---\n")
    ran = check(fail_on=fail_on)
    assert ran.code == code
    assert [line.partition(",")[0] for line in ran.annotations] == ["::error file=posts/broken.md"]
    assert "posts/broken.md" in ran.summary
    assert ran.outputs["summary-file"]


def test_on_a_push_all_posts_are_looked_at(branch: Project, check: Check) -> None:
    branch.write_post("tickets", "2098-03-02 14:00:00")
    ran = check({"GITHUB_EVENT_NAME": "push"})
    assert ran.code == 0, ran.log
    assert "2 posts" in seen(ran.summary)


def test_a_shallow_checkout_is_one_error_that_says_what_to_do(branch: Project, check: Check) -> None:
    branch.write_post("tickets", "2098-03-02 14:00:00")
    ran = check(depth=1)
    assert ran.code == 2
    (line,) = ran.annotations
    assert line.startswith("::error title=announce::")
    assert "fetch-depth: 0" in line
    assert ran.log == f"{line}\n"


def test_several_faults_stay_in_one_line(branch: Project, check: Check) -> None:
    branch.write("config/bot.toml", '[site]\ntitel = "x"\nurl = "100%0A::error::planted"\n')
    ran = check()
    (line,) = ran.annotations
    assert ran.code == 2
    assert line.count("%0Aannounce: ") >= 2
    assert "100%250A::error::planted" in line
    assert ran.log == f"{line}\n"


@pytest.mark.parametrize("name", ['$(touch pwned) `touch pwned`\'"; touch pwned; "', "--help"])
@pytest.mark.parametrize("place", ["changed_since", "config", "fail_on", "base"])
def test_nothing_that_is_given_is_run(branch: Project, check: Check, tmp_path: Path, name: str, place: str) -> None:
    ran = check({"GITHUB_BASE_REF": name}) if place == "base" else check(**{place: name})
    assert ran.code == 2
    assert len(ran.annotations) == 1
    assert not list(tmp_path.rglob("pwned"))


def test_it_installs_its_own_checkout_with_the_versions_that_were_tested(check: Check, tmp_path: Path) -> None:
    check()
    asked = (tmp_path / "temp/announce/asked").read_text(encoding="utf-8").split()
    assert asked[:3] == ["-m", "pip", "install"]
    assert asked[asked.index("--constraint") + 1] == str(ROOT / "constraints.txt")
    assert asked[-1] == str(ROOT)


def test_scripts_hold_no_expressions_and_are_sound() -> None:
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
    for script in (ROOT / "action").glob("*.sh"):
        text = script.read_text(encoding="utf-8")
        assert "${{" not in text
        assert re.search(r"^set -euo pipefail$", text, re.MULTILINE)
        subprocess.run(["bash", "-n", str(script)], check=True, timeout=20)


def test_each_input_is_used_and_told_in_the_docs() -> None:
    steps = yaml.safe_dump(ACTION["runs"])
    page = (ROOT / "docs/pull-requests.md").read_text(encoding="utf-8")
    for name in ACTION["inputs"]:
        assert f"${{{{ inputs.{name} }}}}" in steps
        assert f"| `{name}` |" in page
    assert all(f"`{name}`" in page for name in ACTION["outputs"])
