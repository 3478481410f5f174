"""Executors of each kind: threads, processes, and a cluster of Dask's, all of this machine."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor

import pytest
from distributed import Client

from tests.executors.clusters import cluster
from tests.executors.pools import WORKERS, process_pool


@pytest.fixture(scope="session")
def thread_pool() -> Iterator[Executor]:
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="theirs") as pool:
        yield pool


@pytest.fixture(scope="session")
def processes() -> Iterator[Executor]:
    with process_pool() as pool:
        yield pool


@pytest.fixture(scope="session")
def dask() -> Iterator[Client]:
    with cluster() as client:
        yield client


@pytest.fixture(params=["threads", "processes", "dask"])
def executor(request: pytest.FixtureRequest) -> Executor:
    """One of each kind."""
    if request.param == "threads":
        made: Executor = request.getfixturevalue("thread_pool")
    elif request.param == "processes":
        made = request.getfixturevalue("processes")
    else:
        made = request.getfixturevalue("dask").get_executor()
    return made
