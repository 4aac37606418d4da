"""The suite on a machine with Python and git alone: tests that lack a program are skipped and named; none fails."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.programs import program

PROJECT = Path(__file__).resolve().parents[2]
#: A test of each way in which a test uses a program, and one that uses git, which is there.
TESTS = [
    "tests/acceptance/test_newsboat.py",
    "tests/acceptance/test_reminders.py",
    "tests/browser/test_timeline_page.py",
    "tests/docs/test_copying.py",
    "tests/docs/test_site_embargo.py::test_without_the_filter_the_check_finds_what_is_to_come",
    "tests/docs/test_systemd_unit.py",
    "tests/unit/integrations/test_alerts.py::test_a_password_is_said_to_a_server_with_a_good_certificate_only",
]
MISSING = [
    "chromium",
    "eleventy",
    "faketime",
    "hugo",
    "jekyll",
    "newsboat",
    "openssl",
    "pelican",
    "rsync",
    "systemd-analyze",
]


def run_tests(bin_folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name != "CI" and not name.startswith("PYTEST_")}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=PROJECT,
        env={**kept, "PATH": str(bin_folder), **environ},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


@pytest.fixture
def bin_folder(tmp_path: Path) -> Path:
    """All of PATH: Python and git."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "python3").symlink_to(sys.executable)
    git = shutil.which("git")
    assert git
    (folder / "git").symlink_to(git)
    return folder


@pytest.mark.timeout(120)
def test_tests_are_skipped_and_the_end_names_the_programs_and_the_remedy(bin_folder: Path) -> None:
    done = run_tests(bin_folder, "-n", "1", *TESTS)
    assert done.returncode == 0, done.stdout + done.stderr
    summary = done.stdout.partition("missing programs")[2].splitlines()
    assert [line.partition(":")[0] for line in summary if line.endswith("not run")] == MISSING
    assert "To install them (Debian, Ubuntu): make programs" in summary
    assert " passed, " in done.stdout, "what needs none of them runs"


def test_in_ci_a_missing_program_is_a_failure(bin_folder: Path) -> None:
    done = run_tests(bin_folder, "tests/docs/test_systemd_unit.py", CI="true")
    assert done.returncode == 1
    assert "systemd-analyze: 1 test not run" in done.stdout
    assert "1 error" in done.stdout


def test_a_test_that_does_not_name_its_program_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AssertionError, match=r'@pytest\.mark\.needs\("rsync"\)'):
        program("rsync")
