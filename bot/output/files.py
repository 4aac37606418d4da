"""Bytes → disk: public files are replaced as a whole, only when they differ, and only if they are the bot's own."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import secrets
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.errors import OutputError

#: The list of the files that the bot wrote into a folder, kept in that folder.
MANIFEST: Final = ".announce-files.json"

_TEMPORARY: Final = (".announce-", ".tmp")
_MOVE: Final = "Move it away or delete it, or choose another [feeds] folder."
_REMEDIES: Final = {
    errno.ENOSPC: "Make room on the disk; the next run tries again.",
    errno.EDQUOT: "Make room on the disk; the next run tries again.",
    errno.EACCES: "Give the user that runs announce the right to write there.",
    errno.EPERM: "Give the user that runs announce the right to write there.",
    errno.EROFS: "Make the disk writable, or choose another [feeds] folder.",
    errno.ENOTDIR: "A file stands where a folder is needed. " + _MOVE,
    errno.EEXIST: "A file stands where a folder is needed. " + _MOVE,
}


@dataclass(frozen=True, kw_only=True)
class Written:
    """What a write did: the names whose bytes changed, and what could not be written, with the reason."""

    changed: tuple[str, ...] = ()
    faults: tuple[OutputError, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Manifest:
    names: frozenset[str] = frozenset()
    damage: str = ""  #: why the list cannot be used; empty if all is well


class PublicFolder:
    """A folder that is served to the public. Readers see the old bytes of a file or the new ones, never a part.

    Several processes may write into the same folder: one waits for the other.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._manifest = folder / MANIFEST

    def write(self, files: Mapping[str, bytes]) -> Written:
        """Write those of the files whose bytes differ; a fault in one leaves the others.

        `files` is path below the folder, with "/" between its parts → bytes. Files written earlier and not
        named now stay as they are. A file that the bot did not write is not touched, unless it has the same
        bytes already: then it counts as the bot's from now on. Raises nothing that the disk can cause.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with _alone_in(self._folder):
                return self._write(files)
        except OSError as error:
            return Written(faults=(_fault(self._folder, error),))

    def _write(self, files: Mapping[str, bytes]) -> Written:
        faults: list[OutputError] = []
        manifest = self._read_manifest()
        differ: dict[str, bool] = {}
        for name in sorted(files):
            try:
                differ[name] = self._differs(name, files[name], manifest)
            except OutputError as fault:
                faults.append(fault)
            except OSError as error:
                faults.append(_fault(self._folder / name, error))
        _sweep({self._folder} | {(self._folder / name).parent for name in differ})
        unlisted = differ.keys() - manifest.names
        if unlisted:
            try:
                self._write_manifest(manifest.names | unlisted)
            except (OutputError, OSError) as error:
                faults.append(error if isinstance(error, OutputError) else _fault(self._manifest, error))
                differ = {name: True for name in differ if differ[name] and name not in unlisted}
        changed = self._replace({name: files[name] for name in differ if differ[name]}, faults)
        return Written(changed=tuple(changed), faults=tuple(faults))

    def _differs(self, name: str, content: bytes, manifest: _Manifest) -> bool:
        """Whether the file must be written. Raises OutputError if it must not be."""
        path = self._inside(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            mode = path.lstat().st_mode
        except FileNotFoundError:
            return True
        if not stat.S_ISREG(mode):
            what = "a symbolic link" if stat.S_ISLNK(mode) else "something that is no file"
            raise OutputError(f"{path}: {what} is in the file's place, so it was left as it is.", remedy=_MOVE)
        if path.read_bytes() == content:
            return False
        if name not in manifest.names:
            raise self._foreign(path, manifest)
        return True

    def _inside(self, name: str) -> Path:
        """The file's path. Raises OutputError if it would lie outside of the folder, or in a place kept for us."""
        parts = name.split("/")
        if "\0" in name or any(part in ("", ".", "..") for part in parts) or _is_ours_alone(parts[-1]):
            raise OutputError(f'{self._folder}: "{name}" is not a name for a public file, so it was not written.')
        path = self._folder / name
        home, parent = os.path.realpath(self._folder), os.path.realpath(path.parent)
        if parent != home and not parent.startswith(os.path.join(home, "")):
            raise OutputError(
                f"{path}: a symbolic link leads out of {self._folder}, so the file was not written.",
                remedy="Remove the link, or choose another [feeds] folder.",
            )
        return path

    def _foreign(self, path: Path, manifest: _Manifest) -> OutputError:
        if not manifest.damage:
            problem = "a file is there that announce did not write, so it was left as it is."
            return OutputError(f"{path}: {problem}", remedy=_MOVE)
        return OutputError(
            f"{path}: it may not be announce's own, so it was left as it is: the list of announce's files, "
            f"{self._manifest}, cannot be used ({manifest.damage}).",
            remedy="If announce wrote the file, delete it: the next run writes it, and the list, anew. "
            "Else move it away, or choose another [feeds] folder.",
        )

    def _read_manifest(self) -> _Manifest:
        try:
            if not stat.S_ISREG(self._manifest.lstat().st_mode):
                return _Manifest(damage="it is not a file")
            names = json.loads(self._manifest.read_bytes())["files"]
        except FileNotFoundError:
            return _Manifest()
        except OSError as error:
            return _Manifest(damage=str(error.strerror))
        except (ValueError, TypeError, KeyError, RecursionError):
            return _Manifest(damage='it is not JSON with a list of names under "files"')
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            return _Manifest(damage='"files" in it is not a list of names')
        return _Manifest(names=frozenset(names))

    def _write_manifest(self, names: Iterable[str]) -> None:
        """Before the first write of a new name: a crash in between must not make our own file a stranger's."""
        with suppress(FileNotFoundError):
            if not stat.S_ISREG(self._manifest.lstat().st_mode):
                raise OutputError(f"{self._manifest}: is not a file, so nothing new was written.", remedy=_MOVE)
        about = "The files that announce wrote into this folder, and may replace."
        text = json.dumps({"about": about, "files": sorted(names)}, indent=2, ensure_ascii=True) + "\n"
        os.replace(_staged(self._manifest, text.encode()), self._manifest)
        _sync_folder(self._folder)

    def _replace(self, files: Mapping[str, bytes], faults: list[OutputError]) -> list[str]:
        """All are prepared first and put in place together, so that the formats change at nearly one moment."""
        staged: dict[str, Path] = {}
        changed: list[str] = []
        for name, content in files.items():
            try:
                staged[name] = _staged(self._folder / name, content)
            except OSError as error:
                faults.append(_fault(self._folder / name, error))
        for name, temporary in staged.items():
            try:
                os.replace(temporary, self._folder / name)
                changed.append(name)
            except OSError as error:
                faults.append(_fault(self._folder / name, error))
                _remove(temporary)
        for folder in sorted({(self._folder / name).parent for name in changed}):
            _sync_folder(folder)
        return changed


def _staged(target: Path, content: bytes) -> Path:
    """The bytes, safe on the disk, in a temporary file beside the target."""
    before, after = _TEMPORARY
    temporary = target.with_name(f"{before}{secrets.token_hex(8)}{after}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)  # less what the umask takes away
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        _remove(temporary)
        raise
    return temporary


def _is_ours_alone(name: str) -> bool:
    before, after = _TEMPORARY
    return name == MANIFEST or (name.startswith(before) and name.endswith(after))


def _sweep(folders: Iterable[Path]) -> None:
    """Remove the temporary files of a run that died; the lock says that no other run is at work."""
    before, after = _TEMPORARY
    for folder in folders:
        for leftover in folder.glob(f"{before}*{after}"):
            _remove(leftover)


def _remove(temporary: Path) -> None:
    with suppress(OSError):  # it harms nobody, and the next run tries again
        temporary.unlink()


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Hold the folder for this process; the system gives it free when the process dies."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network disks know no such lock; then two runs may repeat work, no more
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    """Make the renaming itself survive a power cut. A file system that cannot do it has done what it can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _fault(path: Path, error: OSError) -> OutputError:
    reason = error.strerror or str(error)
    return OutputError(f"{path}: cannot be written: {reason}.", remedy=_REMEDIES.get(error.errno or 0, ""))
