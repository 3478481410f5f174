"""One JupyterLab for all browser tests; a fresh page and a copy of the notebooks for each.

The browser ends with this package: Playwright keeps an event loop in the main thread.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.lab import FLAGS, Lab, serve

LOCAL = ("http://127.0.0.1:", "data:", "blob:", "about:", "file:")
NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


@pytest.fixture(scope="package")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with serve(tmp_path_factory.mktemp("served"), tmp_path_factory.mktemp("state")) as running:
        yield running


@pytest.fixture(scope="package")
def browser(chromium_executable: str | None) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_executable, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that asks nobody but this machine for anything, and in which nothing of nbflow's fails
    unseen: else the test does."""
    context = browser.new_context(viewport={"width": 1100, "height": 1000}, locale="en-GB")
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    failed: list[str] = []
    page.on("pageerror", lambda error: failed.append(error.stack or str(error)))
    yield page
    context.close()
    assert [url for url in asked if not url.startswith(LOCAL)] == []
    assert [error for error in failed if "nbflow" in error or "blob:" in error] == []


@pytest.fixture
def notebooks(lab: Lab, request: pytest.FixtureRequest) -> Path:
    """A fresh copy of the notebooks under the server's root."""
    folder: Path = lab.root / request.node.name
    shutil.copytree(NOTEBOOKS, folder, ignore=shutil.ignore_patterns(".*", "*.sqlite*"))
    return folder


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    """Where screenshots go: the folder in NBFLOW_SHOTS, or one that pytest keeps for a while."""
    folder = Path(os.environ.get("NBFLOW_SHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
