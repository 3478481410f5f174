"""The README's moving picture is there, moves, is small, and is the first thing that is seen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image, ImageSequence

_ROOT = Path(__file__).parents[2]
_README = (_ROOT / "README.md").read_text(encoding="utf-8")
_FILMS = {shade: _ROOT / "notebooks" / f"film-{shade}.webp" for shade in ("light", "dark")}
_SIZE = (968, 726)
_MOST_BYTES = 1_000_000


@pytest.mark.parametrize("shade", _FILMS)
def test_the_film_moves_is_small_and_plays_for_ever(shade: str) -> None:
    assert _FILMS[shade].stat().st_size < _MOST_BYTES
    with Image.open(_FILMS[shade]) as film:
        assert (film.format, film.size, film.info["loop"]) == ("WEBP", _SIZE, 0)
        assert sum(1 for _ in ImageSequence.Iterator(film)) > 60


def test_the_first_screen_shows_the_film_and_then_two_commands() -> None:
    first, _, _ = _README.partition("\n## ")
    named = re.findall(r'(?:src|srcset)="notebooks/([^"]+)"', first)
    commands = re.findall(r"^make \w+", first, re.M)

    assert sorted(named) == sorted(film.name for film in _FILMS.values())
    assert commands == ["make demo", "make test"]
    assert first.index("film-light") < first.index("make demo")
