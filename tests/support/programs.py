"""Programs other than Python that tests run. A test names those that it needs: `@pytest.mark.needs("faketime")`.

Where one is missing the test is skipped, or fails if `CI` is set; the run ends with a list of them and the command that
installs them. `program()` refuses what the running test has not named, so that a missing mark is found on a machine
that has every program.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pytest

#: What installs the missing ones. `.ci/install-programs`, which it runs, reads the same list.
INSTALL: Final = "make programs"
LIST: Final = Path(__file__).parents[2] / ".ci/programs.txt"

#: The property of a test's report that names a missing program; pytest-xdist hands properties on to its controller.
MISSING: Final = "missing program"

_named: frozenset[str] = frozenset()


def known_programs() -> frozenset[str]:
    lines = LIST.read_text(encoding="utf-8").splitlines()
    return frozenset(line.split()[0] for line in lines if line and not line.startswith("#"))


def require_programs(item: pytest.Item) -> None:
    """Skip the test, or fail it if `CI` is set, where a program that it names is missing."""
    global _named  # noqa: PLW0603  tests run one after the other
    _named = frozenset(str(name) for mark in item.iter_markers("needs") for name in mark.args)
    unknown = sorted(_named - known_programs())
    if unknown:
        pytest.fail(f"{', '.join(unknown)}: not in {LIST.name}")
    missing = sorted(name for name in _named if shutil.which(name) is None)
    if not missing:
        return
    item.user_properties += [(MISSING, name) for name in missing]
    reason = f"needs {', '.join(missing)} ({INSTALL})"
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def program(name: str) -> str:
    """Where the program is. The running test must have named it."""
    assert name in _named, f'the test runs {name} and does not say so: @pytest.mark.needs("{name}")'
    found = shutil.which(name)
    assert found
    return found


def summary_of(reports: Iterable[pytest.TestReport]) -> list[str]:
    """A line for each missing program and a last one with the remedy; nothing if none is missing."""
    # A file that cannot be collected has a report without properties.
    counts = Counter(
        str(value) for report in reports for key, value in getattr(report, "user_properties", ()) if key == MISSING
    )
    if not counts:
        return []
    lines = [f"{name}: {count} {'test' if count == 1 else 'tests'} not run" for name, count in sorted(counts.items())]
    return [*lines, f"To install them (Debian, Ubuntu): {INSTALL}"]
