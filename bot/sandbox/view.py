"""How a viewer sees statuses: which ones, with which HTML, mentions and hashtags, and in which thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.sandbox.markup import format_content
from bot.sandbox.profiles import ServerProfile
from bot.sandbox.records import Account, Status
from bot.sandbox.store import Store
from bot.sandbox.text import Entity, Kind, Mention, find_entities, fold_hashtag, mentions_in, resolve_mention

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """Who is reading, through which address, from which kind of server."""

    store: Store
    profile: ServerProfile
    base: str  #: the server's address without a slash at its end
    viewer: Account | None

    def entities(self, text: str) -> list[Entity]:
        return find_entities(text, self.profile)

    def resolve(self, entity: Entity) -> Mention | None:
        return resolve_mention(entity, store=self.store, base=self.base)

    def content(self, text: str) -> str:
        """The HTML of a text, as this kind of server writes it."""
        return format_content(text, self.entities(text), resolve=self.resolve, base=self.base, style=self.profile.html)

    def hashtags(self, text: str) -> list[str]:
        """The hashtags of a text as the server compares them, each once."""
        names = (fold_hashtag(entity.name) for entity in self.entities(text) if entity.kind is Kind.HASHTAG)
        return list(dict.fromkeys(names))

    def mentions(self, text: str) -> list[Mention]:
        """The accounts that a text mentions, each once."""
        found = map(self.resolve, mentions_in(text))
        return list({mention.id: mention for mention in found if mention}.values())


def may_see(status: Status, view: View) -> bool:
    """Whether the viewer may see a status.

    Everyone sees public and unlisted ones; the rest is for the author and the accounts mentioned (there are no
    followers here).
    """
    if status.target.visibility in ("public", "unlisted"):
        return True
    if view.viewer is None:
        return False
    if view.viewer.id == status.account_id:
        return True
    return view.viewer.id in {mention.id for mention in view.mentions(status.draft.text)}


def moment(time: datetime) -> str:
    """RFC 3339 in UTC with milliseconds."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, kw_only=True, slots=True)
class Thread:
    """The ancestors, oldest first, and the descendants, depth first."""

    ancestors: tuple[Status, ...]
    descendants: tuple[Status, ...]


def thread_around(status: Status, statuses: Sequence[Status]) -> Thread:
    """The ancestors and descendants of a status among `statuses` (newest first)."""
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
    return Thread(ancestors=tuple(ancestors), descendants=tuple(descendants))
