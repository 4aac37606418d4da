"""Bytes on their way to a public file: safe on the disk beside it, under a name that is swept up after a crash."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

_BEFORE, _AFTER = ".announce-", ".tmp"
_MODE: Final = 0o644  #: less what the umask takes away


def staged(target: Path, content: bytes, *, mode: int = _MODE) -> Path:
    """The bytes, safe on the disk, in a temporary file beside the target. Raises OSError."""
    temporary = target.with_name(f"{_BEFORE}{secrets.token_hex(8)}{_AFTER}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        remove(temporary)
        raise
    return temporary


def is_temporary(name: str) -> bool:
    """Whether a file of this name is one that is swept up."""
    return name.startswith(_BEFORE) and name.endswith(_AFTER)


def sweep(folders: Iterable[Path]) -> None:
    """Remove the temporary files of a run that died."""
    for folder in folders:
        for leftover in folder.glob(f"{_BEFORE}*{_AFTER}"):
            remove(leftover)


def remove(temporary: Path) -> None:
    """Remove it if that can be done: it harms nobody, and the next run tries again."""
    with suppress(OSError):
        temporary.unlink()


def sync_folder(folder: Path) -> None:
    """Make the renaming itself survive a power cut. A file system that cannot do it has done what it can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
