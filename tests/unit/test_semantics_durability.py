"""What a crash costs at each durability, and names that are not there. Numbers 58, 86, 87, 122."""

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.func import entrypoint, task
from nbflow.types import Interrupt
from nbflow.workflow import Workflow
from tests.unit.drive import Config, Drive

DIES = """
import os, sys
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.func import entrypoint, task

@task
def step(n):
    with open(sys.argv[2], "a") as log:
        log.write(str(n))
    if n == 2 and sys.argv[4] == "die":
        os._exit(1)
    return n

@entrypoint(checkpointer=SqliteSaver(sys.argv[1]))
def workflow(n):
    return [step(i).result() for i in range(n)]

given = 4 if sys.argv[4] == "die" else None
print(workflow.invoke(given, {"configurable": {"thread_id": "1"}}, durability=sys.argv[3]))
"""


@pytest.mark.parametrize(
    ("durability", "ran"),
    [("sync", "012" + "23"), ("async", "012" + "23"), ("exit", "012" + "0123")],
)
def test_what_a_crash_costs(tmp_path: Path, durability: str, ran: str) -> None:
    """87, 86: with "exit" a killed run has made no progress, and begins again from its input."""
    database, log = tmp_path / "runs.sqlite", tmp_path / "log"

    def run(how: str) -> str:
        command = [sys.executable, "-c", DIES, str(database), str(log), durability, how]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == ((1, "") if how == "die" else (0, ""))
        return done.stdout

    run("die")
    assert run("live") == "[0, 1, 2, 3]\n"
    assert log.read_text() == ran


def test_what_exit_costs_is_said(saver: BaseCheckpointSaver) -> None:
    """87: where it is chosen."""
    assert "so a crash loses" in (Workflow.invoke.__doc__ or "")


def test_an_unknown_durability_is_refused(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """86: before anything is stored."""

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> int:
        return n

    with pytest.raises(ValueError, match=r"durability='never'.*'sync', 'async', 'exit'"):
        drive.invoke(workflow, 1, config, durability="never")
    assert saver.list_threads() == []


def test_what_exit_holds_back_is_there_at_a_pause(tmp_path: Path, config: Config) -> None:
    """86, 88: as it was when the task returned."""
    path = tmp_path / "runs.sqlite"

    @task
    def step() -> list[int]:
        return [1]

    @entrypoint(checkpointer=SqliteSaver(path))
    def workflow(_: int) -> Any:
        made = step().result()
        made.append(2)
        raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        workflow.invoke(1, config, durability="exit")
    with SqliteSaver(path) as saver:
        (run,) = saver.list_runs("some_thread_id")
        assert [op.kind for op in saver.get_ops(run.id)] == ["result", "error"]


def test_every_failure_is_told(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """58: the first one is raised, and tells of those that nobody asked for."""
    together = threading.Barrier(3, timeout=8)

    @task
    def bad(name: str) -> None:
        together.wait()
        raise ValueError(name)

    @entrypoint(checkpointer=saver)
    def workflow(_: int) -> None:
        for future in [bad(name) for name in "abc"]:
            future.result()

    with pytest.raises(ValueError, match="a") as raised:
        drive.invoke(workflow, 1, config)
    notes = raised.value.__notes__
    assert sorted(note for note in notes if "too" in note) == [
        "Task 'bad' failed, too: ValueError: b",
        "Task 'bad' failed, too: ValueError: c",
    ]


@pytest.mark.parametrize("name", ["ns", "when", "resumable", "interrupt_id"])
def test_names_that_langgraph_gave_up(name: str) -> None:
    """122"""
    with pytest.raises(AttributeError, match=f"Interrupt.{name} is not part of nbflow, because"):
        getattr(Interrupt("?", "0" * 32), name)
    with pytest.raises(ImportError, match="NodeInterrupt is not part of nbflow, because"):
        from nbflow.errors import NodeInterrupt  # noqa: F401
