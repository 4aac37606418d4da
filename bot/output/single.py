"""One file that a person asked for: whole or not at all, and never over another by accident."""

from __future__ import annotations

import os
from pathlib import Path

from bot.errors import OutputError, UsageError
from bot.output.temporary import remove, staged, sync_folder


def write_file(path: Path, content: bytes, *, private: bool = False, replace: bool = True) -> None:
    """Write a file, with its folders. `private`: only its owner may read it.

    Raises UsageError if it is there and is not to be replaced, OutputError if it cannot be written.
    """
    if path.exists() and not replace:
        raise taken(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = staged(path, content, mode=0o600 if private else 0o644)
    except OSError as error:
        raise _unwritable(path, error) from None
    try:
        if replace:
            temporary.replace(path)
        else:
            # A link, unlike a renaming, fails where something has come in the meantime.
            os.link(temporary, path)
        sync_folder(path.parent)
    except FileExistsError:
        raise taken(path) from None
    except OSError as error:
        raise _unwritable(path, error) from None
    finally:
        remove(temporary)


def taken(path: Path, *, remedy: str = "Choose another name, or move it away.") -> UsageError:
    """The error for a file that is there already."""
    return UsageError(f"{path} is there already; nothing was changed.", remedy=remedy)


def _unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError(f"{path} cannot be written: {error.strerror or error}.", remedy="Mend that, or name another.")
