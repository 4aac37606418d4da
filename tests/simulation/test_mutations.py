"""The oracle can see: with one step of the protocol broken on purpose, some seed fails."""

from __future__ import annotations

import pytest

from tests.simulation.history import run_seed
from tests.simulation.mutations import MUTATIONS, SEEN_WITH, mutated

pytestmark = [pytest.mark.filterwarnings("ignore:Mastodon version is detected"), pytest.mark.timeout(600)]

#: So many seeds are tried.
TRIED = 15


def test_every_mutation_is_tried() -> None:
    assert SEEN_WITH.keys() == MUTATIONS.keys()


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_broken_step_is_seen(mutation: str) -> None:
    profile, first = SEEN_WITH[mutation]
    for number in range(TRIED):
        with mutated(mutation):
            if run_seed((first + number) % TRIED, profile).violations:
                return
    pytest.fail(f"{TRIED} seeds did not see it")
