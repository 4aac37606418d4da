"""The command that revokes a token and deletes it: logout."""

from __future__ import annotations

import os

import click

from bot.cli.common import confirm, with_settings, yes_option
from bot.cli.login import account_argument
from bot.config import Config, token_variable
from bot.operations.login import log_out, propose_logout, revocation_remedy


@click.command()
@with_settings
@account_argument
@yes_option
def logout(config: Config, name: str, yes: bool) -> None:
    """Revoke the token that `announce login` stored, and delete it.

    It stops working wherever it is used.
    """
    proposal = propose_logout(config, name, environ=os.environ)
    if proposal.grant is None:
        click.echo(f"There is no token in {proposal.file}: nothing to revoke.")
        return
    address = proposal.account.address(name)
    click.echo(f"Revokes the token in {proposal.file} and deletes it; nothing is tooted as {address} then.")
    confirm(yes=yes)
    log_out(proposal)
    click.echo("Done: the token is revoked and deleted.")
    if proposal.in_environment:
        remedy = revocation_remedy(proposal.account)
        click.echo(f"{token_variable(name)} is still set; if that is another token, it still works. {remedy}")
