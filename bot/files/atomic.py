"""Atomic files: new bytes are made safe on the disk beside their place, then renamed into it.

A reader sees the old file or the new one, whole, also after a crash or a power cut. What a crash leaves behind has a
name of its own and is swept up. `replace_file` raises OSError, for callers with words of their own; `write_file` and
`rewrite` turn that into errors for people.
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
#: For files with a secret in them: private from their first moment on, whatever the umask.
PRIVATE: Final = 0o600


def staged(target: Path, content: bytes, *, mode: int = _MODE) -> Path:
    """The bytes, safe on the disk, in a temporary file beside the target. Raises OSError."""
    return staged_together([(target, content)], mode=mode)[0]


def staged_together(contents: Iterable[tuple[Path, bytes]], *, mode: int = _MODE) -> list[Path]:
    """The bytes for each target, safe on the disk, in temporary files beside the targets: all or none. Raises OSError.

    All are written before the disk is waited for, which it can then do in one go.
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
    while rest:  # the system may take a part only
        rest = rest[os.write(descriptor, rest) :]


def _temporary_name() -> str:
    return f"{_BEFORE}{secrets.token_hex(8)}{_AFTER}"


def is_temporary(name: str) -> bool:
    """Whether a file of this name is one that is swept up."""
    return name.startswith(_BEFORE) and name.endswith(_AFTER)


def sweep(folders: Iterable[Path]) -> frozenset[Path]:
    """Remove the temporary files of a run that died; returns those of the folders in which nothing lies."""
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
    """Remove it if that can be done: it does no harm, and the next run tries again."""
    with suppress(OSError):
        temporary.unlink()


def sync_folder(folder: Path) -> None:
    """Make changes of names in a folder last through a power cut. A file system that cannot has done what it can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def replace_file(path: Path, content: bytes, *, mode: int = _MODE, exclusive: bool = False) -> None:
    """Put a file in its place, in one step. The folder must exist; `mode` is less what the umask takes away.

    Raises OSError, and then the old file still stands: FileExistsError if `exclusive` and there is one.
    """
    temporary = staged(path, content, mode=mode)
    try:
        if exclusive:
            os.link(temporary, path)  # unlike a renaming it fails where another file has appeared
        else:
            os.replace(temporary, path)
    finally:
        remove(temporary)
    sync_folder(path.parent)


def replace_link(path: Path, target: Path) -> None:
    """Let a symbolic link lead to another target, in one step. Raises OSError; then the old link still stands."""
    temporary = path.with_name(_temporary_name())
    try:
        temporary.symlink_to(target)
        os.replace(temporary, path)
    except BaseException:
        remove(temporary)
        raise
    sync_folder(path.parent)


def write_file(path: Path, content: bytes, *, private: bool = False, replace: bool = True) -> None:
    """Write a file, with its folders. `private`: only its owner may read it.

    Raises UsageError if it is there and is not to be replaced, OutputError if it cannot be written.
    """
    if path.exists() and not replace:
        raise taken(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, content, mode=PRIVATE if private else _MODE, exclusive=not replace)
    except FileExistsError:
        raise taken(path) from None
    except OSError as error:
        raise _unwritable(path, error) from None


def taken(path: Path, *, remedy: str = "Choose another name, or move it away.") -> UsageError:
    """The error for a file that is there already."""
    return UsageError(f"{path} is there already; nothing was changed.", remedy=remedy)


def _unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError(f"{path} cannot be written: {error.strerror or error}.", remedy="Mend that, or name another.")


def rewrite(path: Path, *, before: bytes, after: bytes) -> None:
    """Put `after` in the place of `before`; the file keeps its mode, and a link to it stays one. Raises OutputError."""
    try:
        target = path.resolve(strict=True)
        if target.read_bytes() != before:
            raise OutputError(f"{path} was changed in the meantime; it stays as it is.", remedy="Try again.")
        was = target.stat()
        temporary = staged(target, after)
        try:
            with suppress(PermissionError):  # only its owner, or root, can give it away
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
