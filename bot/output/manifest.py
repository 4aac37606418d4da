"""The list of the files that the bot wrote into a public folder: what it may replace and remove."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.errors import OutputError
from bot.output.temporary import staged, sync_folder

#: The name of the list; it lies in the folder itself.
MANIFEST: Final = ".announce-files.json"
MOVE: Final = "Move it away or delete it, or choose another [feeds] folder."
_ABOUT: Final = "The files that announce wrote into this folder, and may replace."


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The list as it was read."""

    names: frozenset[str] = frozenset()
    damage: str = ""  #: why the list cannot be used; empty if all is well


def read_manifest(path: Path) -> Manifest:
    """The list; an empty one if there is none yet. Raises nothing."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return Manifest(damage="it is not a file")
        names = json.loads(path.read_bytes())["files"]
    except FileNotFoundError:
        return Manifest()
    except OSError as error:
        return Manifest(damage=str(error.strerror))
    except (ValueError, TypeError, KeyError, RecursionError):
        return Manifest(damage='it is not JSON with a list of names under "files"')
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return Manifest(damage='"files" in it is not a list of names')
    return Manifest(names=frozenset(names))


def write_manifest(path: Path, names: Iterable[str]) -> None:
    """Replace the list. Raises OutputError and OSError."""
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(path.lstat().st_mode):
            raise OutputError(f"{path}: is not a file, so nothing new was written.", remedy=MOVE)
    text = json.dumps({"about": _ABOUT, "files": sorted(names)}, indent=2, ensure_ascii=True) + "\n"
    os.replace(staged(path, text.encode()), path)
    sync_folder(path.parent)


def stranger(path: Path, manifest: Manifest, list_path: Path) -> OutputError:
    """The error for a file that stands in the way and is not on the list."""
    if not manifest.damage:
        return OutputError(
            f"{path}: a file is there that announce did not write, so it was left as it is.", remedy=MOVE
        )
    return OutputError(
        f"{path}: it may not be announce's own, so it was left as it is: the list of announce's files, "
        f"{list_path}, cannot be used ({manifest.damage}).",
        remedy="If announce wrote the file, delete it: the next run writes it, and the list, anew. "
        "Else move it away, or choose another [feeds] folder.",
    )
