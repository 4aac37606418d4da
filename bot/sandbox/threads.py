"""What stands around a status: the thread above it and below it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.sandbox.records import Status


@dataclass(frozen=True, kw_only=True, slots=True)
class Around:
    """The ancestors, the oldest first, and the descendants, each thread to its end before the next."""

    ancestors: tuple[Status, ...]
    descendants: tuple[Status, ...]


def thread_around(status: Status, statuses: Sequence[Status]) -> Around:
    """The thread of a status, of those among `statuses` (newest first) that hang together with it."""
    visible = list(reversed(statuses))
    by_id = {one.id: one for one in visible}
    answers: dict[str | None, list[Status]] = {}
    for one in visible:
        answers.setdefault(one.target.in_reply_to_id, []).append(one)
    ancestors: list[Status] = []
    above = by_id.get(status.target.in_reply_to_id or "")
    while above is not None:
        ancestors.insert(0, above)
        above = by_id.get(above.target.in_reply_to_id or "")
    descendants: list[Status] = []
    waiting = list(reversed(answers.get(status.id, [])))
    while waiting:
        one = waiting.pop()
        descendants.append(one)
        waiting += reversed(answers.get(one.id, []))
    return Around(ancestors=tuple(ancestors), descendants=tuple(descendants))
