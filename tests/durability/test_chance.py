"""What differs from process to process is found out where it changes what is called."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]

_CODE = """
import os, sys
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.errors import NonDeterminismError
from nbflow.func import entrypoint, task
from nbflow.types import Command, interrupt

@task
def work(name):
    return name

@entrypoint(checkpointer=SqliteSaver("runs.sqlite"))
def workflow(n):
    names = {f"name {n}" for n in range(20)}
    for name in CHOICE:
        work(name).result()
    return interrupt("go on?")

config = {"configurable": {"thread_id": "t"}}
try:
    print(workflow.invoke(1 if sys.argv[1] == "first" else Command(resume="yes"), config))
except NonDeterminismError as error:
    print("refused:", error)
"""

_REFUSED = "refused: The code is unchanged, but on replay it called work("


@pytest.mark.parametrize(
    ("choice", "outcome"),
    [
        ("[min(names, key=hash)]", _REFUSED),
        ("names", "yes"),  # the same calls in another order: each gets its own result
        (
            "[os.environ['DECIDES']]",
            "refused: The code is unchanged, but on replay it called work(",
        ),
        ("sorted(names)", "yes"),
        ("{name: None for name in sorted(names)}", "yes"),
    ],
    ids=["hash", "order of a set", "environment", "sorted", "order of a dict"],
)
def test_another_hash_seed_and_environment(choice: str, outcome: str, tmp_path: Path) -> None:
    """Fault 24: a replay in another process goes the same way, or says that it does not."""
    for turn, seed in (("first", "1"), ("second", "3")):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "DECIDES": turn}
        done = subprocess.run(
            [sys.executable, "-c", _CODE.replace("CHOICE", choice), turn], cwd=tmp_path,
            env={**environment, "PYTHONPATH": str(_ROOT)}, capture_output=True, text=True,
            check=True,
        )  # fmt: skip
    assert done.stdout.startswith(outcome)
