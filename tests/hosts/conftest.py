"""One Chromium for all hosts; it ends with this package, since Playwright keeps an event loop."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.lab import FLAGS


@pytest.fixture(scope="package")
def browser(chromium_executable: str | None) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_executable, args=FLAGS)
        yield chromium
        chromium.close()
