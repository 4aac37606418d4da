"""What a look at the folder of posts sees: the states of all files, which are good for nothing but comparing."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from bot.errors import PostError
from bot.posts.listing import FileState, in_order, may_be_post, post_state_of, state_of

#: A file's state; with the digest of its content where the state alone may lie.
State: TypeAlias = FileState | tuple[int, int, int, int, bytes]
#: Equal if nothing has changed; good for nothing but comparing.
Signature: TypeAlias = tuple[tuple[str, State | None], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """The states of the post files and of their pictures at one moment."""

    files: Mapping[str, State] = field(default_factory=dict)  #: in the order of the paths
    pictures: Mapping[str, FileState | None] = field(default_factory=dict)
    closed: tuple[PostError, ...] = ()  #: one for each folder that could not be looked into
    fault: PostError | None = None  #: why nothing at all could be seen

    @property
    def signature(self) -> Signature:
        """What to compare."""
        return (*self.files.items(), *self.pictures.items())


def same(one: Look, other: Look) -> bool:
    """Whether nothing has changed between two looks."""
    return one.files == other.files and one.pictures == other.pictures and (one.fault is None) == (other.fault is None)


def changed_since(look: Look, *, seconds: float) -> bool:
    """Whether a file may have changed so recently, or a clock is wrong."""
    moment = time.time_ns() - int(seconds * 1e9)
    return any(max(state[1], state[2]) > moment for state in look.files.values())


def still_part(agreed: Look, before: Look, now: Look, *, told: Collection[str]) -> Look:
    """What can be acted on while some files do not hold still between two looks.

    A file that changes, or that was told to change between the two, is taken as it was agreed on before; one that is
    new, as not there yet.
    """
    if now.fault is not None or before.fault is not None:
        return agreed
    files: dict[str, State] = {}
    for path in sorted({*agreed.files, *now.files}, key=in_order):
        moves = path in told or before.files.get(path) != now.files.get(path)
        state = (agreed if moves else now).files.get(path)
        if state is not None:
            files[path] = state
    return replace(now, files=files)


def seen_again(since: Look, changed: Collection[str]) -> Look | None:
    """The look as it is if only these paths have changed; None if that takes a look at everything.

    A path that ends in a slash is a folder's. Files that are neither posts nor pictures of posts make no difference.
    """
    if since.fault is not None or since.closed:
        return None
    files, pictures = dict(since.files), dict(since.pictures)
    came = False
    for path in changed:
        folder, name = os.path.split(path)
        if path in pictures:
            pictures[path] = state_of(path)
        elif name and not may_be_post(name):
            continue
        elif name and (path in files or folder in set(map(os.path.dirname, files))):
            state = post_state_of(path)
            came = came or path not in files
            if state is None:
                files.pop(path, None)
            else:
                files[path] = state
        else:
            return None
    if came:
        files = dict(sorted(files.items(), key=lambda file: in_order(file[0])))
    return replace(since, files=files, pictures=pictures)
