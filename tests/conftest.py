"""What every test shares: asyncio as the only event loop, and where the browser is."""

from __future__ import annotations

import shutil

import pytest


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
