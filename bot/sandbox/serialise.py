"""Statuses, polls, accounts, media and link cards as JSON: every field of Mastodon's entities, with its type.

Ids are strings, times have milliseconds, what is absent is null.
Sources: app/serializers/rest/, app/services/fetch_link_card_service.rb of mastodon/mastodon.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from bot.sandbox.media import preview_size
from bot.sandbox.records import Account, Media, Picture, Status, Version
from bot.sandbox.text import Kind
from bot.sandbox.view import Json, View, moment

#: How long after a status or its edit the server has fetched its link card.
CARD_AFTER: Final = timedelta(seconds=10)


def status_entity(status: Status, view: View, *, with_text: bool = False) -> Json:
    """A Status; `with_text` (the answer to a DELETE) has the plain text in place of the HTML."""
    account = view.store.account(status.account_id)
    assert account is not None
    draft, target = status.draft, status.target
    mine = view.viewer is not None and view.viewer.id == account.id
    said = {"text": draft.text} if with_text else {"content": view.content(draft.text)}
    entity = {
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
        "quote_approval": _quote_approval(draft.quote_policy, mine=mine),
        "card": card_of(status, view, now=view.store.clock.now()),
        "poll": poll_entity(status, view),
    }
    # The profile first: the text of a DELETE stays, whatever the profile lacks or adds.
    return {**view.profile.adapt("status", entity), **said}


def poll_entity(status: Status, view: View) -> Json | None:
    """The Poll of a status; None if it has none. Hidden totals are null until the end."""
    question, poll = status.draft.question, status.poll
    if question is None or poll is None:
        return None
    expired = question.expires_at <= view.store.clock.now()
    hidden = question.hide_totals and not expired
    chosen = [place for places in poll.votes.values() for place in places]
    entity: Json = {
        "id": poll.id,
        "expires_at": moment(question.expires_at),
        "expired": expired,
        "multiple": question.multiple,
        "votes_count": len(chosen),
        "voters_count": len(poll.votes),
        "options": [
            {"title": title, "votes_count": None if hidden else chosen.count(place)}
            for place, title in enumerate(question.options)
        ],
        "emojis": [],
    }
    if view.viewer is not None:
        own = poll.votes.get(view.viewer.id, ())
        entity |= {"voted": bool(own) or view.viewer.id == status.account_id, "own_votes": list(own)}
    return entity


def _quote_approval(policy: str, *, mine: bool) -> Json:
    automatic = {"public": ["public"], "followers": ["followers"], "nobody": []}[policy]
    current = "automatic" if mine or policy == "public" else "denied"
    return {"automatic": automatic, "manual": [], "current_user": current}


def _for_viewer(view: View) -> Json:
    if view.viewer is None:
        return {}
    return {"favourited": False, "reblogged": False, "muted": False, "bookmarked": False, "filtered": []}


def _for_author(mine: bool) -> Json:
    return {"pinned": False, "application": {"name": "announce", "website": None}} if mine else {}


def _tags(text: str, view: View) -> list[Json]:
    return [{"name": name, "url": f"{view.base}/tags/{quote(name)}"} for name in view.hashtags(text)]


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
            "poll": {"options": [{"title": title} for title in version.options]} if version.options else None,
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
        options=draft.question.options if draft.question else (),
    )


def _pictures(pictures: Iterable[Picture], view: View) -> Iterable[Json]:
    for picture in pictures:
        media = view.store.media(picture.media_id)
        if media is not None:
            yield media_entity(media, view) | {"description": picture.description}


def account_entity(account: Account, view: View) -> Json:
    own = [status for status in view.store.statuses() if status.account_id == account.id]
    url = f"{view.base}/@{account.username}"
    avatar = f"{view.base}/avatars/{account.username}.svg"
    header = f"{view.base}/headers/{account.username}.svg"
    entity = {
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
    return view.profile.adapt("account", entity)


def display_name(account: Account) -> str:
    """The display name: "news_bot" → "News bot"."""
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
    """An upload; its addresses are null while the server processes it."""
    facts = media.facts
    url = f"{view.base}/media/{media.file_name}" if media.ready else None
    entity = {
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
    return view.profile.adapt("media", entity)


def _shape(width: int, height: int) -> Json:
    return {"width": width, "height": height, "size": f"{width}x{height}", "aspect": width / height}


def card_of(status: Status, view: View, *, now: datetime) -> Json | None:
    """The card of the first web link; None with media, and until CARD_AFTER.

    A real server fetches the page for its title; the sandbox fetches nothing and derives a title from the address.
    """
    draft = status.draft
    if draft.media_ids or now < (status.edited_at or status.created_at) + CARD_AFTER:
        return None
    for entity in view.entities(draft.text):
        if entity.kind is Kind.LINK and entity.name.lower().startswith(("http://", "https://")):
            return _card(entity.name)
    return None


def _card(url: str) -> Json:
    parts = urlsplit(url)
    host = parts.hostname or ""
    slug = unquote(parts.path.rstrip("/").rpartition("/")[2]).replace("-", " ").replace("_", " ")
    return {
        "url": url,
        "title": slug[:1].upper() + slug[1:] or host,
        "description": "",
        "language": "en",
        "type": "link",
        "author_name": "",
        "author_url": "",
        "authors": [],
        "provider_name": host,
        "provider_url": "",
        "html": "",
        "width": 0,
        "height": 0,
        "image": None,
        "image_description": "",
        "embed_url": "",
        "blurhash": None,
        "published_at": None,
    }
