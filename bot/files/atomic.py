"""Atomic writes: new bytes are synced to a temporary file beside the target, then renamed over it.

A reader sees the complete old or new file, even after a crash or a power cut. Temporary files have recognisable names;
`sweep` removes those that a crash left. `replace_file` raises OSError, for callers with their own messages;
`write_file` and `rewrite` raise errors with messages for the user.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from bot.domain.errors import OutputError, UsageError

_BEFORE, _AFTER = ".announce-", ".tmp"
_MODE: Final = 0o644
#: The mode of files with secrets: private from creation on, with any umask.
PRIVATE: Final = 0o600


def stage_file(target: Path, content: bytes, *, mode: int = _MODE) -> Path:
    """Write and sync the bytes to a temporary file beside the target. Raises OSError."""
    return stage_files([(target, content)], mode=mode)[0]


def stage_files(contents: Iterable[tuple[Path, bytes]], *, mode: int = _MODE) -> list[Path]:
    """Write and sync the bytes of several targets to temporary files beside them: all or none. Raises OSError.

    Writes all files before the first sync, so that the disk can combine the work.
    """
    temporaries: list[Path] = []
    descriptors: list[int] = []
    try:
        for target, content in contents:
            temporary = target.parent / _temporary_name()
            descriptors.append(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode))
            temporaries.append(temporary)
            _write(descriptors[-1], content)
        for descriptor in descriptors:
            os.fsync(descriptor)
    except BaseException:
        for temporary in temporaries:
            remove(temporary)
        raise
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
    return temporaries


def _write(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:  # the system may write only a part
        rest = rest[os.write(descriptor, rest) :]


def _temporary_name() -> str:
    return f"{_BEFORE}{secrets.token_hex(8)}{_AFTER}"


def is_temporary(name: str) -> bool:
    """Whether `sweep` removes a file of this name."""
    return name.startswith(_BEFORE) and name.endswith(_AFTER)


def sweep(folders: Iterable[Path]) -> frozenset[Path]:
    """Remove the temporary files of a crashed run; returns those of the folders that are empty."""
    empty: set[Path] = set()
    for folder in folders:
        try:
            names = os.listdir(folder)
        except OSError:  # what lies in it may be known by name only
            continue
        for name in filter(is_temporary, names):
            remove(folder / name)
        if not names:
            empty.add(folder)
    return frozenset(empty)


def remove(temporary: Path) -> None:
    """Delete a file, ignoring errors: a leftover is harmless, and the next run tries again."""
    with suppress(OSError):
        temporary.unlink()


def sync_folder(folder: Path) -> None:
    """Sync renames in a folder, so that they survive a power cut. Ignores file systems without support for this."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def replace_file(path: Path, content: bytes, *, mode: int = _MODE, exclusive: bool = False) -> None:
    """Replace a file atomically. The folder must exist; the umask applies to `mode`.

    Raises OSError, and then the old file is unchanged; FileExistsError if `exclusive` and the file exists.
    """
    temporary = stage_file(path, content, mode=mode)
    try:
        if exclusive:
            os.link(temporary, path)  # unlike a rename, this fails if the file exists
        else:
            os.replace(temporary, path)
    finally:
        remove(temporary)
    sync_folder(path.parent)


def replace_link(path: Path, target: Path) -> None:
    """Replace a symbolic link atomically. Raises OSError; then the old link is unchanged."""
    temporary = path.with_name(_temporary_name())
    try:
        temporary.symlink_to(target)
        os.replace(temporary, path)
    except BaseException:
        remove(temporary)
        raise
    sync_folder(path.parent)


def write_file(path: Path, content: bytes, *, private: bool = False, replace: bool = True) -> None:
    """Write a file, and create its folders. `private`: only its owner may read it.

    Raises UsageError if it exists and must not be replaced, OutputError if it cannot be written.
    """
    if path.exists() and not replace:
        raise exists_error(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, content, mode=PRIVATE if private else _MODE, exclusive=not replace)
    except FileExistsError:
        raise exists_error(path) from None
    except OSError as error:
        raise _unwritable(path, error) from None


def exists_error(path: Path, *, remedy: str = "Choose another name, or move it away.") -> UsageError:
    """Build the error for a file that already exists."""
    return UsageError(f"{path} is there already; nothing was changed.", remedy=remedy)


def _unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError(f"{path} cannot be written: {error.strerror or error}.", remedy="Fix that, or name another.")


def rewrite(path: Path, *, before: bytes, after: bytes) -> None:
    """Replace the content `before` by `after`; keeps the file's mode, and links to it. Raises OutputError."""
    try:
        target = path.resolve(strict=True)
        if target.read_bytes() != before:
            raise OutputError(f"{path} was changed in the meantime; it stays as it is.", remedy="Try again.")
        was = target.stat()
        temporary = stage_file(target, after)
        try:
            with suppress(PermissionError):  # only root can change the owner
                os.chown(temporary, was.st_uid, was.st_gid)
            os.chmod(temporary, stat.S_IMODE(was.st_mode))
            os.replace(temporary, target)
        except BaseException:
            remove(temporary)
            raise
        sync_folder(target.parent)
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written: {error.strerror or error}.", remedy="It is as it was; see to its permissions."
        ) from error
