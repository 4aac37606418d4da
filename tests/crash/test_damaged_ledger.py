"""A ledger file that was damaged while nobody used it: recognised before anything is sent, kept aside, adopted anew."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from tests.crash.conftest import CrashSite, went_out
from tests.support.dying_bot import DyingBots

#: Else some pages, and one kind of damage.
ALL = os.environ.get("POINTS") == "all"
PAGE = 4096
DAMAGES: Final[dict[str, Callable[[bytes], bytes]]] = {
    "zeros": lambda page: bytes(len(page)),
    "other bytes": lambda page: bytes(byte ^ 0x5A for byte in page),
    "its second half": lambda page: page[: PAGE // 2] + bytes(byte ^ 0x5A for byte in page[PAGE // 2 :]),
}

pytestmark = pytest.mark.crash


@pytest.fixture
def used(site: CrashSite, bots: DyingBots) -> bytes:
    """The ledger of a bot that has sent five toots, ended rightly, and has another to send."""
    site.write_posts(5)
    assert bots.live(site.project.root) == 0
    return (site.project.root / "var/ledger.db").read_bytes()


@pytest.mark.parametrize("damage", DAMAGES if ALL else ["its second half"])
def test_a_damaged_page_is_recognised_or_harms_nothing(
    site: CrashSite, bots: DyingBots, used: bytes, damage: str
) -> None:
    root = site.project.root
    site.write_post("new", datetime.now(UTC) - timedelta(seconds=1))
    refused = 0
    for number in range(0, len(used) // PAGE, 1 if ALL else 4):
        begin = number * PAGE
        page = DAMAGES[damage](used[begin : begin + PAGE])
        put(root, used[:begin] + page + used[begin + PAGE :])
        code = bots.live(root)
        slugs = site.slugs()
        assert len(slugs) == len(set(slugs)), f"page {number}: {slugs}"
        log = root / "dying.log"
        words = log.read_text(encoding="utf-8")
        log.unlink()
        if code == 0:
            assert "new" in slugs, f"page {number}: it was lost"
        else:
            refused += 1
            assert "DamagedLedgerError" in words, f"page {number}: {words[-2000:]}"
            assert "announce adopt" in words
    assert refused
    put(root, used)
    assert bots.live(root) == 0
    went_out(site, [*(f"post-{n:03}" for n in range(5)), "new"])


@pytest.mark.parametrize("number", [0, 3, -1] if ALL else [3])
def test_adoption_puts_it_aside_and_takes_over_what_is_there(site: CrashSite, used: bytes, number: int) -> None:
    begin = number * PAGE if number >= 0 else len(used) - PAGE
    damaged = used[:begin] + bytes(byte ^ 0x5A for byte in used[begin : begin + PAGE]) + used[begin + PAGE :]
    put(site.project.root, damaged)
    site.write_post("new", datetime.now(UTC) - timedelta(seconds=1))
    refused = site.project.announce("tick")
    assert refused.returncode == 1
    assert "is damaged" in refused.stderr
    assert "announce adopt" in refused.stderr
    done = site.project.announce("adopt", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 adopted" in done.stdout
    (aside,) = (site.project.root / "var").glob("ledger.db.damaged-*")
    assert aside.read_bytes() == damaged
    assert site.project.announce("tick").returncode == 0
    (site.project.root / "run.log").touch()
    went_out(site, [*(f"post-{n:03}" for n in range(5)), "new"])


def put(root: Path, ledger: bytes) -> None:
    shutil.rmtree(root / "var")
    (root / "var").mkdir()
    (root / "var/ledger.db").write_bytes(ledger)
