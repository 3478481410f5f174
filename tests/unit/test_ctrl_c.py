"""The stop button at random moments: nothing hangs, nothing is lost, nothing runs twice."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(120)
def test_a_run_is_continued_after_an_interrupt_at_any_moment() -> None:
    """218, 219, fault 38"""
    seed = random.randrange(1_000_000)
    print(f"seed {seed}")
    done = subprocess.run(
        [sys.executable, "-m", "tests.unit.ctrl_c", str(seed), "60"],
        cwd=ROOT, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    found = re.match(r"60 runs, (\d+) interrupts, a task ran 1 times at most", done.stdout)
    assert found is not None, done.stdout
    assert int(found[1]) > 10
