"""How many examples a law gets, and from which seed.

Unset, every run draws the same examples, so that a red test is red again. To look further:
``NBFLOW_SEED=7 NBFLOW_TIMES=50 pytest tests/properties --timeout 0``.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

from hypothesis import HealthCheck, Phase, seed, settings

__all__ = ["budget"]

F = TypeVar("F", bound=Callable[..., None])


def budget(examples: int) -> Callable[[F], F]:
    """So many examples in an ordinary run; what fails is printed as a program and a blob."""
    chosen = os.environ.get("NBFLOW_SEED")
    configured = settings(
        max_examples=examples * int(os.environ.get("NBFLOW_TIMES", "1")),
        derandomize=chosen is None,
        database=None,
        deadline=None,
        print_blob=True,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )

    def configure(test: F) -> F:
        if chosen is not None:
            test = seed(int(chosen))(test)
        configured_test: F = configured(test)
        return configured_test

    return configure
