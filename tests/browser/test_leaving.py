"""A page with an answer that is not sent, left in a real browser: asked about only what is lost."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser

FRONTEND = Path(__file__).parents[2] / "nbflow" / "frontend"


@pytest.mark.timeout(120)
def test_a_reload_keeps_a_draft_and_asks_where_it_cannot(
    browser: Browser, chromium_executable: str | None
) -> None:
    chromium = chromium_executable or browser.browser_type.executable_path
    found = subprocess.run(
        ["node", "dev/leaving.mjs"],
        cwd=FRONTEND,
        env={**os.environ, "CHROMIUM": chromium},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(found.stdout) == {
        "kept": {
            "said": "Draft kept in this tab.",
            "asked": [],
            "kept": {"Serial number": "QX-0001"},
        },
        "secret": {
            "said": "Draft kept in this tab, but not its secrets: "
            "enter those again after a reload.",
            "asked": ["beforeunload"],
            "kept": {"PIN": ""},
        },
        "full": {
            "said": "Draft not kept: the browser stores nothing more for this page. "
            "It is gone once the page is closed or reloaded.",
            "asked": ["beforeunload"],
            "kept": {"Serial number": "QX-0417"},
        },
    }
