"""How far one thread and one database go, beside what is aimed at: many tasks, many checkpoints, a
long value.

Each line is measured in a process of its own, which opens the database as any other would. Its
memory is the most that it ever held, with Python and nbflow in it; by the size of a long value it
is what came on top of those, to a tenth.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.checkpoint.postgres import PostgresSaver
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.func import entrypoint, task
from nbflow.types import Command, interrupt
from nbflow.workflow import Workflow
from tests.locks import locked_file, locked_tables
from tests.postgres import own_schema, running_server

_RESULTS = Path(__file__).parent / "SCALE.md"
_DATABASE = "NBFLOW_BENCH_DATABASE"
"""What tells a process its database; a DSN has a password in it, which no argument should."""

_TASKS = 10_000
_RUNS = 50_000
"""Each leaves two checkpoints."""
_PAGE = 50
_BYTES = 200 << 20
_MB = 1e6
_LOCKED_S, _TICK_S = 1.0, 0.001

_THREAD: Any = {"configurable": {"thread_id": "1"}}

Figures = dict[str, float]
"""By the name of what was measured."""


# -- programs --------------------------------------------------------------------------------


def tasks_then_a_question(saver: BaseCheckpointSaver, *, at_once: bool) -> Workflow[Any, Any]:
    @task
    def work(n: int) -> int:
        return -n

    @entrypoint(checkpointer=saver)
    def one_by_one(count: int) -> Any:
        return [sum(work(n).result() for n in range(count)), interrupt("?")]

    @entrypoint(checkpointer=saver)
    def all_at_once(count: int) -> Any:
        calls = [work(n) for n in range(count)]
        return [sum(call.result() for call in calls), interrupt("?")]

    return all_at_once if at_once else one_by_one


def tasks_on_a_loop(saver: BaseCheckpointSaver) -> Workflow[Any, Any]:
    @task
    async def work(n: int) -> int:
        return -n

    @entrypoint(checkpointer=saver)
    async def one_by_one(count: int) -> int:
        return sum([await work(n) for n in range(count)])

    return one_by_one


def counter(saver: BaseCheckpointSaver) -> Workflow[Any, Any]:
    @entrypoint(checkpointer=saver)
    def count(n: int, *, previous: int = 0) -> int:
        return n + previous

    return count


def long_value(saver: BaseCheckpointSaver, *, returned: bool = True) -> Workflow[Any, Any]:
    @task
    def load(count: int) -> bytes:
        return os.urandom(count)

    @entrypoint(checkpointer=saver)
    def whole(count: int) -> bytes:
        return load(count).result()

    @entrypoint(checkpointer=saver)
    def length(count: int) -> int:
        return len(load(count).result())

    return whole if returned else length


# -- what is measured, in a process of its own -----------------------------------------------


def run(saver: BaseCheckpointSaver, *, at_once: bool = False) -> Figures:
    workflow = tasks_then_a_question(saver, at_once=at_once)
    with _timed() as took:
        asked = workflow.invoke(_TASKS, _THREAD)
    assert len(asked["__interrupt__"]) == 1
    return {"ms": took.s / _TASKS * 1e3, "peak": _peak_mb()}


def resume(saver: BaseCheckpointSaver, *, at_once: bool = False) -> Figures:
    workflow = tasks_then_a_question(saver, at_once=at_once)
    with _timed() as took:
        result = workflow.invoke(Command(resume="yes"), _THREAD)
    assert result == [-sum(range(_TASKS)), "yes"]
    return {"s": took.s, "peak": _peak_mb()}


def run_at_once(saver: BaseCheckpointSaver) -> Figures:
    return run(saver, at_once=True)


def resume_at_once(saver: BaseCheckpointSaver) -> Figures:
    return resume(saver, at_once=True)


def on_a_loop(saver: BaseCheckpointSaver) -> Figures:
    workflow = tasks_on_a_loop(saver)
    return {"longest ms": asyncio.run(_longest_turn_ms(workflow, _TASKS))}


def locked(saver: BaseCheckpointSaver) -> Figures:
    """While somebody else has the database for a second."""
    workflow, database = tasks_on_a_loop(saver), os.environ[_DATABASE]
    lock = locked_tables(database) if _is_dsn(database) else locked_file(Path(database))

    async def play() -> float:
        with lock:
            turns = asyncio.create_task(_longest_turn_ms(workflow, 100))
            await asyncio.sleep(_LOCKED_S)
        return await turns

    return {"longest ms": asyncio.run(play())}


async def _longest_turn_ms(workflow: Workflow[Any, Any], tasks: int) -> float:
    """The longest time that an event loop did not come to what was due, during a run."""
    call, longest_s = asyncio.create_task(workflow.ainvoke(tasks, _THREAD)), 0.0
    while not call.done():
        with _timed() as took:
            await asyncio.sleep(_TICK_S)
        longest_s = max(longest_s, took.s - _TICK_S)
    assert call.result() == -sum(range(tasks))
    return longest_s * 1e3


def fill(saver: BaseCheckpointSaver) -> Figures:
    workflow = counter(saver)
    for n in range(_RUNS):
        workflow.invoke(n, _THREAD)
    return {}


def page(saver: BaseCheckpointSaver) -> Figures:
    """The newest page, which is the first thing that the process reads, and one from the middle."""
    workflow = counter(saver)
    newest_ms = _page_ms(workflow, None, sum(range(_RUNS)))
    peak = _peak_mb()
    middle = next(islice(saver.list_checkpoints("1"), _RUNS - 1, None))
    before = {"configurable": {**_THREAD["configurable"], "checkpoint_id": middle.id}}
    middle_ms = _page_ms(workflow, before, sum(range(_RUNS // 2)))
    return {"newest ms": newest_ms, "middle ms": middle_ms, "peak": peak}


def _page_ms(workflow: Workflow[Any, Any], before: Any, first: int) -> float:
    with _timed() as took:
        states = list(workflow.get_state_history(_THREAD, before=before, limit=_PAGE))
        values = [(state.values, state.metadata, state.status) for state in states]
    assert (len(values), values[0][0]) == (_PAGE, first)
    return took.s * 1e3


def store_long(saver: BaseCheckpointSaver) -> Figures:
    workflow, own_mb = long_value(saver, returned=False), _peak_mb()
    with _timed() as took:
        assert workflow.invoke(_BYTES, _THREAD) == _BYTES
    return {"s": took.s, "by size": _by_size(own_mb)}


def return_long(saver: BaseCheckpointSaver) -> Figures:
    workflow, own_mb = long_value(saver), _peak_mb()
    with _timed() as took:
        assert len(workflow.invoke(_BYTES, _THREAD)) == _BYTES
    return {"s": took.s, "by size": _by_size(own_mb)}


def look_at_long(saver: BaseCheckpointSaver) -> Figures:
    workflow = long_value(saver)
    with _timed() as took:
        state = workflow.get_state(_THREAD)
        assert (state.next, state.status) == ((), "done")
    return {"ms": took.s * 1e3, "peak": _peak_mb()}


def read_long(saver: BaseCheckpointSaver) -> Figures:
    state, own_mb = long_value(saver).get_state(_THREAD), _peak_mb()
    with _timed() as took:
        assert len(state.values) == _BYTES
    return {"s": took.s, "by size": _by_size(own_mb)}


def _by_size(own_mb: float) -> float:
    """The most memory since the process held so much, by the size of the long value."""
    return round((_peak_mb() - own_mb) * _MB / _BYTES, 1)


_PROGRAMS: dict[str, Callable[[BaseCheckpointSaver], Figures]] = {
    program.__name__: program
    for program in (
        run, resume, run_at_once, resume_at_once, on_a_loop, locked, fill, page, store_long,
        return_long, look_at_long, read_long,
    )
}  # fmt: skip


@dataclass
class _Took:
    s: float = 0.0


@contextmanager
def _timed() -> Iterator[_Took]:
    took, began = _Took(), time.perf_counter()
    yield took
    took.s = time.perf_counter() - began


def _peak_mb() -> float:
    """Of this process; ``getrusage`` counts what it was before its ``exec``, too."""
    (kb,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(kb) * 1024 / _MB


# -- the report ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    name: str
    figure: tuple[str, str]
    """The program that measures it, and under which name."""
    unit: str
    aim: float | None = None
    """It holds when the figure is no larger."""


LINES = (
    Line(name="a task of 10,000 in a row", figure=("run", "ms"), unit="ms", aim=0.5),
    Line(name="... memory", figure=("run", "peak"), unit="MB", aim=150),
    Line(name="... to go on after a restart", figure=("resume", "s"), unit="s", aim=1),
    Line(name="... memory", figure=("resume", "peak"), unit="MB", aim=150),
    Line(name="a task of 10,000 at once", figure=("run_at_once", "ms"), unit="ms", aim=0.5),
    Line(name="... memory", figure=("run_at_once", "peak"), unit="MB", aim=150),
    Line(name="... to go on after a restart", figure=("resume_at_once", "s"), unit="s", aim=1),
    Line(name="... memory", figure=("resume_at_once", "peak"), unit="MB", aim=150),
    Line(name="a loop's longest turn", figure=("on_a_loop", "longest ms"), unit="ms", aim=50),
    Line(name="... database locked for 1 s", figure=("locked", "longest ms"), unit="ms", aim=50),
    Line(name="newest 50 of 100,000 checkpoints", figure=("page", "newest ms"), unit="ms", aim=50),
    Line(name="... 50 from the middle", figure=("page", "middle ms"), unit="ms", aim=50),
    Line(name="... memory", figure=("page", "peak"), unit="MB", aim=150),
    Line(name="a task's result of 200 MiB", figure=("store_long", "s"), unit="s"),
    Line(name="... memory, by its size", figure=("store_long", "by size"), unit="x", aim=2),
    Line(name="... file, by its size", figure=("store_long", "file"), unit="x", aim=1.05),
    Line(name="... returned by the run, too", figure=("return_long", "s"), unit="s"),
    Line(name="... memory, by its size", figure=("return_long", "by size"), unit="x", aim=2),
    Line(name="... file, by its size", figure=("return_long", "file"), unit="x", aim=1.05),
    Line(name="... get_state", figure=("look_at_long", "ms"), unit="ms", aim=50),
    Line(name="... memory", figure=("look_at_long", "peak"), unit="MB", aim=150),
    Line(name="... its values read", figure=("read_long", "s"), unit="s"),
    Line(name="... memory, by its size", figure=("read_long", "by size"), unit="x", aim=2),
)

_DATABASES = (("run", "resume"), ("run_at_once", "resume_at_once"), ("on_a_loop",), ("locked",),
              ("fill", "page"), ("store_long",),
              ("return_long", "look_at_long", "read_long"))  # fmt: skip
"""Programs that share one, in their order."""


def measured(new_database: Callable[[ExitStack], str], only: str) -> dict[tuple[str, str], float]:
    """Every figure on databases of one kind."""
    found: dict[tuple[str, str], float] = {}
    for programs in _DATABASES:
        if only not in programs and only:
            continue
        with ExitStack() as stack:
            database = new_database(stack)
            for program in programs:
                figures = _in_a_process(program, database)
                if program in ("store_long", "return_long") and not _is_dsn(database):
                    figures["file"] = _bytes_of(Path(database)) / _BYTES
                found |= {(program, name): figure for name, figure in figures.items()}
                print(program, figures, file=sys.stderr, flush=True)
    return found


def _in_a_process(program: str, database: str) -> Figures:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.scale", "--program", program],
        env={**os.environ, _DATABASE: database}, stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    figures: Figures = json.loads(done.stdout)
    return figures


def _bytes_of(database: Path) -> int:
    return sum(file.stat().st_size for file in database.parent.glob(f"{database.name}*"))


def _is_dsn(database: str) -> bool:
    return not database.endswith(".sqlite")


def _saver(database: str) -> BaseCheckpointSaver:
    return PostgresSaver(database) if _is_dsn(database) else SqliteSaver(database)


def _new_file(stack: ExitStack) -> str:
    return str(Path(stack.enter_context(tempfile.TemporaryDirectory()), "runs.sqlite"))


def lines(only: str) -> Iterator[str]:
    """The report, a line at a time, as a Markdown table."""
    with ExitStack() as stack:
        given = os.environ.get("NBFLOW_TEST_POSTGRES_DSN")
        dsn = given or stack.enter_context(running_server()).dsn
        kinds = [_new_file, lambda schemas: schemas.enter_context(own_schema(dsn))]
        columns = [measured(kind, only) for kind in kinds]
    yield (
        f"Python {platform.python_version()}, each line in a process of its own. "
        "Memory is the most "
    )
    yield "that it held; by the size of a value, what came on top of Python and nbflow, to a tenth."
    yield ""
    yield f"| {'':32} | {'aim':>8} | {'SQLite':>15} | {'Postgres':>15} |"
    yield f"|{'-' * 34}|{'-' * 9}:|{'-' * 16}:|{'-' * 16}:|"
    for line in LINES:
        aim = "" if line.aim is None else f"{line.aim:g} {line.unit}"
        cells = [_cell(line, column.get(line.figure)) for column in columns]
        yield f"| {line.name:32} | {aim:>8} | {cells[0]:>15} | {cells[1]:>15} |"


def _cell(line: Line, figure: float | None) -> str:
    if figure is None:
        return ""
    missed = line.aim is not None and figure > line.aim
    return f"{figure:.3g} {line.unit}{', missed' if missed else ''}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.scale", description=__doc__)
    parser.add_argument("--only", default="", help="a program, with those that share its database")
    parser.add_argument("--write", action="store_true", help="keep the report in SCALE.md")
    parser.add_argument("--program", choices=_PROGRAMS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.program is not None:
        with _saver(os.environ[_DATABASE]) as saver:
            print(json.dumps(_PROGRAMS[options.program](saver)))
        return
    report: list[str] = []
    for line in lines(options.only):
        print(line, flush=True)
        report.append(line)
    if options.write:
        _RESULTS.write_text("\n".join(["# One thread, one database\n", *report, ""]))


if __name__ == "__main__":
    main()
