"""nbflow's stores pass the tests that it asks of every store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from nbflow.store.base import BaseStore
from nbflow.store.memory import InMemoryStore
from nbflow.store.postgres import PostgresStore
from nbflow.store.sqlite import SqliteStore
from nbflow.testing.stores import ExpiryConformance, IndexConformance, StoreConformance
from tests.postgres import own_schema


class TestStores(StoreConformance, ExpiryConformance, IndexConformance):
    @pytest.fixture(params=["memory", "sqlite", "postgres"])
    def make_store(
        self, request: pytest.FixtureRequest, tmp_path: Path
    ) -> Iterator[Callable[..., BaseStore]]:
        with ExitStack() as schemas:

            def make(**options: Any) -> BaseStore:
                if request.param == "memory":
                    return InMemoryStore(**options)
                if request.param == "sqlite":
                    count = len(list(tmp_path.iterdir()))
                    return SqliteStore(tmp_path / f"{count}.sqlite", **options)
                server = request.getfixturevalue("postgres_server")
                return PostgresStore(schemas.enter_context(own_schema(server)), **options)

            yield make
