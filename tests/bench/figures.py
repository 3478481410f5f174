"""Figures that are no cost of one occurrence: growth, size, imports."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench.library import Library
from tests.bench.programs import replay_memory, sequential_memory

__all__ = ["FIGURES"]

_FEW, _MANY = 100, 10_000


def imports(ours: Library, theirs: Library) -> str:
    """What a program pays for ``from ... import entrypoint, task``, beyond Python's own start."""
    bare = _started("pass")
    own = _started("from nbflow.func import entrypoint, task") - bare
    other = _started("from langgraph.func import entrypoint, task") - bare
    return f"{own * 1e3:.0f} ms, LangGraph {other * 1e3:.0f} ms ({other / own:.1f}x; aim 3x)"


def _started(code: str) -> float:
    def once() -> float:
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return time.perf_counter() - began

    return min(once() for _ in range(5))


def growth(ours: Library, theirs: Library) -> str:
    """A task's cost in a long run, by its cost in a short one."""
    return _growth(sequential_memory, ours)


def replay_growth(ours: Library, theirs: Library) -> str:
    """A replayed task's cost in a long run, by its cost in a short one."""
    return _growth(replay_memory, ours)


def _growth(program: Callable[..., Any], library: Library) -> str:
    costs: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        for count in (_FEW, _MANY):
            with program(library, Path(folder), count) as run:
                run()
                costs.append(min(_cost(run, _MANY // count) for _ in range(4)))
    return f"{costs[1] / costs[0]:.2f} (aim 1.3; {costs[0]:.1f} and {costs[1]:.1f} us)"


def _cost(run: Callable[[], int], times: int) -> float:
    began = time.perf_counter()
    done = sum(run() for _ in range(times))
    return (time.perf_counter() - began) / done * 1e6


def size(ours: Library, theirs: Library) -> str:
    """Megabytes of an SQLite file with 600 turns of a thread, 1 KB each."""
    return _sizes(ours, theirs, grows=False)


def size_of_a_chat(ours: Library, theirs: Library) -> str:
    """As above, where every turn keeps what all turns before said, too."""
    return _sizes(ours, theirs, grows=True)


def _sizes(ours: Library, theirs: Library, *, grows: bool) -> str:
    sizes: list[float] = []
    for library in (ours, theirs):
        with tempfile.TemporaryDirectory() as folder:
            _chat(library, Path(folder) / "chat.sqlite", grows)
            files = [file.stat().st_size for file in Path(folder).iterdir()]
            sizes.append(sum(files) / 1e6)
    return f"{sizes[0]:.1f} MB, LangGraph {sizes[1]:.1f} MB"


def _chat(library: Library, path: Path, grows: bool) -> None:
    @library.entrypoint(checkpointer=library.sqlite_saver(path))
    def turn(n: int, *, previous: Any = None) -> list[str]:
        said = f"{n:04}" * 256
        return [*(previous or ()), said] if grows else [said]

    for n in range(600):
        turn.invoke(n, {"configurable": {"thread_id": "1"}})


FIGURES: tuple[tuple[str, Callable[[Library, Library], str]], ...] = (
    ("import of entrypoint and task", imports),
    ("cost of a task in a run of 10,000, by its cost in one of 100", growth),
    ("cost of a replayed task in a run of 10,000, by its cost in one of 100", replay_growth),
    ("SQLite file after 600 turns with 1 KB of `previous`", size),
    ("SQLite file after 600 turns whose `previous` grows by 1 KB each", size_of_a_chat),
)
"""Name, and what measures it."""
