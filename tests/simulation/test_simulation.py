"""Histories of many hours, each from its seed. `make simulate SEEDS=10000` runs more of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulation.history import run_seed
from tests.simulation.profiles import PROFILES

pytestmark = pytest.mark.filterwarnings("ignore:Mastodon version is detected")

KEPT = Path(__file__).with_name("failing_seeds.txt")
#: In groups, so that several workers share them and one that fails names its seed.
GROUPS = range(0, 30, 5)
#: Seeds of each profile; `make simulate` plays thousands.
BENT = 1


def kept_seeds() -> list[tuple[int, str]]:
    lines = KEPT.read_text(encoding="utf-8").splitlines()
    fields = [line.split("\t") for line in lines if line.strip() and not line.startswith("#")]
    return [(int(seed), profile) for seed, profile, *_ in fields]


def violations(seed: int, profile: str = "") -> str:
    result = run_seed(seed, profile)
    again = f"python -m tests.simulation.run --seed {seed} --profile '{profile}'"
    return "\n".join([*result.violations, again]) if result.violations else ""


@pytest.mark.parametrize("first", GROUPS)
def test_whatever_goes_wrong_each_announcement_is_out_once(first: int) -> None:
    for seed in range(first, first + GROUPS.step):
        assert not violations(seed)


@pytest.mark.parametrize("profile", [name for name in PROFILES if name])
def test_nor_does_it_matter_where_one_thing_goes_wrong_often(profile: str) -> None:
    for seed in range(BENT):
        assert not violations(seed, profile)


def test_seeds_that_once_failed_pass() -> None:
    for seed, profile in kept_seeds():
        assert not violations(seed, profile)


@pytest.mark.parametrize("profile", ["", "two that stall"])
def test_a_seed_tells_the_same_story_twice(profile: str) -> None:
    assert run_seed(7, profile).trace == run_seed(7, profile).trace
