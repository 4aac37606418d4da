"""What a rehearsal leaves out: nothing leaves the machine, and nobody is told of a pretended release."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.config import Config
from bot.domain.errors import OutputError
from bot.operations.rehearsal import set_stage


def test_no_hub_is_told_of_a_rehearsal(site_config: Callable[..., Config]) -> None:
    stage = set_stage(site_config(feeds='hubs = ["https://hub.example/"]'), server="http://127.0.0.1:3000")
    assert stage.config.feeds.hubs == ()


def test_the_site_is_asked_nothing(site_config: Callable[..., Config]) -> None:
    asked = 'wait_for_page = "30m"\ndeploy_hook = "https://ci.example/build"'
    stage = set_stage(site_config(release=asked), server="http://127.0.0.1:3000")
    assert (stage.config.wait_for_page, stage.config.release.deploy_hook) == (timedelta(), None)


@pytest.mark.parametrize(("source", "kept"), [("old.xml", "old.xml"), ("https://old.example/rss.xml", "")])
def test_an_old_feed_is_taken_over_from_a_file_and_fetched_from_nowhere(
    site_config: Callable[..., Config], source: str, kept: str
) -> None:
    stage = set_stage(site_config(feeds=f'import = "{source}"'), server="http://127.0.0.1:3000")
    assert stage.config.feeds.import_ == kept


def test_a_folder_that_cannot_be_made_is_named(site_config: Callable[..., Config]) -> None:
    config = site_config()
    (config.root / "var").write_text("no folder")
    with pytest.raises(OutputError, match=r"var/rehearsal cannot be made: Not a directory\."):
        set_stage(config, server="http://127.0.0.1:3000")
