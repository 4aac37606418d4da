"""The token of a request, and what stands behind it."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from bot.sandbox.names import username_for
from bot.sandbox.records import Account
from bot.sandbox.scopes import EVERYTHING

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from bot.sandbox.store import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class Bearer:
    """Who a token speaks for, and what it may do."""

    digest: str  #: of the token; the token itself is passed on nowhere
    account: Account | None  #: None: the token is a client's own
    scopes: tuple[str, ...]
    client_id: str | None = None  #: None: the token was invented, not issued
    revoked: bool = False


def bearer_token(request: Request) -> str | None:
    """The bearer token of the Authorization header; None if there is none."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() or None if kind.lower() == "bearer" else None


def token_digest(token: str) -> str:
    """By which a token is known here."""
    return sha256(token.encode()).hexdigest()


def identify(token: str, store: Store) -> Bearer:
    """Who comes with a token: an issued one has its grant; any other belongs to the account that it names."""
    digest = token_digest(token)
    grant = store.grant(digest)
    if grant is None:
        return Bearer(digest=digest, account=store.account_for_token(token), scopes=EVERYTHING)
    return Bearer(
        digest=digest,
        account=store.account(grant.account_id) if grant.account_id else None,
        scopes=grant.scopes,
        client_id=grant.client_id,
        revoked=grant.revoked,
    )


def name_behind(token: str, store: Store) -> str | None:
    """The username behind a token; None for a client's own. No account comes into being."""
    grant = store.grant(token_digest(token))
    if grant is None:
        return username_for(token)
    account = store.account(grant.account_id) if grant.account_id else None
    return account.username if account else None
