"""The texts that word a toot, as they lie in `config/`: templates, and the people whom toots may name.

Reading is all that happens here. What the texts mean is known to `bot/compose`, which touches no disk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from bot.config.settings import Config

#: How a template's file ends; ".txt" opens in any editor, ".j2" is what editors with Jinja know.
ENDINGS: Final = (".txt", ".j2")


@dataclass(frozen=True)
class TextFile:
    """A text file that was read, or could not be."""

    path: str  #: as errors show it
    text: str = ""
    problem: str = ""  #: why it cannot be used
    remedy: str = ""


@dataclass(frozen=True, kw_only=True)
class Wording:
    """What was read for all accounts."""

    templates: Mapping[str, Mapping[str, TextFile]]  #: account's name → template's name → its file
    people: TextFile


def read_wording(config: Config) -> Wording:
    """Read the templates of each account and `people.toml`. Raises nothing: a file's `problem` says what is wrong."""
    folder, root = config.templates_folder, config.root
    return Wording(
        templates={account: read_templates(folder, account, root=root) for account in config.accounts},
        people=read_people(config.people_file, root=root),
    )


def read_people(path: Path, *, root: Path | None = None) -> TextFile:
    """Read `people.toml`; an empty text where there is none. Raises nothing."""
    shown = shown_from(root, path)
    try:
        return TextFile(shown, text=path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        return TextFile(shown)
    except (OSError, UnicodeDecodeError):
        return TextFile(shown, problem="cannot be read.", remedy="Save it as UTF-8 text that the bot may read.")


def read_templates(folder: Path, account: str = "", *, root: Path | None = None) -> Mapping[str, TextFile]:
    """The templates for an account by their names, in lower case and without ending.

    Those in the folder of the account's name go before those beside it. Raises nothing. Paths are shown from `root`
    where they lie inside.
    """
    files = _read_folder(folder, root)
    for inner in folder_names(folder):
        if account and inner.lower() == account.lower():
            files |= _read_folder(folder / inner, root)
    return files


def folder_names(folder: Path) -> tuple[str, ...]:
    """The folders in the templates' folder; each should be named like an account."""
    return tuple(path.name for path in _listed(folder) if path.is_dir() and path.name[:1] not in "._")


def template_name(name: str) -> str:
    """The name by which a file is found: "keynote" for "Keynote.txt"."""
    path = Path(name)
    return (path.stem if path.suffix.lower() in ENDINGS else path.name).lower()


def _read_folder(folder: Path, root: Path | None) -> dict[str, TextFile]:
    files: dict[str, TextFile] = {}
    for path in _listed(folder):
        if path.suffix.lower() not in ENDINGS or path.name.startswith("."):
            continue
        name = template_name(path.name)
        file = _read(path, shown=shown_from(root, path))
        if name in files:
            other = Path(files[name].path).name
            file = replace(file, problem=f"there is {other} as well.", remedy="Keep one of them.")
        files[name] = file
    return files


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def shown_from(root: Path | None, path: Path) -> str:
    """A path as errors show it: from the project's root where it lies inside."""
    return str(path.relative_to(root) if root is not None and path.is_relative_to(root) else path)


def _read(path: Path, *, shown: str) -> TextFile:
    remedy = "Save it as UTF-8 text that the bot may read."
    try:
        return TextFile(shown, text=path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        return TextFile(shown, problem="is not UTF-8 text.", remedy=remedy)
    except OSError as error:
        return TextFile(shown, problem=f"cannot be read: {error.strerror}.", remedy=remedy)
