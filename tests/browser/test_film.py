"""The README's moving picture: its story runs, and the films that are kept were made of it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image, ImageSequence
from playwright.sync_api import Browser

from tests.browser.film import FILMS, SIZE, USER, shoot
from tests.browser.lab import serve


def _seconds(path: Path) -> float:
    total = 0
    with Image.open(path) as film:
        for frame in ImageSequence.Iterator(film):
            frame.load()
            total += frame.info["duration"]
    return total / 1000


@pytest.mark.timeout(180)
def test_the_story_of_the_film_runs_and_takes_as_long(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NBFLOW_USER", USER)
    (root := tmp_path / "served").mkdir()
    (state := tmp_path / "state").mkdir()
    with serve(root, state) as lab:
        frames = shoot(browser, lab, "dark")

    sizes = {Image.open(io.BytesIO(frame.png)).size for frame in frames}
    assert sizes == {SIZE}
    seconds = sum(frame.ms for frame in frames) / 1000
    assert 15 <= seconds <= 25
    assert {_seconds(film) for film in FILMS.values()} == {seconds}, "run: make film"
