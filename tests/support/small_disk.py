"""Disks that are full or read-only, for a folder of a project; each with a stand-in where mounting is not permitted."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.programs import program


class SmallDisk:
    """A disk of its own, mounted at a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """Leave no room at all."""
        with self._ballast.open("ab", buffering=0) as file, suppress(OSError):
            while True:
                file.write(b"\0" * 512)

    def make_room(self) -> None:
        self._ballast.unlink()

    def make_read_only(self, yes: bool) -> None:
        _mount("-o", "remount,ro" if yes else "remount,rw", str(self.folder))


@contextmanager
def small_disk(folder: Path, *, kilobytes: int) -> Iterator[SmallDisk | None]:
    """A small disk at `folder`; None where this process may not mount one."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0 or not _mount("-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)):
        yield None
        return
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _mount(*arguments: str) -> bool:
    try:
        return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def under_permissions(command: list[str]) -> list[str]:
    """Wrap the command so that permission bits apply to it, which root would bypass. The test needs "setpriv"."""
    if os.geteuid() != 0:
        return command
    return [program("setpriv"), "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all", *command]
