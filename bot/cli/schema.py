"""The command that tells editors what may be written: schema."""

from __future__ import annotations

from pathlib import Path

import click

from bot.cli.common import echo_json
from bot.config import DEFAULT_PATH, load_config
from bot.config.schema import front_matter_schema, settings_schema
from bot.domain.errors import UsageError


@click.command()
@click.argument("which", metavar="[front-matter|settings]", default="front-matter")
@click.option("--config", "own_config", type=click.Path(path_type=Path), help="The settings file.")
@click.option("--debug", is_flag=True, help="Show the full traceback of an error.")
@click.pass_context
def schema(ctx: click.Context, which: str, own_config: Path | None, debug: bool) -> None:  # noqa: ARG001
    """Print a JSON Schema, for an editor to complete and check.

    Of posts' front matter, with the site's own names for the keys where there are settings; or of the settings.
    """
    if which == "settings":
        echo_json(settings_schema())
        return
    if which != "front-matter":
        raise UsageError(f"there is no schema of {which}.", remedy="There are: front-matter, settings.")

    named = own_config or ctx.obj["config"]
    path = named or DEFAULT_PATH
    fields = load_config(path).posts.fields if named or path.exists() else {}
    echo_json(front_matter_schema(fields))
