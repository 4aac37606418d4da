"""Planner, compose, feeds and the protocol's decisions touch no disk, database or network when they run."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from tests.support.released_site import ReleasedSite

ROOT = Path(__file__).parents[2]
SEASON = ROOT / "tests/unit/runtime/upgrade"


def test_what_decides_and_renders_reaches_nothing_outside(tmp_path: Path) -> None:
    site = ReleasedSite(tmp_path)
    shutil.copytree(SEASON / "posts", tmp_path / "posts")
    site.write(
        "config/templates/default.txt", "{{ title }} {{ author | with_handle }}\n\n{{ excerpt }}\n\n{{ link }}\n"
    )
    site.write("config/people.toml", '["Ada"]\nmastodon = "@ada@example.social"\n')
    site.ledger_path.parent.mkdir()
    with closing(sqlite3.connect(site.ledger_path)) as db:
        db.executescript((SEASON / "ledger.sql").read_text(encoding="utf-8"))
    ran = subprocess.run(
        [sys.executable, "-m", "tests.support.audited", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    made = re.fullmatch(r"(\d+) released, (\d+) files, (\d+) toots, (\d+) steps\n", ran.stdout)
    assert made is not None, ran.stdout
    assert all(int(count) > 0 for count in made.groups()), ran.stdout


def test_the_watch_sees_what_is_forbidden(tmp_path: Path) -> None:
    """Else the test above could not fail."""
    watched = (
        "import sys, sqlite3, socket, subprocess\n"
        "from pathlib import Path\n"
        "from tests.support.audited import Watch\n"
        "watch = Watch()\n"
        "sys.addaudithook(watch)\n"
        "with watch.on():\n"
        f"    Path({str(tmp_path / 'x')!r}).write_text('x')\n"
        "    sqlite3.connect(':memory:').close()\n"
        "    socket.socket().close()\n"
        "    subprocess.run([sys.executable, '-c', ''])\n"
        "print(sorted({one.split()[0] for one in watch.seen}))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", watched], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    for event in ("open", "sqlite3.connect", "socket.__new__", "subprocess.Popen"):
        assert repr(event) in ran.stdout
