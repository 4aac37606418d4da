"""Who is meant by a mention.

A mention of an account of this sandbox is that account; any other local one is plain text. A real server asks other
servers about theirs; the sandbox asks nobody and takes it that every account elsewhere exists.
"""

from __future__ import annotations

from hashlib import sha256
from urllib.parse import urlsplit

from bot.sandbox.content import Mention
from bot.sandbox.entities import Entity, mentions_in
from bot.sandbox.store import Store


def resolve_mention(entity: Entity, *, store: Store, base: str) -> Mention | None:
    """The account that a mention means; None if it is to stay plain text."""
    if entity.domain and not _is_here(entity.domain, base):
        domain = entity.domain.lower()
        acct = f"{entity.name}@{domain}"
        number = int(sha256(acct.lower().encode()).hexdigest()[:12], 16)
        return Mention(id=str(number), username=entity.name, acct=acct, url=f"https://{domain}/@{entity.name}")
    account = store.account_named(entity.name)
    if account is None:
        return None
    return Mention(id=account.id, username=account.username, acct=account.username, url=f"{base}/@{account.username}")


def shorten_local_mentions(text: str, *, store: Store, base: str) -> str:
    """Rewrite `@name@this.server` to `@name`, as Mastodon stores it (app/services/process_mentions_service.rb)."""
    for entity in reversed(list(mentions_in(text))):
        if _is_here(entity.domain, base) and store.account_named(entity.name) is not None:
            text = f"{text[: entity.start]}@{entity.name}{text[entity.end :]}"
    return text


def _is_here(domain: str, base: str) -> bool:
    return domain.lower() == urlsplit(base).hostname
