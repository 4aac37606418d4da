"""A bot some seconds before a release."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.config import Config
from tests.support.before_release import ACCOUNTS, Stage, WaitingStage


@pytest.fixture
def stage(site_config: Callable[..., Config]) -> Stage:
    return Stage(site_config(accounts=ACCOUNTS))


@pytest.fixture
def waiting(site_config: Callable[..., Config]) -> WaitingStage:
    return WaitingStage(site_config(accounts=ACCOUNTS))
