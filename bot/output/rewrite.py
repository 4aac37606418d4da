"""Replacing a file that a person wrote, when they ask for it: whole or not at all, and only if it is still the same."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from bot.errors import OutputError
from bot.output.temporary import remove, staged, sync_folder


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
