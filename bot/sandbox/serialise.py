"""Records → the JSON of the API: every field of Mastodon's entities, with its type.

Source: app/serializers/rest/ of mastodon/mastodon. Ids are strings, times have milliseconds, what is absent is null.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from bot.compose.hashtags import fold_hashtag
from bot.sandbox.content import Mention, format_content
from bot.sandbox.entities import Entity, Kind, find_entities, mentions_in
from bot.sandbox.images import preview_size
from bot.sandbox.mentions import resolve_mention
from bot.sandbox.personality import Personality
from bot.sandbox.records import Account, Media, Picture, Status, Version
from bot.sandbox.store import Store

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """How somebody sees things: through which address, and as whom."""

    store: Store
    personality: Personality
    base: str  #: the server's address without a slash at its end
    viewer: Account | None

    def entities(self, text: str) -> list[Entity]:
        return find_entities(text, self.personality)

    def resolve(self, entity: Entity) -> Mention | None:
        return resolve_mention(entity, store=self.store, base=self.base)

    def content(self, text: str) -> str:
        return format_content(text, self.entities(text), resolve=self.resolve, base=self.base)

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


def account_entity(account: Account, view: View) -> Json:
    own = [status for status in view.store.statuses() if status.account_id == account.id]
    url = f"{view.base}/@{account.username}"
    avatar = f"{view.base}/avatars/{account.username}.svg"
    header = f"{view.base}/headers/{account.username}.svg"
    return {
        "id": account.id,
        "username": account.username,
        "acct": account.username,
        "display_name": display_name(account),
        "locked": False,
        "bot": True,
        "discoverable": False,
        "indexable": False,
        "group": False,
        "created_at": moment(account.created_at.replace(hour=0, minute=0, second=0, microsecond=0)),
        "note": "",
        "url": url,
        "uri": f"{view.base}/users/{account.username}",
        "avatar": avatar,
        "avatar_static": avatar,
        "header": header,
        "header_static": header,
        "followers_count": 0,
        "following_count": 0,
        "statuses_count": len(own),
        "last_status_at": own[0].created_at.date().isoformat() if own else None,
        "hide_collections": None,
        "noindex": False,
        "emojis": [],
        "roles": [],
        "fields": [],
    }


def display_name(account: Account) -> str:
    """A name for people: "news_bot" → "News bot"."""
    words = account.username.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def credential_entity(account: Account, view: View) -> Json:
    source = {
        "privacy": "public",
        "sensitive": False,
        "language": None,
        "note": "",
        "fields": [],
        "follow_requests_count": 0,
        "quote_policy": "public",
    }
    role = {"id": "-99", "name": "", "permissions": "0", "color": "", "highlighted": False}
    return {**account_entity(account, view), "source": source, "role": role}


def media_entity(media: Media, view: View, *, description: str | None = None) -> Json:
    facts = media.facts
    url = f"{view.base}/media/{media.file_name}"
    return {
        "id": media.id,
        "type": "gifv" if facts.animated else "image",
        "url": url,
        "preview_url": url,
        "remote_url": None,
        "preview_remote_url": None,
        "text_url": None,
        "meta": {
            "focus": {"x": media.focus[0], "y": media.focus[1]},
            "original": _shape(facts.width, facts.height),
            "small": _shape(*preview_size(facts.width, facts.height)),
        },
        "description": media.description if description is None else description,
        "blurhash": None,
    }


def _shape(width: int, height: int) -> Json:
    return {"width": width, "height": height, "size": f"{width}x{height}", "aspect": width / height}


def status_entity(status: Status, view: View, *, with_text: bool = False) -> Json:
    """A Status; `with_text` (the answer to a DELETE) has the plain text in place of the HTML."""
    account = view.store.account(status.account_id)
    assert account is not None
    draft, target = status.draft, status.target
    mine = view.viewer is not None and view.viewer.id == account.id
    said = {"text": draft.text} if with_text else {"content": view.content(draft.text)}
    return {
        "id": status.id,
        "created_at": moment(status.created_at),
        "in_reply_to_id": target.in_reply_to_id,
        "in_reply_to_account_id": target.in_reply_to_account_id,
        "sensitive": draft.sensitive,
        "spoiler_text": draft.spoiler_text,
        "visibility": target.visibility,
        "language": draft.language,
        "uri": f"{view.base}/users/{account.username}/statuses/{status.id}",
        "url": f"{view.base}/@{account.username}/{status.id}",
        "replies_count": sum(other.target.in_reply_to_id == status.id for other in view.store.statuses()),
        "reblogs_count": 0,
        "favourites_count": 0,
        "quotes_count": 0,
        "edited_at": moment(status.edited_at) if status.edited_at else None,
        **said,
        "reblog": None,
        **_for_viewer(view),
        **_for_author(mine),
        "account": account_entity(account, view),
        "media_attachments": [media_entity(media, view) for media in view.store.media_of(status)],
        "mentions": [
            {"id": one.id, "username": one.username, "url": one.url, "acct": one.acct}
            for one in view.mentions(draft.text)
        ],
        "tags": _tags(draft.text, view),
        "emojis": [],
        "quote": None,
        "quote_approval": {"automatic": ["public"], "manual": [], "current_user": "automatic"},
        "card": None,
        "poll": None,
    }


def _for_viewer(view: View) -> Json:
    if view.viewer is None:
        return {}
    return {"favourited": False, "reblogged": False, "muted": False, "bookmarked": False, "filtered": []}


def _for_author(mine: bool) -> Json:
    return {"pinned": False, "application": {"name": "announce", "website": None}} if mine else {}


def _tags(text: str, view: View) -> list[Json]:
    names = [fold_hashtag(entity.name) for entity in view.entities(text) if entity.kind is Kind.HASHTAG]
    return [{"name": name, "url": f"{view.base}/tags/{quote(name)}"} for name in dict.fromkeys(names)]


def history_entity(status: Status, view: View) -> list[Json]:
    """The versions of a status, the oldest first; one entry if it was never edited."""
    account = view.store.account(status.account_id)
    assert account is not None
    return [
        {
            "content": view.content(version.text),
            "spoiler_text": version.spoiler_text,
            "sensitive": version.sensitive,
            "created_at": moment(version.created_at),
            "account": account_entity(account, view),
            "poll": None,
            "quote": None,
            "media_attachments": list(_pictures(version.pictures, view)),
            "emojis": [],
        }
        for version in status.versions or (_only_version(status, view),)
    ]


def _only_version(status: Status, view: View) -> Version:
    draft = status.draft
    media = view.store.media_of(status)
    return Version(
        created_at=status.created_at,
        text=draft.text,
        spoiler_text=draft.spoiler_text,
        sensitive=draft.sensitive,
        pictures=tuple(Picture(media_id=item.id, description=item.description) for item in media),
    )


def _pictures(pictures: Iterable[Picture], view: View) -> Iterable[Json]:
    for picture in pictures:
        media = view.store.media(picture.media_id)
        if media is not None:
            yield media_entity(media, view) | {"description": picture.description}
