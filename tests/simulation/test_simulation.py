"""Histories of many hours, each from its seed. `make simulate SEEDS=10000` runs more of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulation.history import run_seed

pytestmark = pytest.mark.filterwarnings("ignore:Mastodon version is detected")

KEPT = Path(__file__).with_name("failing_seeds.txt")
#: In groups, so that several workers share them and one that fails names its seed.
GROUPS = range(0, 50, 10)


def kept_seeds() -> list[int]:
    lines = KEPT.read_text(encoding="utf-8").splitlines()
    return [int(line.split()[0]) for line in lines if line.strip() and not line.startswith("#")]


def violations(seed: int) -> str:
    told = run_seed(seed)
    again = f"python -m tests.simulation.run --seed {seed}"
    return "\n".join([*told.violations, again]) if told.violations else ""


@pytest.mark.parametrize("first", GROUPS)
def test_whatever_goes_wrong_each_announcement_is_out_once(first: int) -> None:
    for seed in range(first, first + GROUPS.step):
        assert not violations(seed)


@pytest.mark.parametrize("seed", kept_seeds())
def test_a_seed_that_once_failed_passes(seed: int) -> None:
    assert not violations(seed)


def test_a_seed_tells_the_same_story_twice() -> None:
    assert run_seed(7).trace == run_seed(7).trace
