"""Fixtures of the engine's tests: every saver, both halves of the API."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.checkpoint.sqlite import SqliteSaver
from tests.unit.drive import Config, Drive, on_thread


@pytest.fixture(params=["memory", "sqlite"])
def saver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BaseCheckpointSaver]:
    """An empty saver of each kind."""
    made: BaseCheckpointSaver = (
        InMemorySaver() if request.param == "memory" else SqliteSaver(str(tmp_path / "runs.sqlite"))
    )
    yield made
    made.close()


@pytest.fixture(params=["sync", "async"])
def drive(request: pytest.FixtureRequest) -> Drive:
    """Runs workflows by their sync, then by their async methods."""
    return Drive(request.param)


@pytest.fixture
def config() -> Config:
    """Names one thread."""
    return on_thread("some_thread_id")


@pytest.fixture
def rows(saver: BaseCheckpointSaver) -> Callable[[], dict[str, int]]:
    """Counts what the saver holds: threads, runs, ops, checkpoints."""

    def count() -> dict[str, int]:
        threads = saver.list_threads()
        runs = [run for t in threads for run in saver.list_runs(t.thread_id, t.ns)]
        return {
            "threads": len(threads),
            "runs": len(runs),
            "ops": sum(len(saver.get_ops(run.id)) for run in runs),
            "checkpoints": sum(
                len(list(saver.list_checkpoints(t.thread_id, t.ns))) for t in threads
            ),
        }

    return count
