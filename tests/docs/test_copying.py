"""The ways to a site that docs/hosting.md shows: the line with rsync, and the public folder as an artifact."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from bot.files.public_folder import PublicFolder

HOSTING = Path(__file__).resolve().parents[2] / "docs/hosting.md"


@pytest.mark.needs("rsync")
def test_the_line_with_rsync_copies_what_readers_fetch_and_nothing_of_the_bots_own(tmp_path: Path) -> None:
    found = re.search(r"^rsync .*$", HOSTING.read_text(encoding="utf-8"), re.MULTILINE)
    assert found
    *command, target = shlex.split(found[0])
    assert target.startswith("www@"), "somebody else's machine"
    PublicFolder(tmp_path / "public", gzip=True).write({"news/rss.xml": b"<rss/>", "news/archive/1/rss.xml": b"<rss/>"})
    (tmp_path / "public/news/.announce-left.tmp").write_bytes(b"half")
    (tmp_path / "site/news").mkdir(parents=True)
    subprocess.run([*command, str(tmp_path / "site/news")], cwd=tmp_path, check=True, timeout=60)
    copied = sorted(
        str(path.relative_to(tmp_path / "site")) for path in (tmp_path / "site").rglob("*") if path.is_file()
    )
    assert copied == [
        *("news/archive/1/rss.xml", "news/archive/1/rss.xml.gz"),
        *("news/rss.xml", "news/rss.xml.gz"),
    ]
