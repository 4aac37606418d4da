"""Accounts as JSON: every field of Mastodon's Account and CredentialAccount, with its type.

Source: app/serializers/rest/account_serializer.rb, credential_account_serializer.rb of mastodon/mastodon.
"""

from __future__ import annotations

from bot.sandbox.records import Account
from bot.sandbox.view import Json, View, moment


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
    return view.personality.dialect("account", entity)


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
