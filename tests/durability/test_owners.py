"""The process that runs a thread is killed, or makes another one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.errors import ThreadBusyError
from nbflow.func import entrypoint, task
from tests.durability.forks import Child

_ROOT = Path(__file__).parents[2]
THREAD: dict[str, Any] = {"configurable": {"thread_id": "t"}}


def waiting(saver: SqliteSaver) -> Any:
    """Three steps; the second waits for a line, where it is told to by the environment."""

    @task
    def step(n: int) -> int:
        if n == 1 and "WAITS" in os.environ:
            print("waits", flush=True)
            sys.stdin.readline()
        return n

    @entrypoint(checkpointer=saver)
    def workflow(count: int) -> list[int]:
        return [step(n).result() for n in range(count)]

    return workflow


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process in the middle of a run."""
    code = (
        "from nbflow.checkpoint.sqlite import SqliteSaver\n"
        "from tests.durability.test_owners import THREAD, waiting\n"
        "waiting(SqliteSaver('runs.sqlite')).invoke(3, THREAD)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(_ROOT), "WAITS": "yes"}
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "waits\n"
        yield process
        process.kill()


def test_an_owner_that_is_killed(owner: subprocess.Popen[str], tmp_path: Path) -> None:
    """Fault 1: as long as it lives nobody else may run its thread; from then on everybody may."""
    with SqliteSaver(tmp_path / "runs.sqlite") as saver:
        workflow = waiting(saver)
        assert workflow.get_state(THREAD).status == "running"
        with pytest.raises(ThreadBusyError, match="is running now"):
            workflow.invoke(None, THREAD)

        owner.send_signal(signal.SIGKILL)
        owner.wait()

        assert workflow.get_state(THREAD).status == "crashed"
        assert workflow.invoke(None, THREAD) == [0, 1, 2]
        (run,) = saver.list_runs("t")
        assert [op.kind for op in saver.get_ops(run.id)] == ["result"] * 3


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_child_that_is_forked_during_a_run(tmp_path: Path) -> None:
    """Fault 20: the child uses the saver that was open; the parent's run goes on beside it."""
    with SqliteSaver(tmp_path / "runs.sqlite") as saver:
        results: list[Any] = []

        @task
        def forks() -> bool:
            child = Child(
                lambda: [
                    waiting(saver).invoke(2, {"configurable": {"thread_id": f"child {n}"}})
                    for n in range(5)
                ]
            )
            return child.was_killed()

        @entrypoint(checkpointer=saver)
        def workflow(n: int) -> bool:
            return forks().result()

        beside = threading.Thread(
            target=lambda: results.extend(
                waiting(saver).invoke(3, {"configurable": {"thread_id": str(n)}}) for n in range(9)
            )
        )
        beside.start()
        assert workflow.invoke(1, THREAD) is False
        beside.join()

        assert results == [[0, 1, 2]] * 9
        assert len(saver.list_threads()) == 1 + 5 + 9
        for thread in saver.list_threads():
            assert thread.status == "idle"
    connection = SqliteSaver(tmp_path / "runs.sqlite")._file.connection()
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
