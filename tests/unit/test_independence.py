"""No network imports another, and the rest of the bot meets each of them through the registry alone.

The networks are the packages in `bot/publishers/`, so that a new one is covered as soon as it is there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

import grimp
import pytest

import bot.publishers

FOLDER = Path(bot.publishers.__file__).parent
REGISTRY = "bot.publishers.registry"
Import = tuple[str, str]


def forbidden_imports(imports: Iterable[Import], networks: Collection[str]) -> list[Import]:
    """The imports of a network's module by a module that is neither of this network nor the registry."""

    def network_of(module: str) -> str:
        return next((network for network in networks if f"{module}.".startswith(f"{network}.")), "")

    return sorted(
        (importer, imported)
        for importer, imported in imports
        if network_of(imported) not in ("", network_of(importer)) and importer != REGISTRY
    )


def test_only_the_registry_imports_a_network() -> None:
    networks = [f"bot.publishers.{path.parent.name}" for path in FOLDER.glob("*/__init__.py")]
    assert networks
    graph = grimp.build_graph("bot")
    imports = [(name, other) for name in graph.modules for other in graph.find_modules_directly_imported_by(name)]
    assert forbidden_imports(imports, networks) == []


@pytest.mark.parametrize(
    ("importer", "imported", "allowed"),
    [
        ("bot.publishers.one.client", "bot.publishers.one.errors", True),
        ("bot.publishers.one.client", "bot.publishers.contract", True),
        (REGISTRY, "bot.publishers.one.network", True),
        ("bot.publishers.one.client", "bot.publishers.other.errors", False),
        ("bot.publishers.one", "bot.publishers.other", False),
        ("bot.publishers.inspection", "bot.publishers.one.network", False),
        ("bot.cli.login", "bot.publishers.one.auth", False),
        ("bot.cli.login", "bot.publishers.one_more", True),
    ],
)
def test_an_import_is_judged(importer: str, imported: str, allowed: bool) -> None:
    found = forbidden_imports([(importer, imported)], ["bot.publishers.one", "bot.publishers.other"])
    assert (found == []) is allowed
