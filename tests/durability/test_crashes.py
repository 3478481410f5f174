"""Runs that are killed at random moments lose nothing and do nothing twice.

This is the short form; ``make durability`` kills 200 times as each form says.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

_ROOT = Path(__file__).parents[2]
_KILLS = 12


def killed_often(form: str, folder: Path) -> dict[str, Any]:
    """In a process without threads, which alone may fork."""
    seed = random.randrange(1_000_000)
    print(f"{form}: seed {seed}")
    command = [sys.executable, "-m", "tests.durability.crashes", form]
    options = [f"--kills={_KILLS}", f"--seed={seed}", f"--folder={folder}"]
    done = subprocess.run([*command, *options], cwd=_ROOT, capture_output=True, text=True)  # noqa: PLW1510
    assert done.returncode == 0, done.stderr
    figures: dict[str, Any] = json.loads(done.stdout)
    print(figures)
    return figures


def survives(form: str, folder: Path) -> dict[str, Any]:
    figures = killed_often(form, folder)
    assert (figures["kills"], figures["lost"], figures["twice"]) == (_KILLS, 0, 0)
    assert figures["runs"] >= 1 and figures["operations"] > _KILLS
    return figures


def test_one_step_after_another(tmp_path: Path) -> None:
    """Fault 1: killed anywhere, a run of 60 steps ends right, each step recorded once."""
    survives("sequential", tmp_path)


@pytest.mark.parametrize("form", ["parallel", "gathered", "nested"])
def test_steps_beside_and_in_one_another(form: str, tmp_path: Path) -> None:
    """Fault 2: threads, tasks of an event loop, and tasks that call tasks."""
    survives(form, tmp_path)


def test_steps_that_must_not_run_twice(tmp_path: Path) -> None:
    """Fault 3: each runs once at most, and is paid or known to be unknown."""
    assert survives("payments", tmp_path)["repeated"] == 0


def test_questions_and_answers(tmp_path: Path) -> None:
    """Fault 3: killed between an answer and what comes of it, each question keeps its own."""
    survives("questions", tmp_path)


def test_files_copied_while_they_are_written(tmp_path: Path) -> None:
    """Fault 4: a torn end of the log costs the last commits and nothing else."""
    survives("power", tmp_path)
