"""Registered clients, codes and tokens: OAuth 2 as Mastodon does it.

Sources: config/initializers/doorkeeper.rb, app/lib/application_extension.rb of mastodon/mastodon; RFC 6749, RFC 7636.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count
from secrets import token_urlsafe
from threading import Lock
from typing import Final

from bot.sandbox.bearer import token_digest
from bot.sandbox.records import Account, App, Grant
from bot.sandbox.store import Store

#: Shows the code on a page instead of sending the browser anywhere.
OUT_OF_BAND: Final = "urn:ietf:wg:oauth:2.0:oob"
CODE_LIFETIME: Final = timedelta(minutes=10)


class OAuthError(Exception):
    """What /oauth/token and /oauth/revoke answer: a status code, a name of RFC 6749 section 5.2, and words."""

    def __init__(self, status: int, name: str, words: str) -> None:
        super().__init__(f"{status} {name}: {words}")
        self.status = status
        self.name = name
        self.words = words


@dataclass(frozen=True, kw_only=True, slots=True)
class Code:
    """An authorization code that waits to be exchanged."""

    client_id: str
    account_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    challenge: str  #: of PKCE, S256; empty if the client sent none
    expires: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Issued:
    """A token as it is told to the client."""

    token: str
    grant: Grant


class Authority:
    """Clients and tokens are kept by the store; codes live in memory, ten minutes at most."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._codes: dict[str, Code] = {}
        self._lock = Lock()

    def register(
        self, name: str, *, website: str | None, scopes: Sequence[str], redirect_uris: Sequence[str]
    ) -> tuple[App, str]:
        """A new client and its secret, which is told only now."""
        secret = token_urlsafe(32)
        app = self._store.add_app(
            lambda app_id: App(
                id=app_id,
                client_id=token_urlsafe(32),
                secret_digest=token_digest(secret),
                name=name,
                website=website,
                scopes=tuple(scopes),
                redirect_uris=tuple(redirect_uris),
            )
        )
        return app, secret

    def client(self, client_id: str, secret: str) -> App:
        """The client with these credentials. Raises OAuthError (401)."""
        app = self._store.app(client_id)
        if app is None or not hmac.compare_digest(app.secret_digest, token_digest(secret)):
            raise OAuthError(401, "invalid_client", "Client authentication failed.")
        return app

    def allow(self, app: App, account: Account, *, redirect_uri: str, scopes: Sequence[str], challenge: str) -> str:
        """A code for a client that the account's owner has agreed to."""
        code = token_urlsafe(32)
        with self._lock:
            self._codes[code] = Code(
                client_id=app.client_id,
                account_id=account.id,
                redirect_uri=redirect_uri,
                scopes=tuple(scopes),
                challenge=challenge,
                expires=self._store.clock.now() + CODE_LIFETIME,
            )
        return code

    def exchange(self, app: App, code: str, *, redirect_uri: str, verifier: str) -> Issued:
        """A token for a code; a code serves once. Raises OAuthError (400)."""
        with self._lock:
            known = self._codes.pop(code, None)
        if (
            known is None
            or known.client_id != app.client_id
            or known.redirect_uri != redirect_uri
            or known.expires <= self._store.clock.now()
            or (known.challenge and challenge_of(verifier) != known.challenge)
        ):
            raise OAuthError(400, "invalid_grant", "The authorization grant is invalid, expired or was used before.")
        return self._issue(app, known.account_id, known.scopes)

    def for_client(self, app: App, scopes: Sequence[str]) -> Issued:
        """A token that speaks for the client alone."""
        return self._issue(app, None, tuple(scopes))

    def revoke(self, app: App, token: str) -> None:
        """Revoke a token; one that is not known, or revoked already, is no error. Raises OAuthError (403)."""
        digest = token_digest(token)
        grant = self._store.grant(digest)
        if grant is None:
            return
        if grant.client_id != app.client_id:
            raise OAuthError(403, "unauthorized_client", "You are not authorized to revoke this token")
        self._store.set_grant(digest, replace(grant, revoked=True))

    def _issue(self, app: App, account_id: str | None, scopes: tuple[str, ...]) -> Issued:
        # The same client, account and scopes get the same token again until it is revoked (`reuse_access_token`).
        # It is derived, because tokens are not kept.
        with self._store.transaction():
            for number in count():
                told = f"{app.client_id}:{account_id}:{' '.join(sorted(scopes))}:{number}"
                digest = hmac.digest(self._store.seed.encode(), told.encode(), "sha256")
                token = base64.urlsafe_b64encode(digest).decode().rstrip("=")
                known = self._store.grant(token_digest(token))
                if known is not None and known.revoked:
                    continue
                grant = known or Grant(
                    client_id=app.client_id, account_id=account_id, scopes=scopes, created_at=self._store.clock.now()
                )
                self._store.set_grant(token_digest(token), grant)
                return Issued(token=token, grant=grant)
        raise AssertionError("count() has no end")


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a PKCE verifier (RFC 7636 section 4.2)."""
    return base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")
