"""The command that gets a token for an account: login."""

from __future__ import annotations

import difflib
import functools
import os
import sys
import webbrowser
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import click

from bot.cli.common import with_settings
from bot.config import Account, Config, token_variable
from bot.config.secrets import (
    Application,
    may_enter_git,
    read_token,
    store_token,
    stored_application,
    token_file,
)
from bot.domain.clock import SystemClock
from bot.domain.errors import AccountBlockedError, CodeRefusedError, PublishError, UsageError, WrongAccountError
from bot.publishers.network import AccountAccess, SignIn
from bot.publishers.registry import network_of

Emit = Callable[[str], object]

_TRIES: Final = 5
account_argument = click.argument("name", metavar="ACCOUNT")


@click.command()
@with_settings
@account_argument
@click.option("--no-browser", is_flag=True, help="Only print the address, open nothing.")
@click.option("--print", "to_print", is_flag=True, help="Print the token for a CI secret; store nothing.")
def login(config: Config, name: str, no_browser: bool, to_print: bool) -> None:
    """Get a token for an account of the settings.

    ACCOUNT is the section's name: "main" for [accounts.main].
    """
    account = account_of(config, name)
    # With --print the token is all that standard output gets.
    emit = functools.partial(click.echo, err=to_print)
    server = network_of(account).sign_in(account.server, timeout=config.delivery.timeout)
    try:
        application = server.register(f"announce for {config.site.title}", website=config.site.url)
        address = server.address(application)
        _invite(account, server.needs(application), address, emit)
        if not no_browser:
            _open_browser(address)
        token, granted = _exchange(server, application, emit, to_err=to_print)
        done = False
        try:
            _check(config, name, token, lacks=server.missing(granted))
            earlier = None
            if to_print:
                _print_token(name, token, emit)
            else:
                earlier = _store(config, name, token, replace(application, scopes=granted or application.scopes))
            done = True
        finally:
            # Whatever went wrong, a Ctrl-C too: no token stays alive that nobody has.
            if not done:
                _undo(server, application, token, account)
        if not to_print:
            _tell_of_the_file(config, name)
        if earlier is not None:
            _revoke_earlier(server, *earlier, account)
    finally:
        server.close()


def account_of(config: Config, name: str) -> Account:
    if name in config.accounts:
        return config.accounts[name]
    if not config.accounts:
        raise UsageError("the settings name no account.", remedy=_addaccount_of(config))
    near = difflib.get_close_matches(name, config.accounts, n=1)
    known = f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(config.accounts)}."
    raise UsageError(f"there is no [accounts.{name}] in the settings.", remedy=known)


def _addaccount_of(config: Config) -> str:
    return f"Add [accounts.main] with `server` and `acct` to {config.path.name}; docs/accounts.md shows how."


def _invite(account: Account, needs: Mapping[str, str], address: str, emit: Emit) -> None:
    emit(f"1. In your browser, sign in to {account.server}" + (f" as {account.acct}." if account.acct else "."))
    emit("2. Open this address there and allow what it asks for:\n")
    emit(f"   {address}\n")
    for scope, why in needs.items():
        emit(f"   {scope:<16} {why}")
    emit("\n3. Copy the code that it shows, and put it in here.")


def _open_browser(address: str) -> None:

    has_display = sys.platform in ("darwin", "win32") or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
    if has_display and sys.stdin.isatty() and sys.stderr.isatty():
        webbrowser.open(address)


def _exchange(server: SignIn, application: Application, emit: Emit, *, to_err: bool) -> tuple[str, tuple[str, ...]]:
    for left in reversed(range(_TRIES)):
        try:
            pasted: str = click.prompt("Code", err=to_err)
        except click.Abort:
            if sys.stdin.isatty():
                raise
            raise UsageError("no code was given; nothing is stored.", remedy="Run it in a terminal.") from None
        try:
            return server.exchange(application, pasted)
        except CodeRefusedError as error:
            if left:
                emit(f"{error.message} The same address gives a new one.")
    raise AccountBlockedError(f"{_TRIES} codes were not accepted; nothing is stored.", remedy="Begin anew.")


def _check(config: Config, name: str, token: str, *, lacks: str) -> None:
    """Whose token it is; `lacks` says what it may not do. Raises a PublishError if it cannot be used."""
    account = config.accounts[name]
    if lacks:
        raise AccountBlockedError(
            f"the token lacks {lacks}.", remedy="Begin anew, and allow all that the page asks for."
        )
    access = AccountAccess(
        account=account,
        address=account.address(name),
        token=token,
        timeout=config.delivery.timeout,
        clock=SystemClock(),
    )
    publisher = network_of(account).make_publisher(access)
    try:
        address = publisher.verify_account().address
    except WrongAccountError as error:
        raise AccountBlockedError(
            f"you allowed it as @{error.address}, but the settings say {account.acct}.",
            remedy=f"Sign out on the server, sign in as {account.acct} and begin anew; or correct `acct`.",
        ) from None
    finally:
        publisher.close()
    click.echo(f"This is @{address}.", err=True)
    if account.acct is None:
        click.echo(f'Add to [accounts.{name}] in the settings:  acct = "@{address}"', err=True)


def _print_token(name: str, token: str, emit: Emit) -> None:

    emit(f"Put this into your CI's secrets as {token_variable(name)}. It is shown once and stored nowhere:")
    click.echo(token)


def _store(config: Config, name: str, token: str, application: Application) -> tuple[Application, str] | None:
    """Keep the token; returns the one that stood there before with its application, if that server can revoke it."""
    path = config.root / token_file(name, config.accounts[name])
    earlier = read_token(path)
    its_application = stored_application(path, earlier) if earlier else None
    store_token(path, token, application)
    if earlier is None or its_application is None or its_application.server != application.server:
        return None
    return its_application, earlier


def _tell_of_the_file(config: Config, name: str) -> None:

    file = token_file(name, config.accounts[name])
    click.echo(f"The token is in {file}, for you alone to read. Restart `announce run` if it runs.")
    if may_enter_git(config.root / file):
        click.echo(f"Careful: git does not ignore {file.parent}/. Add it to .gitignore before you commit anything.")
    if os.environ.get(token_variable(name), "").strip():
        click.echo(f"Careful: {token_variable(name)} is set, and goes before the file.")


def _revoke_earlier(server: SignIn, application: Application, token: str, account: Account) -> None:
    try:
        server.revoke(application, token)
        click.echo("The earlier token is revoked.")
    except PublishError as error:
        click.echo(f"The earlier token could not be revoked: {error.message} {revoke_by_hand(account)}")


def _undo(server: SignIn, application: Application, token: str, account: Account) -> None:
    """End a token that will not be used."""
    try:
        server.revoke(application, token)
        click.echo("The token that was just made is revoked; nothing is stored.", err=True)
    except PublishError as failure:
        click.echo(
            f"The token that was just made is not stored, but could not be revoked: {failure.message} "
            f"{revoke_by_hand(account)}",
            err=True,
        )


def revoke_by_hand(account: Account) -> str:
    return f"Revoke it at {network_of(account).revocation_page(account.server)}."
