"""The command that gets a token for an account: login."""

from __future__ import annotations

import functools
import os
import sys
import webbrowser
from collections.abc import Callable
from typing import Final

import click

from bot.cli.common import with_settings
from bot.config import Config, token_variable
from bot.config.secrets import may_enter_git
from bot.domain.errors import AccountBlockedError, CodeRefusedError, PublishError, UsageError
from bot.operations.login import (
    Grant,
    Login,
    StoredToken,
    begin_login,
    exchange_code,
    revocation_remedy,
    revoke_grant,
    store_grant,
    verify_grant,
)

Emit = Callable[[str], object]

_TRIES: Final = 5  #: codes that are taken before the operator has to begin anew
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
    # With --print the token is all that standard output gets.
    emit = functools.partial(click.echo, err=to_print)
    with begin_login(config, name) as begun:
        _invite(begun, emit)
        if not no_browser:
            _open_browser(begun.address)
        grant = _ask_for_code(begun, emit, to_err=to_print)
        stored: StoredToken | None = None
        done = False
        try:
            _show_account(begun, verify_grant(begun, grant))
            if to_print:
                _print_token(name, grant, emit)
            else:
                stored = store_grant(begun, grant, environ=os.environ)
            done = True
        finally:
            # Whatever went wrong, a Ctrl-C too: no token stays alive that is stored nowhere.
            if not done:
                _revoke_unused(begun, grant)
        if stored is not None:
            _show_stored(begun, stored)
            _revoke_earlier(begun, stored)


def _invite(begun: Login, emit: Emit) -> None:
    account = begun.account
    emit(f"1. In your browser, sign in to {account.server}" + (f" as {account.acct}." if account.acct else "."))
    emit("2. Open this address there and allow what it asks for:\n")
    emit(f"   {begun.address}\n")
    for scope, why in begun.needs.items():
        emit(f"   {scope:<16} {why}")
    emit("\n3. Copy the code that it shows, and put it in here.")


def _open_browser(address: str) -> None:
    has_display = sys.platform == "darwin" or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
    if has_display and sys.stdin.isatty() and sys.stderr.isatty():
        webbrowser.open(address)


def _ask_for_code(begun: Login, emit: Emit, *, to_err: bool) -> Grant:
    for left in reversed(range(_TRIES)):
        try:
            pasted: str = click.prompt("Code", err=to_err)
        except click.Abort:
            if sys.stdin.isatty():
                raise
            raise UsageError("no code was given; nothing is stored.", remedy="Run it in a terminal.") from None
        try:
            return exchange_code(begun, pasted)
        except CodeRefusedError as error:
            if left:
                emit(f"{error.message} The same address gives a new one.")
    raise AccountBlockedError(f"{_TRIES} codes were not accepted; nothing is stored.", remedy="Begin anew.")


def _show_account(begun: Login, address: str) -> None:
    click.echo(f"This is @{address}.", err=True)
    if begun.account.acct is None:
        click.echo(f'Add to [accounts.{begun.name}] in the settings:  acct = "@{address}"', err=True)


def _print_token(name: str, grant: Grant, emit: Emit) -> None:
    emit(f"Put this into your CI's secrets as {token_variable(name)}. It is shown once and stored nowhere:")
    click.echo(grant.token)


def _show_stored(begun: Login, stored: StoredToken) -> None:
    file, variable = stored.file, token_variable(begun.name)
    click.echo(f"The token is in {file}, for you alone to read. Restart `announce run` if it runs.")
    if may_enter_git(begun.config.root / file):
        click.echo(f"Careful: git does not ignore {file.parent}/. Add it to .gitignore before you commit anything.")
    if stored.environment_wins:
        click.echo(f"Careful: {variable} is set, and goes before the file.")


def _revoke_earlier(begun: Login, stored: StoredToken) -> None:
    if stored.earlier is None:
        return
    try:
        revoke_grant(begun, stored.earlier)
        click.echo("The earlier token is revoked.")
    except PublishError as error:
        click.echo(f"The earlier token could not be revoked: {error.message} {revocation_remedy(begun.account)}")


def _revoke_unused(begun: Login, grant: Grant) -> None:
    try:
        revoke_grant(begun, grant)
        click.echo("The token that was just made is revoked; nothing is stored.", err=True)
    except PublishError as failure:
        click.echo(
            f"The token that was just made is not stored, but could not be revoked: {failure.message} "
            f"{revocation_remedy(begun.account)}",
            err=True,
        )
