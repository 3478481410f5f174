"""An empty saver of each kind that needs no server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.checkpoint.sqlite import SqliteSaver


@pytest.fixture(params=["memory", "sqlite"])
def saver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BaseCheckpointSaver]:
    path = tmp_path / "runs.sqlite"
    with InMemorySaver() if request.param == "memory" else SqliteSaver(path) as saver:
        yield saver
