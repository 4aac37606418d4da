"""A screenshot of a page by the machine's chromium: headless, without network, with a time limit. Runs a program."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from bot.domain.errors import OutputError, UsageError

PROGRAMS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
TIMEOUT: Final = 60.0  #: seconds for each run
WIDTH: Final = 640  #: CSS pixels
_SCALE: Final = 2  #: device pixels for each CSS pixel
_TALLEST: Final = 8_000  #: CSS pixels; twice as many device pixels are the most that a picture may have
_FLAGS: Final = (
    *("--headless=new", "--disable-gpu", "--no-first-run", "--no-default-browser-check", "--disable-extensions"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars"),
    # The page contains everything it needs; this makes sure that it fetches nothing.
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
#: Measures the page: the browser's command line takes no screenshot of a whole page.
_MEASURE: Final = (
    "<script>addEventListener('load', () => document.documentElement.dataset.height = "
    "Math.ceil(document.documentElement.getBoundingClientRect().height))</script>"
)


def find_browser() -> str:
    """The path of chromium or a relative of it. Raises UsageError if there is none."""
    for name in PROGRAMS:
        found = shutil.which(name)
        if found:
            return found
    raise UsageError(
        "--png: there is no chromium on this machine.",
        remedy="Install it (`apt install chromium`), or write --html FILE and open that in a browser.",
    )


def take_screenshot(html: str, *, browser: str, within: float = TIMEOUT) -> bytes:
    """A PNG of the whole page, in its light colours. Raises OutputError."""
    with tempfile.TemporaryDirectory(prefix="announce-", ignore_cleanup_errors=True) as folder:
        place = Path(folder)
        page, measured, picture = place / "page.html", place / "measured.html", place / "page.png"
        page.write_text(html, encoding="utf-8")
        # The page forbids scripts; the copy that is measured does not.
        free = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", html, count=1)
        measured.write_text(free + _MEASURE, encoding="utf-8")
        dom = _run(browser, place, within, f"--window-size={WIDTH},1000", "--dump-dom", measured.as_uri())
        height = re.search(r'data-height="(\d+)"', dom)
        size = f"--window-size={WIDTH},{min(int(height[1]) if height else 1000, _TALLEST)}"
        shot = (f"--screenshot={picture}", f"--force-device-scale-factor={_SCALE}", size)
        _run(browser, place, within, *shot, page.as_uri())
        if not picture.is_file():
            raise OutputError("--png: the browser made no picture.", remedy="Write --html FILE instead.")
        return picture.read_bytes()


def _run(browser: str, place: Path, within: float, *arguments: str) -> str:
    # Chromium's own sandbox does not start for root, as in a container.
    unsandboxed = ("--no-sandbox",) if os.geteuid() == 0 else ()
    command = [browser, *_FLAGS, *unsandboxed, f"--user-data-dir={place / 'profile'}", *arguments]
    with (place / "output").open("w+b") as output:
        process = subprocess.Popen(  # noqa: S603 — no shell; the page is the bot's own file
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.DEVNULL,
            # It starts many processes, which end together.
            start_new_session=True,
        )
        try:
            process.wait(timeout=within)
        except subprocess.TimeoutExpired:
            raise OutputError(
                f"--png: the browser took longer than {within:.0f} seconds.", remedy="Write --html FILE instead."
            ) from None
        finally:
            with suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        output.seek(0)
        return output.read().decode("utf-8", "replace")
