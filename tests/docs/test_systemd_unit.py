"""The unit of docs/running.md, as systemd reads it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs/running.md"


@pytest.mark.needs("systemd-analyze")
def test_systemd_has_nothing_to_say_about_the_unit(tmp_path: Path) -> None:
    found = re.search(r"^```ini\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert found
    unit = found[1].replace("/srv/announce/.venv/bin/announce", sys.executable)
    assert f"ExecStart={sys.executable} run" in unit
    file = tmp_path / "announce.service"
    file.write_text(unit, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(file)], capture_output=True, text=True, timeout=60, check=False
    )
    # It looks at all units that this one names; what is wrong with those is another's.
    said = [line for line in done.stderr.splitlines() if "announce" in line]
    assert said == []
