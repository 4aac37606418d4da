"""How somebody sees things: through which address, as whom, on which kind of server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.compose.hashtags import fold_hashtag
from bot.sandbox.content import Mention
from bot.sandbox.entities import Entity, Kind, find_entities, mentions_in
from bot.sandbox.markup import format_content
from bot.sandbox.mentions import resolve_mention
from bot.sandbox.personality import Personality
from bot.sandbox.records import Account, Status
from bot.sandbox.store import Store

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """Who looks, and from where."""

    store: Store
    personality: Personality
    base: str  #: the server's address without a slash at its end
    viewer: Account | None

    def entities(self, text: str) -> list[Entity]:
        return find_entities(text, self.personality)

    def resolve(self, entity: Entity) -> Mention | None:
        return resolve_mention(entity, store=self.store, base=self.base)

    def content(self, text: str) -> str:
        """The HTML of a text, as this kind of server writes it."""
        return format_content(
            text, self.entities(text), resolve=self.resolve, base=self.base, markup=self.personality.markup
        )

    def hashtags(self, text: str) -> list[str]:
        """The hashtags of a text as the server compares them, each once."""
        names = (fold_hashtag(entity.name) for entity in self.entities(text) if entity.kind is Kind.HASHTAG)
        return list(dict.fromkeys(names))

    def mentions(self, text: str) -> list[Mention]:
        """Whom a text mentions, each once."""
        found = map(self.resolve, mentions_in(text))
        return list({mention.id: mention for mention in found if mention}.values())


def may_see(status: Status, view: View) -> bool:
    """Public and unlisted is for all; the rest for the author and the mentioned (nobody follows anybody here)."""
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
