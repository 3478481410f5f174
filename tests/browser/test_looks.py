"""Every state of what is shown, in a theme and a width: nothing is hard to see.

The states take turns at the themes and widths; `make looks` looks at each in all of them.
`nbflow/frontend/dev/shots.mjs` plays golden messages to the built widget in Chromium. It finds what
axe finds (contrast 4.5 to one among it), lines of controls below 3 to 1, a focus without a ring, a
page that scrolls sideways, what lies over something else, and what moves where no motion is wanted.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser

FRONTEND = Path(__file__).parents[2] / "nbflow" / "frontend"
VIEWS = "light:320,dark:2000,contrast:360,forced-dark:1000"


@pytest.fixture
def chromium(browser: Browser, chromium_executable: str | None) -> str:
    return chromium_executable or browser.browser_type.executable_path


def looked_at(chromium: str, views: str, *states: str, in_turn: str = "") -> list[str]:
    """The states and what is wrong with them, one line for each."""
    found = subprocess.run(
        ["node", "dev/shots.mjs", "-", *states],
        cwd=FRONTEND,
        env={**os.environ, "VIEWS": views, "CHROMIUM": chromium, "IN_TURN": in_turn},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.stderr == ""
    return found.stdout.splitlines()


@pytest.mark.timeout(600)
def test_every_state_can_be_seen(chromium: str) -> None:
    lines = looked_at(chromium, VIEWS, in_turn="1")
    assert len(lines) >= 95
    assert [line for line in lines if not line.endswith(" ok")] == []


@pytest.mark.timeout(120)
def test_views_can_be_mirrored(chromium: str) -> None:
    """P20: as a language from right to left has them"""
    states = [
        "question", "formats", "lists", "edited", "several", "timeline", "timelineWaterfall",
        "history-compare", "inboxOpen", "start",
    ]  # fmt: skip
    lines = looked_at(chromium, "mirrored:360", *states)
    assert sorted(lines) == sorted(f"{state} mirrored 360 ok" for state in states)


@pytest.mark.timeout(120)
def test_german_words_fit(chromium: str) -> None:
    """P20: in the narrowest cell, in every state that needs no English word to come about"""
    lines = looked_at(chromium, "german:320")
    assert len(lines) >= 15
    assert [line for line in lines if not line.endswith(" ok")] == []


@pytest.mark.timeout(120)
def test_less_motion_other_system_colours_and_paper(chromium: str) -> None:
    states = ["running", "question", "edited", "several", "inboxOpen", "history"]
    lines = looked_at(chromium, "still:1000,forced:1000,print:700", *states)
    assert sorted(lines) == sorted(
        f"{state} {view} ok"
        for state in states
        for view in ("still 1000", "forced 1000", "print 700")
    )
