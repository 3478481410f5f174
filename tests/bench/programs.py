"""The programs that are timed. Each is built from a library's names alone, so both run the same.

A program is a function that does its work once and returns how often the thing that it measures
happened; building it, and what must be there before, is not timed.
"""

import asyncio
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.library import Library

__all__ = ["PROGRAMS", "Program"]

Program = Callable[[Library, Path, int], Any]
"""Given a library, an empty folder and how often: a context manager around what to time."""


def _threads() -> Iterator[dict[str, Any]]:
    for n in itertools.count():
        yield {"configurable": {"thread_id": str(n)}}


def _adding(library: Library, saver: Any, asks: bool = False) -> Any:
    @library.task
    def add_one(n: int) -> int:
        return n + 1

    @library.entrypoint(checkpointer=saver)
    def workflow(count: int) -> int:
        total = 0
        for _ in range(count):
            total = add_one(total).result()
        if asks:
            library.interrupt("go on?")
        return total

    return workflow


def _sequential(library: Library, saver: Any, count: int) -> Callable[[], int]:
    workflow = _adding(library, saver)
    threads = _threads()

    def run() -> int:
        assert workflow.invoke(count, next(threads)) == count
        return count

    return run


def _replaying(library: Library, saver: Any, count: int) -> Callable[[], int]:
    """``invoke(None)`` on a waiting thread: the body runs again to the same question."""
    workflow = _adding(library, saver, asks=True)
    config = next(_threads())
    workflow.invoke(count, config)

    def run() -> int:
        assert "__interrupt__" in workflow.invoke(None, config)
        return count

    return run


@contextmanager
def sequential_memory(library: Library, folder: Path, count: int) -> Iterator[Callable[[], int]]:
    yield _sequential(library, library.memory_saver(), count)


@contextmanager
def sequential_sqlite(library: Library, folder: Path, count: int) -> Iterator[Callable[[], int]]:
    yield _sequential(library, library.sqlite_saver(folder / "runs.sqlite"), count)


@contextmanager
def replay_memory(library: Library, folder: Path, count: int) -> Iterator[Callable[[], int]]:
    yield _replaying(library, library.memory_saver(), count)


@contextmanager
def replay_sqlite(library: Library, folder: Path, count: int) -> Iterator[Callable[[], int]]:
    yield _replaying(library, library.sqlite_saver(folder / "runs.sqlite"), count)


@contextmanager
def replay_restarted(library: Library, folder: Path, count: int) -> Iterator[Callable[[], int]]:
    """As after a restart of the kernel: each time with a new saver, which knows nothing yet."""
    config = next(_threads())
    path = folder / "runs.sqlite"
    _adding(library, library.sqlite_saver(path), asks=True).invoke(count, config)
    savers = [library.sqlite_saver(path)]

    def run() -> int:
        savers[:] = [library.sqlite_saver(path)]
        assert "__interrupt__" in _adding(library, savers[0], asks=True).invoke(None, config)
        return count

    yield run


@contextmanager
def invoke_memory(library: Library, folder: Path, count: int) -> Iterator[Callable[[], int]]:
    @library.entrypoint(checkpointer=library.memory_saver())
    def workflow(n: int, *, previous: Any = None) -> int:
        return n + (previous or 0)

    threads = _threads()

    def run() -> int:
        config = next(threads)
        for _ in range(count):
            workflow.invoke(1, config)
        assert workflow.get_state(config).values == count
        return count

    yield run


@contextmanager
def invoke_sqlite(library: Library, folder: Path, count: int) -> Iterator[Callable[[], int]]:
    @library.entrypoint(checkpointer=library.sqlite_saver(folder / "runs.sqlite"))
    def workflow(n: int, *, previous: Any = None) -> int:
        return n + (previous or 0)

    threads = _threads()

    def run() -> int:
        config = next(threads)
        for _ in range(count):
            workflow.invoke(1, config)
        return count

    yield run


@contextmanager
def async_sequential(library: Library, folder: Path, count: int) -> Iterator[Callable[[], int]]:
    @library.task
    async def add_one(n: int) -> int:
        return n + 1

    @library.entrypoint(checkpointer=library.memory_saver())
    async def workflow(count: int) -> int:
        total = 0
        for _ in range(count):
            total = await add_one(total)
        return total

    threads = _threads()
    with asyncio.Runner() as runner:

        def run() -> int:
            assert runner.run(workflow.ainvoke(count, next(threads))) == count
            return count

        yield run


@contextmanager
def streamed(library: Library, folder: Path, count: int) -> Iterator[Callable[[], int]]:
    workflow = _adding(library, library.memory_saver())
    threads = _threads()

    def run() -> int:
        chunks = workflow.stream(count, next(threads), stream_mode=["updates", "tasks"])
        assert sum(1 for _ in chunks) >= 3 * count
        return count

    yield run


@contextmanager
def history(library: Library, folder: Path, count: int) -> Iterator[Callable[[], int]]:
    @library.entrypoint(checkpointer=library.sqlite_saver(folder / "runs.sqlite"))
    def workflow(n: int, *, previous: Any = None) -> int:
        return n + (previous or 0)

    config = next(_threads())
    for _ in range(count):
        workflow.invoke(1, config)

    def run() -> int:
        shots = list(workflow.get_state_history(config))
        assert len(shots) == 2 * count and shots[0].values == count
        return len(shots)

    yield run


@contextmanager
def history_of_a_chat(library: Library, folder: Path, count: int) -> Iterator[Callable[[], int]]:
    """Each turn keeps all that was said before, and 1 KB more."""

    @library.task
    def answer(n: int) -> dict[str, str]:
        return {"role": "assistant", "content": f"{n:04}" * 256}

    @library.entrypoint(checkpointer=library.sqlite_saver(folder / "runs.sqlite"))
    def turn(n: int, *, previous: Any = None) -> list[dict[str, str]]:
        said = {"role": "user", "content": str(n)}
        return [*(previous or ()), said, answer(n).result()]

    config = next(_threads())
    for n in range(count):
        turn.invoke(n, config)

    def run() -> int:
        shots = list(turn.get_state_history(config))
        assert len(shots) == 2 * count and len(shots[0].values) == len(shots)
        return len(shots)

    yield run


PROGRAMS: tuple[tuple[str, Program, float | None], ...] = (
    ("sequential task, in memory", sequential_memory, 60),
    ("sequential task, SQLite, a commit each", sequential_sqlite, 20),
    ("async sequential task, in memory", async_sequential, 30),
    ("task streamed as updates and tasks", streamed, 40),
    ("replay of a finished task, in memory", replay_memory, 80),
    ("replay of a finished task, SQLite", replay_sqlite, 80),
    ("replay after a restart, SQLite", replay_restarted, None),
    ("invoke on a thread, in memory", invoke_memory, 20),
    ("invoke on a thread, SQLite", invoke_sqlite, None),
    ("history of a chat, per checkpoint, SQLite", history_of_a_chat, 10),
    ("history of numbers, per checkpoint, SQLite", history, 10),
)
"""Name, program, and how many times cheaper than LangGraph it should be; None for no aim."""
