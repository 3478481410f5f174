"""Tasks that executors run, where workers of other processes find them.

What they did shows in files, since they may share nothing else with the test.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

from nbflow import now
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.config import (
    get_config,
    get_print_writer,
    get_store,
    get_stream_writer,
    get_token_writer,
)
from nbflow.func import entrypoint, task
from nbflow.runtime import Runtime, get_runtime
from nbflow.types import RetryPolicy, StreamWriter, interrupt
from tests.executors.pools import WORKERS

LONGEST_S = 90.0
AT_ONCE = RetryPolicy(max_attempts=3, initial_interval=0, jitter=False, retry_on=Exception)


class Refused(Exception):
    """An exception that needs more than a text, and so does not survive pickle."""

    def __init__(self, code: int, *, where: str) -> None:
        super().__init__(f"refused with {code}")
        self.code = code
        self.where = where


def mark(folder: str, name: str) -> int:
    """Note that something was done once more; returns how often by now."""
    with (Path(folder) / name).open("a") as marks:
        marks.write(".")
    return marks_of(folder, name)


def marks_of(folder: str, name: str) -> int:
    """How often something was done."""
    path = Path(folder) / name
    return len(path.read_text()) if path.exists() else 0


def until(path: str | Path) -> None:
    """Wait for a file; not for ever, since a worker may outlive its test."""
    given_up = time.monotonic() + LONGEST_S
    while not Path(path).exists():
        if time.monotonic() > given_up:
            raise TimeoutError(f"nobody made {path}")
        time.sleep(0.005)


def all_at_work(folder: str) -> None:
    """Wait until each worker has begun a task that waits."""
    while marks_of(folder, "begun") < WORKERS:
        time.sleep(0.005)


@task
def square(n: int) -> int:
    return n * n


@task
def square_once(folder: str, n: int) -> int:
    """Counts how often it runs for a number."""
    mark(folder, f"square-{n}")
    return n * n


@task
def where(_: Any = None) -> tuple[int, str]:
    return os.getpid(), threading.current_thread().name


@task
def told(writer: StreamWriter, config: dict[str, Any], runtime: Runtime[Any]) -> dict[str, Any]:
    writer("by the parameter")
    get_stream_writer()("by the function")
    runtime.stream_writer("by the runtime")
    get_print_writer()("printed")
    get_token_writer()("token", id="t", model="none")
    runtime.heartbeat()
    info = get_runtime().execution_info
    assert info is not None
    return {
        "greeting": get_config()["configurable"]["greeting"],
        "same": config == get_config(),
        "settings": sorted(config),
        "context": runtime.context,
        "attempt": info.node_attempt,
        "thread": info.thread_id,
        "now": isinstance(now().year, int),
    }


@task
def says_and_waits(folder: str) -> str:
    """Says something, and ends when that was heard."""
    write = get_stream_writer()
    for part in range(3):
        write({"part": part})
    until(Path(folder) / "heard")
    write({"part": "last"})
    return "done"


@task
def begins_and_waits(folder: str, n: int) -> int:
    mark(folder, f"begun-{n}")
    mark(folder, "begun")
    until(Path(folder) / "open")
    mark(folder, f"ended-{n}")
    return n


@task
def fails(code: int) -> None:
    try:
        os.environ["NOTHING"]
    except KeyError as cause:
        raise Refused(code, where="here") from cause


@task(retry_policy=AT_ONCE)
def third_time(folder: str, runtime: Runtime[Any]) -> int:
    """The attempt that succeeds."""
    info = runtime.execution_info
    assert info is not None
    if mark(folder, "tried") < 3:
        raise ConnectionError("not yet")
    return info.node_attempt


@task
def asks() -> Any:
    return interrupt("May I?")


@task
def calls_a_task() -> int:
    return square(2).result()


@entrypoint()
def nested(n: int) -> int:
    return square(n).result()


@entrypoint(checkpointer=InMemorySaver())
def with_a_thread(n: int) -> int:
    return n


@task
def calls_a_workflow() -> Any:
    return nested.invoke(2)


@task
def calls_a_run() -> Any:
    return with_a_thread.invoke(2, {"configurable": {"thread_id": "its own"}})


@task
def remembers() -> Any:
    return get_store().get(("notes",), "a")


@task
def returns_a_lock() -> Any:
    return threading.Lock()


@task
def dies(folder: str, times: int) -> int:
    """Takes its worker with it, so many times."""
    if mark(folder, "died") <= times:
        os._exit(9)
    return times


@task
def exits() -> None:
    raise SystemExit(3)
