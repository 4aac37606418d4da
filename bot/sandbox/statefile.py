"""The state file: one JSON file, and a folder beside it with the bytes of the pictures.

Each change replaces the file in one step, so a reader, and the next start, never sees half of one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from bot.domain.errors import UsageError
from bot.files.atomic import PRIVATE, replace_file
from bot.sandbox.records import State

_STATE: Final = TypeAdapter(State)
_ANEW: Final = "Move it away to begin anew, or name another file with --state FILE."


def load_state(path: Path, *, ids: str) -> State:
    """Read the state; an empty one if there is no such file yet.

    Raises UsageError if it cannot be read, or holds ids of another kind of server.
    """
    try:
        state = _STATE.validate_json(path.read_bytes())
    except FileNotFoundError:
        return State(ids=ids)
    except OSError as error:
        raise UsageError(f"The sandbox's state file {path} cannot be read: {error.strerror}.") from None
    except ValidationError:
        raise UsageError(
            f"{path} is not a state file of the sandbox, or it is damaged.",
            remedy=_ANEW,
        ) from None
    if state.ids != ids:
        raise UsageError(f"{path} was kept by another kind of server: its ids are other ({state.ids}).", remedy=_ANEW)
    return state


def save_state(path: Path, state: State) -> None:
    """Replace the state file. Raises OSError if that fails; the old file then stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, _STATE.dump_json(state, indent=1), mode=PRIVATE)


def media_folder(path: Path) -> Path:
    """The folder of the pictures: beside the state file, `<its name>.media/`."""
    return path.with_name(path.name + ".media")


def save_media(path: Path, name: str, data: bytes) -> None:
    """Write the bytes of one picture. Raises OSError if that fails."""
    folder = media_folder(path)
    folder.mkdir(parents=True, exist_ok=True)
    replace_file(folder / name, data, mode=PRIVATE)


def load_media(path: Path, name: str) -> bytes | None:
    """The bytes of one picture; None if its file is gone."""
    try:
        return (media_folder(path) / name).read_bytes()
    except FileNotFoundError:
        return None


def drop_media(path: Path, name: str) -> None:
    """Delete the bytes of one picture."""
    (media_folder(path) / name).unlink(missing_ok=True)
