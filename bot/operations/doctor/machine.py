"""Versions, timezone data, folders and disk: what is known without the settings, and of the places they name."""

from __future__ import annotations

import os
import platform
import re
import shutil
import zoneinfo
from collections.abc import Iterator
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import yaml

from bot import __version__
from bot.config import Config
from bot.ledger import DATABASE
from bot.operations.doctor.report import DoctorLine, note, ok, problem

_LIBRARIES: Final = ("Mastodon.py", "httpx", "pydantic", "lxml", "pillow", "APScheduler")
#: Rules of summer time change every year somewhere.
_OLD_RULES: Final = 2
_LITTLE_ROOM: Final = 200 * 1024 * 1024  #: bytes


def versions(today: date) -> Iterator[DoctorLine]:
    """The program, what it runs on, and its data of timezones."""
    group = "versions"
    system = f"{platform.system()} {platform.release()}"
    yield ok(group, f"announce {__version__}, Python {platform.python_version()}, {DATABASE}")
    yield ok(group, f"on {system} ({platform.machine()})")
    yield ok(group, ", ".join(f"{name} {_version_of(name)}" for name in _LIBRARIES))
    if hasattr(yaml, "CSafeLoader"):
        yield ok(group, f"PyYAML {yaml.__version__} with libyaml")
    else:
        yield note(group, f"PyYAML {yaml.__version__} without libyaml: posts are read several times slower")
    version, place = timezone_data()
    year = re.match(r"\d{4}", version)
    if year and int(year[0]) <= today.year - _OLD_RULES:
        remedy = "Update the system's package tzdata, or `pip install --upgrade tzdata`."
        yield problem(group, f"timezone data {version} {place}: summer times may have changed since", remedy)
    else:
        yield ok(group, f"timezone data {version or 'of an unknown version'} {place}")


def _version_of(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def timezone_data() -> tuple[str, str]:
    """The version of the timezone rules in use, such as "2026b", and whose they are."""
    for folder in zoneinfo.TZPATH:
        if not Path(folder, "UTC").exists():
            continue
        for name, pattern in (("tzdata.zi", r"# version (\S+)"), ("+VERSION", r"(\S+)")):
            try:
                with Path(folder, name).open(encoding="utf-8") as file:
                    found = re.match(pattern, file.readline())
            except OSError:
                continue
            if found:
                return found[1], "of the system"
        return "", "of the system"
    version = _version_of("tzdata")
    return version, "of the package tzdata"


def folders(config: Config) -> Iterator[DoctorLine]:
    """The folders that the settings name, what may be done there, and the room on their disks."""
    group = "folders"
    if config.posts_folder.is_dir():
        yield _may(config, "posts", config.posts_folder, os.R_OK | os.X_OK, "read")
    elif config.sources:
        yield ok(group, "posts: from repositories only")
    else:
        remedy = "Check [site] posts in the settings, or make the folder."
        yield problem(group, f"posts: there is no folder {_relative_path(config, config.posts_folder)}", remedy)
    if not config.assets_folder.is_dir():
        remedy = "Check [site] assets in the settings."
        yield problem(group, f"pictures: there is no folder {_relative_path(config, config.assets_folder)}", remedy)
    for name, folder in (("feeds", config.public_folder), ("ledger", config.state_folder)):
        yield _may(config, name, _there(folder), os.W_OK | os.X_OK, "written to")
    places = {_there(folder) for folder in (config.public_folder, config.state_folder)}
    free = min(shutil.disk_usage(place).free for place in places)
    words = f"{free / 1024**3:.1f} GB free on the disk" if free >= 1024**3 else f"{free // 1024**2} MB free on the disk"
    yield ok(group, words) if free >= _LITTLE_ROOM else problem(group, words, "Make room: nothing can be kept without.")


def _may(config: Config, name: str, folder: Path, right: int, word: str) -> DoctorLine:
    shown = _relative_path(config, folder)
    if os.access(folder, right):
        return ok("folders", f"{name}: {shown} can be {word}")
    remedy = f"Change the owner or the rights of {shown}."
    return problem("folders", f"{name}: {shown} cannot be {word} by this user", remedy)


def _there(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next((one for one in (folder, *folder.parents) if one.exists()), Path("/"))


def _relative_path(config: Config, path: Path) -> str:
    """From the project's folder; other paths could name the operator."""
    if not path.is_relative_to(config.root):
        return f".../{path.name}"
    return str(path.relative_to(config.root))
