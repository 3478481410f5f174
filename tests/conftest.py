"""What every test shares: asyncio as the only event loop, where the browser is, and Postgres."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.postgres import own_schema, running_server


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The event loop of the async tests."""
    return "asyncio"


def find_chromium() -> str | None:
    """The system's Chromium; None means Playwright's own, which it finds by itself."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for path in map(shutil.which, names) if path), None)


@pytest.fixture(scope="session")
def chromium_executable() -> str | None:
    """Where the browser is, as `find_chromium` says."""
    return find_chromium()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The DSN of a real server: that of NBFLOW_TEST_POSTGRES_DSN, or one started here."""
    given = os.environ.get("NBFLOW_TEST_POSTGRES_DSN")
    if given:
        yield given
        return
    with running_server() as server:
        yield server.dsn


@pytest.fixture
def postgres(postgres_server: str) -> Iterator[str]:
    """A DSN whose tables nobody else sees."""
    with own_schema(postgres_server) as dsn:
        yield dsn
