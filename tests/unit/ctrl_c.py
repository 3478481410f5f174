"""Interrupts one run after another at random moments; a program for ``test_ctrl_c``."""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.func import entrypoint, task

TASKS = 60


def main(seed: int, rounds: int) -> None:
    dice = random.Random(seed)
    calls: dict[tuple[str, int], int] = {}

    @task
    def step(thread: str, n: int) -> int:
        calls[thread, n] = calls.get((thread, n), 0) + 1
        return n

    with tempfile.TemporaryDirectory() as folder:
        saver = SqliteSaver(Path(folder) / "runs.sqlite")

        def sequential(thread: str) -> int:
            return sum(step(thread, n).result() for n in range(TASKS))

        def parallel(thread: str) -> int:
            return sum(f.result() for f in [step(thread, n) for n in range(TASKS)])

        workflows: list[Any] = [entrypoint(checkpointer=saver)(f) for f in (sequential, parallel)]
        interrupted = 0
        for at in range(rounds):
            interrupted += _one(workflows[at % 2], f"thread {at}", dice)
        saver.close()
    most = max(calls.values())
    print(f"{rounds} runs, {interrupted} interrupts, a task ran {most} times at most")


def _one(workflow: Any, thread: str, dice: random.Random) -> int:
    """Run one thread to its end through up to three interrupts; returns how many there were."""
    config = {"configurable": {"thread_id": thread}}
    value: str | None = thread
    for count in range(4):
        over = threading.Event()
        alarm = threading.Thread(target=_interrupt, args=(over, dice.uniform(0, 0.006)))
        try:
            try:
                if count < 3:
                    alarm.start()
                result = workflow.invoke(value, config)
            finally:
                over.set()
                if count < 3:
                    alarm.join()
        except KeyboardInterrupt:
            begun = workflow.get_state(config).created_at is not None
            value = None if begun else thread
            continue
        assert result == sum(range(TASKS)), result
        return count
    return 3


def _interrupt(over: threading.Event, seconds: float) -> None:
    if not over.wait(seconds):
        os.kill(os.getpid(), signal.SIGINT)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
