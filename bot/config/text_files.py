"""Read the files in `config/` that `bot/compose` needs: templates, and the handles of people named in toots.

This module only reads the files; `bot/compose` parses them and never touches the disk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from bot.config.settings import Config

#: The suffixes of template files: ".txt" opens in any editor, ".j2" is known to editors with Jinja support.
ENDINGS: Final = (".txt", ".j2")


@dataclass(frozen=True)
class TextFile:
    """A text file: its text, or why it cannot be used."""

    path: str  #: the path shown in errors
    text: str = ""
    problem: str = ""  #: why it cannot be used
    remedy: str = ""


@dataclass(frozen=True, kw_only=True)
class TextFiles:
    """The files of all accounts."""

    templates: Mapping[str, Mapping[str, TextFile]]  #: account's name → template's name → its file
    people: TextFile


def read_text_files(config: Config) -> TextFiles:
    """Read the templates of each account and `people.toml`. Raises nothing: see `TextFile.problem`."""
    folder, root = config.templates_folder, config.root
    return TextFiles(
        templates={account: read_templates(folder, account, root=root) for account in config.accounts},
        people=read_people(config.people_file, root=root),
    )


def read_people(path: Path, *, root: Path | None = None) -> TextFile:
    """Read `people.toml`; empty text if the file is missing. Raises nothing."""
    shown = shown_from(root, path)
    try:
        return TextFile(shown, text=path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        return TextFile(shown)
    except (OSError, UnicodeDecodeError):
        return TextFile(shown, problem="cannot be read.", remedy="Save it as UTF-8 text that the bot may read.")


def read_templates(folder: Path, account: str = "", *, root: Path | None = None) -> Mapping[str, TextFile]:
    """Read the templates of an account, by name in lower case without suffix.

    Templates in the account's folder override the shared ones. Raises nothing. Shown paths are relative to `root` if
    they are inside.
    """
    files = _read_folder(folder, root)
    for inner in folder_names(folder):
        if account and inner.lower() == account.lower():
            files |= _read_folder(folder / inner, root)
    return files


def folder_names(folder: Path) -> tuple[str, ...]:
    """The names of the folders in the templates folder; each should be an account's name."""
    return tuple(path.name for path in _listed(folder) if path.is_dir() and path.name[:1] not in "._")


def template_name(name: str) -> str:
    """The template name of a file: "keynote" for "Keynote.txt"."""
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
    """The path for errors: relative to the project root if it is inside."""
    return str(path.relative_to(root) if root is not None and path.is_relative_to(root) else path)


def _read(path: Path, *, shown: str) -> TextFile:
    remedy = "Save it as UTF-8 text that the bot may read."
    try:
        return TextFile(shown, text=path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        return TextFile(shown, problem="is not UTF-8 text.", remedy=remedy)
    except OSError as error:
        return TextFile(shown, problem=f"cannot be read: {error.strerror}.", remedy=remedy)
