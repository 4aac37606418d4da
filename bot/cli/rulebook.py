"""`announce check --rules`: all rules, as a table for people."""

from __future__ import annotations

import click

from bot.cli.common import console


def show_rules(ctx: click.Context, _option: click.Parameter, wanted: bool) -> None:
    """Print the rules and end, if they are asked for."""
    if not wanted or ctx.resilient_parsing:
        return
    from rich.markup import escape
    from rich.table import Table

    from bot.domain.rules import RULES

    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(ratio=1)
    colours = {"error": "red", "warning": "yellow", "note": "cyan"}
    for rule in RULES.values():
        word = rule.severity.value
        table.add_row(escape(rule.name), f"[{colours[word]}]{word}[/]", escape(f"{rule.why} {rule.remedy}"))
    console().print(table)
    click.echo("Errors cannot be silenced; the others can, with a reason: docs/check.md")
    ctx.exit()
