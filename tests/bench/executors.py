"""What a task costs that an executor runs, beside the executor alone.

All tasks of a run are called, then all results taken; alone, the same function is submitted to the
executor, or to Dask's client, whose ``gather`` takes the results. Interleaved, the best of all
rounds.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import operator
import platform
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from distributed import Client, LocalCluster

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.func import entrypoint, task
from tests.bench.__main__ import timed

_WORKERS = 2
_RESULTS = Path(__file__).parent / "EXECUTORS.md"

Run = Callable[[], int]
"""Does its work once; returns how many tasks that were."""

Alone = Callable[[int], list[int]]
"""Results of so many calls, without nbflow."""


def _of_pool(pool: Executor, count: int) -> list[int]:
    futures: list[Future[int]] = [pool.submit(operator.neg, n) for n in range(count)]
    return [future.result() for future in futures]


@contextmanager
def threads() -> Iterator[tuple[Executor, Alone]]:
    with ThreadPoolExecutor(_WORKERS) as pool:
        yield pool, partial(_of_pool, pool)


@contextmanager
def processes() -> Iterator[tuple[Executor, Alone]]:
    with ProcessPoolExecutor(_WORKERS, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool, partial(_of_pool, pool)


@contextmanager
def dask() -> Iterator[tuple[Executor, Alone]]:
    with (
        LocalCluster(
            n_workers=_WORKERS, threads_per_worker=1, host="127.0.0.1",
            dashboard_address="127.0.0.1:0", scheduler_kwargs={"dashboard": False},
        ) as cluster,
        Client(cluster) as client,
    ):  # fmt: skip

        def gathered(count: int) -> list[int]:
            futures = [client.submit(operator.neg, n, pure=False) for n in range(count)]
            return list(client.gather(futures))

        yield client.get_executor(), gathered


KINDS = {"threads": threads, "processes": processes, "Dask, local cluster": dask}


def bare(alone: Alone, count: int) -> Run:
    def run() -> int:
        assert sum(alone(count)) == -sum(range(count))
        return count

    return run


def kept(executor: Executor, saver: BaseCheckpointSaver, count: int) -> Run:
    negative: Any = task(operator.neg)
    ids = itertools.count()

    @entrypoint(checkpointer=saver, executor=executor)
    def workflow(count: int) -> int:
        return sum(future.result() for future in [negative(n) for n in range(count)])

    def run() -> int:
        config = {"configurable": {"thread_id": str(next(ids))}}
        assert workflow.invoke(count, config) == -sum(range(count))
        return count

    return run


def lines(count: int, rounds: int) -> Iterator[str]:
    """The report, a line at a time, as a Markdown table."""
    yield f"Python {platform.python_version()}, Dask {version('distributed')}, {_WORKERS} workers; "
    yield f"runs of {count} tasks, the best of {rounds} interleaved rounds; microseconds a task.\n"
    yield f"| {'':20} | {'alone':>8} | {'in memory':>9} | {'SQLite':>8} | {'by alone':>8} |"
    yield f"|{'-' * 22}|{'-' * 9}:|{'-' * 10}:|{'-' * 9}:|{'-' * 9}:|"
    for name, kind in KINDS.items():
        with kind() as (executor, alone), tempfile.TemporaryDirectory() as folder:
            saver = SqliteSaver(str(Path(folder) / "runs.sqlite"))
            runs = [
                bare(alone, count),
                kept(executor, InMemorySaver(), count),
                kept(executor, saver, count),
            ]
            for run in runs:
                run()
            costs = [[timed(run) for run in runs] for _ in range(rounds)]
        least, memory, sqlite = map(min, zip(*costs, strict=True))
        times = sqlite / least
        yield f"| {name:20} | {least:8.0f} | {memory:9.0f} | {sqlite:8.0f} | {times:7.2f}x |"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.executors", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="repetitions of each")
    parser.add_argument("--count", type=int, default=500, help="tasks in one run")
    parser.add_argument("--write", action="store_true", help="keep the report in EXECUTORS.md")
    options = parser.parse_args()
    report: list[str] = []
    for line in lines(options.count, options.rounds):
        print(line, flush=True)
        report.append(line)
    if options.write:
        _RESULTS.write_text("\n".join(["# Costs of tasks that executors run\n", *report, ""]))


if __name__ == "__main__":
    main()
