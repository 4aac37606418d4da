"""The command that revokes a token and deletes it: logout."""

from __future__ import annotations

import os

import click

from bot.cli.common import confirm, with_settings, yes_option
from bot.cli.login import account_argument, account_of, revoke_by_hand
from bot.config import Config, token_variable
from bot.config.secrets import forget_token, read_token, stored_application, token_file
from bot.domain.errors import BotError, UsageError
from bot.publishers.registry import network_of


@click.command()
@with_settings
@account_argument
@yes_option
def logout(config: Config, name: str, yes: bool) -> None:
    """Revoke the token that `announce login` stored, and delete it.

    It stops working wherever it is used.
    """
    account = account_of(config, name)
    file, variable = token_file(name, account), token_variable(name)
    path = config.root / file
    in_environment = bool(os.environ.get(variable, "").strip())
    token = read_token(path)
    if token is None:
        if in_environment:
            raise UsageError(f"the token comes from {variable}; none is stored here.", remedy=revoke_by_hand(account))
        click.echo(f"There is no token in {file}: nothing to revoke.")
        return
    application = stored_application(path, token)
    if application is None:
        raise BotError(
            f"the token in {file} was not made by `announce login`, so only the server can revoke it.",
            remedy=f"{revoke_by_hand(account)} Then delete {file}.",
        )
    click.echo(f"Revokes the token in {file} and deletes it; nothing is tooted as {account.address(name)} then.")
    confirm(yes=yes)
    server = network_of(account).sign_in(application.server, timeout=config.delivery.timeout)
    try:
        server.revoke(application, token)
    finally:
        server.close()
    forget_token(path)
    click.echo("Done: the token is revoked and deleted.")
    if in_environment:
        click.echo(f"{variable} is still set; if that is another token, it still works. {revoke_by_hand(account)}")
