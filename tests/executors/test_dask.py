"""A cluster of Dask's as the executor, of real processes."""

from __future__ import annotations

import os
import signal
from concurrent.futures import BrokenExecutor, Future
from pathlib import Path
from typing import Any

import dask
import pytest
from distributed import Client, KilledWorker
from distributed.client import ClosedClientError

from nbflow.checkpoint.memory import InMemorySaver
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.errors import DeclarationError, InvalidConfigError
from nbflow.func import entrypoint, task
from nbflow.types import Command, RetryPolicy, interrupt
from tests.executors import bodies
from tests.executors.clusters import cluster, forgotten
from tests.unit.drive import kinds_of, on_thread

pytestmark = pytest.mark.timeout(300)

MANY = 2_000


def test_many_tasks_with_a_question_between_two_waves(dask: Client, tmp_path: Path) -> None:
    @entrypoint(checkpointer=SqliteSaver(str(tmp_path / "runs.sqlite")))
    def workflow(count: int) -> int:
        first = sum(f.result() for f in [bodies.square(n) for n in range(count // 2)])
        more = interrupt(first)
        rest = [bodies.square(n) for n in range(more, more + count // 2)]
        return first + sum(f.result() for f in rest)

    config = on_thread("1", executor=dask.get_executor())
    (asked,) = workflow.invoke(MANY, config)["__interrupt__"]
    assert asked.value == sum(n * n for n in range(MANY // 2))
    total = workflow.invoke(Command(resume=MANY // 2), config)
    assert total == sum(n * n for n in range(MANY))
    assert forgotten(config["executor"])


def test_a_worker_killed_in_the_middle_loses_nothing(tmp_path: Path) -> None:
    saver, folder = InMemorySaver(), str(tmp_path)

    @entrypoint(checkpointer=saver)
    def workflow(count: int) -> list[int]:
        waiting = [bodies.begins_and_waits(folder, n) for n in range(count)]
        bodies.all_at_work(folder)
        os.kill(_a_worker(client), signal.SIGKILL)
        (tmp_path / "open").touch()
        return [future.result() for future in waiting]

    with cluster() as client:
        config = on_thread("1", executor=client.get_executor())
        assert workflow.invoke(40, config) == list(range(40))
    assert kinds_of(saver, "begins_and_waits") == 40 * ["result"]


def _a_worker(client: Client) -> int:
    """The process id of one of its workers."""
    pids: dict[str, int] = client.run(os.getpid)
    return next(iter(pids.values()))


def test_a_task_that_kills_its_workers_fails(tmp_path: Path) -> None:
    saver, folder = InMemorySaver(), str(tmp_path)

    @entrypoint(checkpointer=saver)
    def workflow(times: int) -> int:
        return bodies.dies(folder, times).result()

    with dask.config.set({"distributed.scheduler.allowed-failures": 0}), cluster() as client:
        config = on_thread("1", executor=client.get_executor())
        with pytest.raises(KilledWorker) as lost:
            workflow.invoke(1, config)
        assert "RetryPolicy whose retry_on matches KilledWorker" in lost.value.__notes__[0]
        assert workflow.invoke(None, config) == 1
    assert kinds_of(saver, "dies") == ["error", "void", "result"]


def test_a_policy_tries_again_after_lost_workers(tmp_path: Path) -> None:
    dies = task(retry_policy=RetryPolicy(initial_interval=0, jitter=False, retry_on=KilledWorker))(
        bodies.dies.func
    )

    @entrypoint(checkpointer=InMemorySaver())
    def workflow(folder: str) -> Any:
        return dies(folder, 2).result()

    with dask.config.set({"distributed.scheduler.allowed-failures": 0}), cluster() as client:
        assert workflow.invoke(str(tmp_path), on_thread("1", executor=client.get_executor())) == 2


def test_a_cluster_that_is_gone_fails_the_task() -> None:
    @entrypoint(checkpointer=InMemorySaver())
    def workflow(n: int) -> int:
        return bodies.square(n).result()

    with cluster(1) as client:
        executor = client.get_executor()
    with pytest.raises(ClosedClientError) as gone:
        workflow.invoke(1, on_thread("1", executor=executor))
    assert "could not bring task 'square' to its end" in gone.value.__notes__[0]


def test_a_client_that_is_closed_meanwhile_fails_its_tasks(tmp_path: Path) -> None:
    folder = str(tmp_path)

    @entrypoint(checkpointer=InMemorySaver())
    def workflow(n: int) -> int:
        waiting = bodies.begins_and_waits(folder, n)
        bodies.until(tmp_path / "begun")
        client.close()
        (tmp_path / "open").touch()
        return waiting.result()

    with cluster(1) as client, pytest.raises(BrokenExecutor, match="gave the task up"):
        workflow.invoke(1, on_thread("1", executor=client.get_executor()))


def test_an_executor_that_is_shut_down_takes_nothing(dask: Client) -> None:
    @entrypoint(checkpointer=InMemorySaver())
    def workflow(n: int) -> int:
        return bodies.square(n).result()

    executor = dask.get_executor()
    executor.shutdown()
    with pytest.raises(RuntimeError, match="after shutdown"):
        workflow.invoke(1, on_thread("1", executor=executor))


def test_where_it_runs_is_what_the_executor_was_told(dask: Client) -> None:
    address, pid = next(iter(dask.run(os.getpid).items()))

    @entrypoint(checkpointer=InMemorySaver())
    def workflow(count: int) -> set[int]:
        return {future.result()[0] for future in [bodies.where(n) for n in range(count)]}

    config = on_thread("1", executor=dask.get_executor(workers=[address]))
    assert workflow.invoke(10, config) == {pid}


def test_the_client_itself_is_no_executor(dask: Client) -> None:
    with pytest.raises(DeclarationError, match=r"client\.get_executor\(\)"):
        task(executor=dask)(bodies.square.func)  # type: ignore[call-overload]
    with pytest.raises(InvalidConfigError, match=r"client\.get_executor\(\)"):
        bodies.with_a_thread.invoke(1, on_thread("1", executor=dask))


def test_other_work_of_the_client_goes_on_beside_it(dask: Client) -> None:
    own: Future[int] = dask.get_executor().submit(abs, -3)

    @entrypoint(checkpointer=InMemorySaver())
    def workflow(n: int) -> int:
        return bodies.square(n).result()

    assert workflow.invoke(2, on_thread("1", executor=dask.get_executor())) == 4
    assert own.result() == 3
