"""A bot some seconds before a release."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.config import Config
from bot.runtime import precise_release as standby
from tests.support.before_release import ACCOUNTS, SECOND, Stage, WaitingStage


@pytest.fixture
def stage(site_config: Callable[..., Config]) -> Stage:
    return Stage(site_config(accounts=ACCOUNTS))


@pytest.fixture
def waiting(site_config: Callable[..., Config], monkeypatch: pytest.MonkeyPatch) -> WaitingStage:
    # A busy machine stalls for seconds: whoever is late here is so by the machine's doing.
    monkeypatch.setattr(standby, "MAX_LATENESS", 10 * SECOND)
    return WaitingStage(site_config(accounts=ACCOUNTS))
