"""`announce adopt`: a new ledger takes over what the account already shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.support.project import Project, Timeline


def ago(**span: float) -> str:
    return f"{datetime.now(UTC) - timedelta(**span):%Y-%m-%d %H:%M:%S+00:00}"


def lose_ledger(project: Project) -> None:
    for path in (project.root / "var").iterdir():
        path.unlink()


def test_a_lost_ledger_is_filled_again_and_old_toots_can_be_taken_back(project: Project, timeline: Timeline) -> None:
    project.write_post("one", ago(minutes=1))
    assert project.announce("tick").returncode == 0
    lose_ledger(project)
    # Long ago by now, so no tick would look for it.
    long_ago = ago(days=30)
    project.write_post("one", long_ago)
    done = project.announce("adopt", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "adopted  one" in done.stdout
    assert len(timeline()) == 1
    assert "0 adopted" in project.announce("adopt", "--yes").stdout, "safe to repeat"

    project.write_post("one", long_ago, withdrawn="true")
    assert project.announce("tick").returncode == 0
    assert timeline() == []


def test_a_damaged_ledger_is_put_aside_and_nothing_is_sent(project: Project, timeline: Timeline) -> None:
    project.write_post("one", ago(minutes=1))
    assert project.announce("tick").returncode == 0
    lose_ledger(project)
    (project.root / "var/ledger.db").write_bytes(b"this is no ledger " * 500)
    refused = project.announce("tick")
    assert refused.returncode == 1
    assert "announce adopt" in refused.stderr

    asked = project.announce("adopt")
    assert asked.returncode == 2
    assert "Use --yes" in asked.stderr
    done = project.announce("adopt", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    (aside,) = (project.root / "var").glob("ledger.db.damaged-*")
    assert aside.read_bytes().startswith(b"this is no ledger")
    assert "adopted  one" in done.stdout
    assert project.announce("tick").returncode == 0
    assert len(timeline()) == 1


def test_an_account_that_cannot_be_read_adopts_nothing(project: Project) -> None:
    settings = project.root / "config/bot.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace(project.server, "http://127.0.0.1:9"))
    project.write_post("one", ago(minutes=1))
    done = project.announce("adopt", "--yes")
    assert done.returncode == 2
    assert "cannot be read" in done.stderr
