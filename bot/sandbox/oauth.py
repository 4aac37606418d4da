"""OAuth 2 as Mastodon does it: scopes, the token of a request, registered clients, codes and issued tokens.

Sources: config/initializers/doorkeeper.rb, app/lib/application_extension.rb of mastodon/mastodon; RFC 6749, RFC 7636.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count
from secrets import token_urlsafe
from threading import Lock
from typing import TYPE_CHECKING, Final

from bot.sandbox.records import Account, App, Grant
from bot.sandbox.store import Store

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

_READ: Final = "accounts blocks bookmarks favourites filters follows lists mutes notifications search statuses"
_WRITE: Final = (
    "accounts blocks bookmarks conversations favourites filters follows lists "
    "media mutes notifications reports statuses"
)
#: Every scope that a client may ask for.
SCOPES: Final = (
    "read",
    "profile",
    "write",
    "follow",
    "push",
    *(f"read:{name}" for name in _READ.split()),
    *(f"write:{name}" for name in _WRITE.split()),
)
#: The scopes of a client that asks for none.
DEFAULT_SCOPES: Final = ("read",)
#: The scopes of a token that was not issued here.
ALL_SCOPES: Final = ("read", "profile", "write", "follow", "push")


def allows(granted: Collection[str], needed: str) -> bool:
    """Whether one of the granted scopes covers the needed one: "write" covers "write:media"."""
    return needed in granted or needed.partition(":")[0] in granted


def within(wanted: Iterable[str], granted: Iterable[str]) -> bool:
    """Whether everything wanted is granted. ("read" is not within "read:accounts".)"""
    held = tuple(granted)
    return all(allows(held, scope) for scope in wanted)


@dataclass(frozen=True, kw_only=True, slots=True)
class Bearer:
    """A token's account, and what it may do."""

    digest: str  #: of the token; the token itself is never passed on
    account: Account | None  #: None: the token is a client's own
    scopes: tuple[str, ...]
    client_id: str | None = None  #: None: the token was not issued here
    revoked: bool = False


def bearer_token(request: Request) -> str | None:
    """The bearer token of the Authorization header; None if there is none."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() or None if kind.lower() == "bearer" else None


def token_digest(token: str) -> str:
    """The digest by which a token is known here."""
    return sha256(token.encode()).hexdigest()


def identify(token: str, store: Store) -> Bearer:
    """What a token stands for: an issued one has its grant; any other belongs to the account that it names."""
    digest = token_digest(token)
    grant = store.grant(digest)
    if grant is None:
        return Bearer(digest=digest, account=store.account_for_token(token), scopes=ALL_SCOPES)
    return Bearer(
        digest=digest,
        account=store.account(grant.account_id) if grant.account_id else None,
        scopes=grant.scopes,
        client_id=grant.client_id,
        revoked=grant.revoked,
    )


#: The code is shown on a page; the browser is sent nowhere.
OUT_OF_BAND: Final = "urn:ietf:wg:oauth:2.0:oob"
CODE_LIFETIME: Final = timedelta(minutes=10)


class OAuthError(Exception):
    """An error of /oauth/token or /oauth/revoke: status code, error name (RFC 6749 section 5.2), description."""

    def __init__(self, status: int, name: str, description: str) -> None:
        super().__init__(f"{status} {name}: {description}")
        self.status = status
        self.name = name
        self.description = description


@dataclass(frozen=True, kw_only=True, slots=True)
class Code:
    """An authorization code that was not exchanged yet."""

    client_id: str
    account_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    challenge: str  #: of PKCE, S256; empty if the client sent none
    expires: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Issued:
    """A token as the client receives it."""

    token: str
    grant: Grant


class Authority:
    """Registers clients and issues tokens. The store keeps both; codes live in memory, for ten minutes at most."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._codes: dict[str, Code] = {}
        self._lock = Lock()

    def register(
        self, name: str, *, website: str | None, scopes: Sequence[str], redirect_uris: Sequence[str]
    ) -> tuple[App, str]:
        """A new client and its secret, which cannot be read again later."""
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
        """A code for a client that the account's owner has authorized."""
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
        """A token for a code, which can be used once. Raises OAuthError (400)."""
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
        """A token of the client's own, for no account."""
        return self._issue(app, None, tuple(scopes))

    def revoke(self, app: App, token: str) -> None:
        """Revoke a token; an unknown or revoked one is no error. Raises OAuthError (403) for another client's token."""
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
                subject = f"{app.client_id}:{account_id}:{' '.join(sorted(scopes))}:{number}"
                digest = hmac.digest(self._store.seed.encode(), subject.encode(), "sha256")
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
