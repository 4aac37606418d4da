"""How much a test tries: little in each run of the suite, much with `make explore`."""

from __future__ import annotations

import os


def examples(number: int) -> int:
    """Return how many examples Hypothesis tries: `number`, or as many times more as `EXAMPLES` says."""
    return number * int(os.environ.get("EXAMPLES", "1"))
