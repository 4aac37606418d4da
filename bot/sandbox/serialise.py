"""Statuses, polls and histories as JSON: every field of Mastodon's entities, with its type.

Source: app/serializers/rest/ of mastodon/mastodon. Ids are strings, times have milliseconds, what is absent is null.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from bot.sandbox.cards import card_of
from bot.sandbox.records import Picture, Status, Version
from bot.sandbox.serialise_account import account_entity
from bot.sandbox.serialise_media import media_entity
from bot.sandbox.view import Json, View, moment


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
    # The dialect first: the text of a DELETE stays whatever it lacks or adds.
    return {**view.personality.dialect("status", entity), **said}


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
