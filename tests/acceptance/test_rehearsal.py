"""`announce rehearse` plays the whole season on a pretended clock, against the sandbox."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from tests.support.project import Project


def test_it_goes_from_release_to_release_and_stays_up(project: Project) -> None:
    """The settings that it runs with differ from the file's, which must not end it."""
    now = datetime.now(UTC)
    for number, days in enumerate((10, 40, 90)):
        project.write_post(f"news-{number}", f"{now + timedelta(days=days):%Y-%m-%d 12:00:00}")
    process = project.start("rehearse", "--port", "0")
    end = time.monotonic() + 90
    try:
        while "the season is over" not in project.run_log:
            assert process.poll() is None, project.run_log
            assert time.monotonic() < end, project.run_log
            time.sleep(0.05)
        assert [f"sent  news-{number} " in project.run_log for number in range(3)] == [True] * 3
        time.sleep(0.5)
        assert process.poll() is None, project.run_log
        process.terminate()
        assert process.wait(timeout=20) == 0
    finally:
        process.kill()
