"""The stop button at random moments: nothing hangs, nothing is lost, nothing runs twice."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from nbflow._engine import turns
from nbflow._engine.opening import Opened
from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.func import entrypoint, task
from nbflow.testing.faults import FaultPoint, armed
from tests.unit.drive import Config

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


@pytest.mark.parametrize("how", ["read", "write"])
def test_a_database_can_be_used_after_an_interrupt_at_any_moment(tmp_path: Path, how: str) -> None:
    """Fault 38: also where no run is stopped; nobody keeps the connection for ever"""
    rounds, told = 600, list[str]()
    database = str(tmp_path / "runs.sqlite")
    user = subprocess.Popen(
        [sys.executable, "-m", "tests.unit.ctrl_c_database", database, how, str(rounds)],
        cwd=ROOT, text=True, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert user.stdout is not None
    hangs = threading.Timer(30, user.kill)
    hangs.start()
    try:
        assert user.stdout.readline() == "ready\n"
        for _ in range(rounds):
            threading.Event().wait(random.uniform(0.0005, 0.001))
            user.send_signal(signal.SIGINT)
            told.append(user.stdout.readline())
    finally:
        hangs.cancel()
        user.kill()
        user.communicate()
    assert told == ["1\n"] * rounds


def noting(saver: BaseCheckpointSaver, ran: list[int], *, is_async: bool) -> Any:
    """A workflow that gives back its input, and notes that it ran."""

    def body(n: int) -> int:
        ran.append(n)
        return n

    async def async_body(n: int) -> int:
        return body(n)

    return entrypoint(checkpointer=saver)(async_body if is_async else body)


@pytest.mark.parametrize("is_async", [False, True], ids=["plain", "async"])
@pytest.mark.parametrize("point", ["before opening", "after opening"])
def test_a_stop_that_comes_as_the_run_is_opened(
    saver: BaseCheckpointSaver, config: Config, point: FaultPoint, is_async: bool
) -> None:
    """218, fault 38: the run begins nothing, and can be continued"""
    ran: list[int] = []

    workflow = noting(saver, ran, is_async=is_async)
    press = partial(signal.raise_signal, signal.SIGINT)
    with armed(point, press), pytest.raises(KeyboardInterrupt):
        workflow.invoke(1, config)
    assert ran == []
    assert workflow.invoke(None, config) == 1


def test_a_stop_while_the_call_waits_for_its_turn(
    saver: BaseCheckpointSaver, config: Config
) -> None:
    """218, 261, fault 38: it stands in line no longer, and what runs goes on"""
    begun, let_go, ran = threading.Event(), threading.Event(), list[int]()

    @task
    def step(n: int) -> int:
        ran.append(n)
        begun.set()
        let_go.wait(8)
        return n

    @entrypoint(checkpointer=saver, on_busy="queue")
    def workflow(n: int) -> int:
        return step(n).result()

    def press() -> None:
        while not turns._lines:
            threading.Event().wait(0.001)
        os.kill(os.getpid(), signal.SIGINT)

    first = threading.Thread(target=workflow.invoke, args=(1, config))
    first.start()
    assert begun.wait(8)
    presser = threading.Thread(target=press)
    presser.start()
    with pytest.raises(KeyboardInterrupt):
        workflow.invoke(2, config)
    presser.join()
    let_go.set()
    first.join()
    assert ran == [1]
    assert workflow.invoke(3, config) == 3


@pytest.mark.parametrize("how", ["stream", "start"])
@pytest.mark.parametrize("is_async", [False, True], ids=["plain", "async"])
def test_a_stop_between_the_opening_and_the_run(
    saver: BaseCheckpointSaver,
    config: Config,
    how: str,
    is_async: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """218, fault 38: the thread is not left with an owner who does nothing"""
    ran: list[int] = []

    workflow = noting(saver, ran, is_async=is_async)
    press = partial(signal.raise_signal, signal.SIGINT)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Opened, "look", press)  # what comes after the opening
        if how == "stream":
            list(workflow.stream(1, config))
        else:
            workflow.start(1, config=config)
    (kept,) = saver.list_threads()
    run = workflow.thread(kept.thread_id)
    assert run.wait(8) == "cancelled"
    assert ran == []
    assert workflow.invoke(None, config) == 1
