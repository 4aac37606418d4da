"""`announce`, but files in a folder cannot be made while a mark is there: `failing_files.py FOLDER MARK run`.

A stand-in for a full disk where none can be mounted: the error is the one that the system gives (ENOSPC).
"""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import Any

from bot.cli import main

if __name__ == "__main__":
    folder, mark = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    make = os.open

    def make_unless_full(path: Any, flags: int, *args: Any, **options: Any) -> int:
        is_new = bool(flags & os.O_CREAT) and mark.exists()
        if is_new and Path(os.fspath(path)).resolve().is_relative_to(folder):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), os.fspath(path))
        return make(path, flags, *args, **options)

    os.open = make_unless_full
    del sys.argv[1:3]
    main()
