"""Tests that a saver or store of your own must pass, for pytest.

:mod:`nbflow.testing.savers` and :mod:`nbflow.testing.stores` each hold a class of tests. Inherit
from it, and give it what you made by a fixture. :mod:`nbflow.testing.faults` stops a process at the
moments that matter.
"""

from __future__ import annotations

import sys

__all__: list[str] = []

if "pytest" in sys.modules:  # so that a failing assertion of the kits shows its values
    sys.modules["pytest"].register_assert_rewrite(
        *(f"nbflow.testing._{part}" for part in (
            "saver_care", "saver_lists", "saver_rows", "saver_writes", "store_expiry",
            "store_searches", "store_values", "store_vectors", "stores",
        ))
    )  # fmt: skip
