"""The settings that docs/sources.md shows are settings that are taken."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.config import load_config

PAGE = Path(__file__).parents[2] / "docs" / "sources.md"
BLOCKS = re.findall(r"^```toml\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
SITE = '[site]\ntitle = "C"\nurl = "https://c.example"\ntimezone = "UTC"\n'


@pytest.mark.parametrize("block", BLOCKS)
def test_it_is_taken_as_it_stands(block: str, tmp_path: Path) -> None:
    path = tmp_path / "config" / "bot.toml"
    path.parent.mkdir()
    path.write_text(SITE + block, encoding="utf-8")
    assert load_config(path).sources


def test_there_is_something_to_take() -> None:
    assert len(BLOCKS) == 3
