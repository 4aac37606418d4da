"""What the machine says of where it stands."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

_LINK: Final = Path("/etc/localtime")
_NAME: Final = Path("/etc/timezone")


def machine_timezone(environ: os._Environ[str] | None = None) -> str:
    """The IANA name of the machine's timezone; empty if it does not say, or says a name that tells nothing."""
    environ = os.environ if environ is None else environ
    names = [environ.get("TZ", "").lstrip(":")]
    with suppress(OSError):
        names.append(_NAME.read_text(encoding="utf-8").strip())
    with suppress(OSError):
        names.append(str(_LINK.resolve()).partition("/zoneinfo/")[2])
    for name in names:
        with suppress(ValueError, OSError, KeyError):
            if "/" in name and not name.startswith("Etc/"):
                return str(ZoneInfo(name).key)
    return ""
