"""Clusters of Dask's, as the tests have them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any

from distributed import Client, LocalCluster

from tests.executors.pools import WORKERS

__all__ = ["cluster", "forgotten"]


@contextmanager
def cluster(workers: int = WORKERS) -> Iterator[Client]:
    """A cluster of processes on loopback, without dashboard; its client."""
    with (
        LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=True, host="127.0.0.1",
            dashboard_address="127.0.0.1:0", scheduler_kwargs={"dashboard": False},
        ) as made,
        Client(made) as client,
    ):  # fmt: skip
        yield client


def forgotten(executor: Executor) -> bool:
    """Wait until the scheduler, where there is one, knows no task any more."""
    client: Client | None = getattr(executor, "_client", None)
    while client is not None and client.run_on_scheduler(_tasks_known):
        pass
    return True


def _tasks_known(dask_scheduler: Any) -> int:
    return len(dask_scheduler.tasks)
