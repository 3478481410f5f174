"""Each saver and store that nbflow brings, new and empty."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.checkpoint.encrypted import EncryptedSaver
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.checkpoint.postgres import PostgresSaver
from nbflow.checkpoint.sqlite import SqliteSaver


@pytest.fixture(params=["memory", "sqlite", "sqlite in memory", "encrypted", "postgres"])
def saver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BaseCheckpointSaver]:
    path = tmp_path / "runs.sqlite"
    made: dict[str, Callable[[], BaseCheckpointSaver]] = {
        "memory": InMemorySaver,
        "sqlite": lambda: SqliteSaver(path),
        "sqlite in memory": lambda: SqliteSaver(":memory:"),
        "encrypted": lambda: EncryptedSaver(SqliteSaver(path), bytes(range(32))),
        "postgres": lambda: PostgresSaver(request.getfixturevalue("postgres")),
    }
    with made[request.param]() as saver:
        yield saver


@pytest.fixture
def raw(postgres: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection to the database of the test, beside nbflow's."""
    with psycopg.connect(postgres, autocommit=True) as connection:
        yield connection
