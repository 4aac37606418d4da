"""Logging in to an account's server and out of it: the token, and the file that keeps it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.config import Account, Config, token_variable
from bot.config.secrets import (
    Application,
    forget_token,
    read_token,
    store_token,
    stored_application,
    token_file,
)
from bot.domain.clock import SystemClock
from bot.domain.errors import AccountBlockedError, BotError, TransientError, UsageError, WrongAccountError
from bot.publishers.network import AccountAccess, SignIn
from bot.publishers.registry import network_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """A token, and the application that it was issued to."""

    application: Application
    token: str = field(repr=False)
    scopes: tuple[str, ...] = ()  #: granted; empty if the server does not say


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """A login under way: the operator allows the application at `address` and is shown a code."""

    config: Config
    name: str  #: of the account's section in the settings
    account: Account
    server: SignIn
    application: Application
    address: str
    needs: Mapping[str, str]  #: the rights that the application asks for, each with its reason in words


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredToken:
    """Where a token lies, and what the operator should know about that."""

    file: Path  #: relative to the project folder
    environment_wins: bool  #: the environment has a token too, which goes before the file
    earlier: Grant | None  #: the token that the file had before, if this server can revoke it


def find_account(config: Config, name: str) -> Account:
    """The account in the section `name` of the settings. Raises UsageError."""
    if name in config.accounts:
        return config.accounts[name]
    if not config.accounts:
        remedy = f"Add [accounts.main] with `server` and `acct` to {config.path.name}; docs/accounts.md shows how."
        raise UsageError("the settings name no account.", remedy=remedy)
    near = difflib.get_close_matches(name, config.accounts, n=1)
    known = f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(config.accounts)}."
    raise UsageError(f"there is no [accounts.{name}] in the settings.", remedy=known)


@contextmanager
def begin_login(config: Config, name: str) -> Iterator[Login]:
    """Register the bot with the account's server. Raises UsageError, or a PublishError of the server."""
    account = find_account(config, name)
    server = network_of(account).sign_in(account.server, timeout=config.delivery.timeout)
    try:
        try:
            application = server.register(f"announce for {config.site.title}", website=config.site.url)
        except TransientError as error:
            remedy = error.remedy or f"Check `server` in [accounts.{name}], or try again later."
            raise TransientError(f"{account.server}: {error.message}", remedy=remedy) from error
        yield Login(
            config=config,
            name=name,
            account=account,
            server=server,
            application=application,
            address=server.address(application),
            needs=server.needs(application),
        )
    finally:
        server.close()


def exchange_code(login: Login, code: str) -> Grant:
    """Exchange the code for a token. Raises CodeRefusedError if another code may do, else a PublishError."""
    token, scopes = login.server.exchange(login.application, code)
    return Grant(application=login.application, token=token, scopes=scopes)


def verify_grant(login: Login, grant: Grant) -> str:
    """The address of the account that a token is for. Raises a PublishError if the token cannot be used here."""
    account, lacks = login.account, login.server.missing(grant.scopes)
    if lacks:
        raise AccountBlockedError(
            f"the token lacks {lacks}.", remedy="Begin anew, and allow all that the page asks for."
        )
    access = AccountAccess(
        account=account,
        address=account.address(login.name),
        token=grant.token,
        timeout=login.config.delivery.timeout,
        clock=SystemClock(),
    )
    publisher = network_of(account).make_publisher(access)
    try:
        return publisher.verify_account().address
    except WrongAccountError as error:
        raise AccountBlockedError(
            f"you allowed it as @{error.address}, but the settings say {account.acct}.",
            remedy=f"Sign out on the server, sign in as {account.acct} and begin anew; or correct `acct`.",
        ) from None
    finally:
        publisher.close()


def store_grant(login: Login, grant: Grant, *, environ: Mapping[str, str]) -> StoredToken:
    """Keep a token in the account's file. Raises OutputError; then the earlier token is still in place."""
    file = token_file(login.name, login.account)
    path = login.config.root / file
    earlier = _stored_grant(path)
    store_token(path, grant.token, replace(grant.application, scopes=grant.scopes or grant.application.scopes))
    is_same_server = earlier is not None and earlier.application.server == grant.application.server
    return StoredToken(
        file=file,
        environment_wins=_is_in(environ, login.name),
        earlier=earlier if is_same_server else None,
    )


def revoke_grant(login: Login, grant: Grant) -> None:
    """End a token for good. Raises a PublishError."""
    login.server.revoke(grant.application, grant.token)


def revocation_remedy(account: Account) -> str:
    """How a person revokes a token of the account without the bot."""
    return f"Revoke it at {network_of(account).revocation_page(account.server)}."


@dataclass(frozen=True, kw_only=True, slots=True)
class Logout:
    """A token that can be revoked and deleted; `log_out` does it."""

    config: Config
    account: Account
    file: Path  #: relative to the project folder
    grant: Grant | None  #: None: there is no token, so there is nothing to revoke
    in_environment: bool  #: the environment has a token too, perhaps another one


def propose_logout(config: Config, name: str, *, environ: Mapping[str, str]) -> Logout:
    """The token that `announce login` stored. Raises UsageError or BotError if it is none that the bot can revoke."""
    account = find_account(config, name)
    file, in_environment = token_file(name, account), _is_in(environ, name)
    path = config.root / file
    grant = _stored_grant(path)
    if grant is None and read_token(path) is not None:
        raise BotError(
            f"the token in {file} was not made by `announce login`, so only the server can revoke it.",
            remedy=f"{revocation_remedy(account)} Then delete {file}.",
        )
    if grant is None and in_environment:
        raise UsageError(
            f"the token comes from {token_variable(name)}; none is stored here.", remedy=revocation_remedy(account)
        )
    return Logout(config=config, account=account, file=file, grant=grant, in_environment=in_environment)


def log_out(logout: Logout) -> None:
    """Revoke the token, then delete its file. Raises a PublishError or OutputError."""
    assert logout.grant is not None
    application = logout.grant.application
    server = network_of(logout.account).sign_in(application.server, timeout=logout.config.delivery.timeout)
    try:
        server.revoke(application, logout.grant.token)
    finally:
        server.close()
    forget_token(logout.config.root / logout.file)


def _stored_grant(path: Path) -> Grant | None:
    """The token in a file with its application; None if one of them is missing."""
    token = read_token(path)
    application = stored_application(path, token) if token else None
    return Grant(application=application, token=token) if token and application else None


def _is_in(environ: Mapping[str, str], name: str) -> bool:
    return bool(environ.get(token_variable(name), "").strip())
