"""Clusters of Dask's, as the tests have them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from distributed import Client, LocalCluster

from tests.executors.pools import WORKERS

__all__ = ["cluster"]


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
