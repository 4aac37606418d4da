"""The oracle can see: with one step of the protocol broken on purpose, some seed fails."""

from __future__ import annotations

from itertools import chain

import pytest

from tests.simulation.history import run_seed
from tests.simulation.mutations import MUTATIONS, mutated

pytestmark = [pytest.mark.filterwarnings("ignore:Mastodon version is detected"), pytest.mark.timeout(600)]

#: Mutations that are seen soon, with a seed that saw it once; any change of the bot may turn a seed into another story,
#: so others follow. The rest of MUTATIONS is tried by hand: `python -m tests.simulation.run --mutation NAME`.
SEES = {
    "no read-back": 2,
    "recorded before the POST": 0,
    "an hour early": 0,
    "no pre-flight look": 2,
}
#: So many seeds are tried.
TRIED = 25


@pytest.mark.parametrize("mutation", SEES)
def test_a_broken_step_is_seen(mutation: str) -> None:
    assert mutation in MUTATIONS
    for seed in chain([SEES[mutation]], range(TRIED)):
        with mutated(mutation):
            if run_seed(seed).violations:
                return
    pytest.fail(f"{TRIED} seeds did not see it")
