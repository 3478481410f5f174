"""The gallery: its page is what the list of pictures makes, and the pictures are those it names."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from PIL import Image

_ROOT = Path(__file__).parents[2]
_NOTEBOOKS = _ROOT / "notebooks"
_MOST_BYTES = 1_500_000


def test_the_page_is_what_the_list_of_pictures_makes() -> None:
    made = subprocess.run(
        ["node", "dev/gallery.mjs", "--page"],
        cwd=_ROOT / "nbflow" / "frontend",
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert (_NOTEBOOKS / "gallery.md").read_text(encoding="utf-8") == made, "run: make gallery"


def test_every_picture_is_named_once_and_each_name_is_a_picture() -> None:
    page = (_NOTEBOOKS / "gallery.md").read_text(encoding="utf-8")
    named = re.findall(r'(?:src|srcset)="pictures/([^"]+)"', page)
    kept = list((_NOTEBOOKS / "pictures").iterdir())
    assert sorted(named) == sorted(path.name for path in kept)
    assert len(named) >= 92
    assert all(path.read_bytes()[8:15] == b"WEBPVP8" for path in kept)
    assert sum(path.stat().st_size for path in kept) < _MOST_BYTES


def test_each_picture_is_there_in_light_and_dark() -> None:
    names = {path.stem for path in (_NOTEBOOKS / "pictures").iterdir()}
    light = {name.removesuffix("-light") for name in names if name.endswith("-light")}
    dark = {name.removesuffix("-dark") for name in names if name.endswith("-dark")}
    assert light == dark and len(light) + len(dark) == len(names)


def test_every_convention_is_in_the_gallery() -> None:
    recorded = {path.stem for path in (_ROOT / "tests" / "conventions").glob("*.json")}
    page = (_NOTEBOOKS / "gallery.md").read_text(encoding="utf-8")
    shown = {name.replace("-", "_") for name in re.findall(r"convention-([\w-]+)-light", page)}
    assert shown == recorded


_PICTURE = re.compile(
    r'<picture>\s+<source media="\(prefers-color-scheme: dark\)"'
    r' srcset="notebooks/(?P<dark>[^"]+)">'
    r'\s+<img alt="(?P<alt>[^"]+)"'
    r'\s+src="notebooks/(?P<light>[^"]+)" width="(?P<width>\d+)">'
)


def test_the_readme_shows_its_views_and_leads_to_the_gallery() -> None:
    readme = (_ROOT / "README.md").read_text(encoding="utf-8")
    shown = [found.groupdict() for found in _PICTURE.finditer(readme)]

    assert "(notebooks/gallery.md)" in readme
    assert len(shown) == readme.count("<picture>") == readme.count("<img ")
    views = {one["light"].removeprefix("pictures/").removesuffix("-light.webp") for one in shown}
    assert views >= {"run-waterfall", "inbox-open", "history-compare", "record"}
    for one in shown:
        assert one["dark"] == one["light"].replace("-light", "-dark")
        assert len(one["alt"]) > 60
        for shade in ("light", "dark"):
            with Image.open(_NOTEBOOKS / one[shade]) as picture:
                assert picture.width == int(one["width"]), one[shade]
