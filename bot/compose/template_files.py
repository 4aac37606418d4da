"""The files of `config/templates/`: which there are, and which of them an account uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

#: How a template's file ends; ".txt" opens in any editor, ".j2" is what editors with Jinja know.
ENDINGS: Final = (".txt", ".j2")


@dataclass(frozen=True)
class TemplateFile:
    """A template as it lies on the disk."""

    path: str
    text: str = ""
    problem: str = ""  #: why it cannot be used
    remedy: str = ""


def read_templates(folder: Path, account: str = "", *, root: Path | None = None) -> Mapping[str, TemplateFile]:
    """The templates for an account by their names, in lower case and without ending.

    Those in the folder of the account's name go before those beside it. Raises nothing: a file that cannot be read is
    told by its `problem`. Their paths count from `root` where they lie inside.
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


def _read_folder(folder: Path, root: Path | None) -> dict[str, TemplateFile]:
    files: dict[str, TemplateFile] = {}
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


def _read(path: Path, *, shown: str) -> TemplateFile:
    remedy = "Save it as UTF-8 text that the bot may read."
    try:
        return TemplateFile(shown, text=path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        return TemplateFile(shown, problem="is not UTF-8 text.", remedy=remedy)
    except OSError as error:
        return TemplateFile(shown, problem=f"cannot be read: {error.strerror}.", remedy=remedy)
