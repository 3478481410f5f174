"""The reference notebook names everything that is public, and says what the code says."""

from __future__ import annotations

import importlib

import nbformat
import pytest

from tests.reference import CHAPTERS, NOTEBOOK, notebook
from tests.unit.test_public_names import PUBLIC

_COMMITTED = nbformat.read(NOTEBOOK, as_version=4)


def test_the_committed_reference_is_what_the_docstrings_make() -> None:
    made = [(cell.cell_type, cell.source) for cell in notebook().cells]
    kept = [(cell.cell_type, cell.source) for cell in _COMMITTED.cells]

    assert kept == made, "make reference brings it up to date"


def test_every_public_name_is_in_it() -> None:
    text = "\n".join(cell.source for cell in _COMMITTED.cells)
    public = {
        name
        for module in PUBLIC
        for name in getattr(importlib.import_module(module), "__all__", ())
        if not name.startswith("__")
    }

    missing = {name for name in public if f"`{name}`" not in text and f"`{name}(" not in text}
    assert missing == set()


@pytest.mark.parametrize("module", sorted(sum(CHAPTERS.values(), ())))
def test_every_module_of_a_chapter_is_public(module: str) -> None:
    assert module in PUBLIC
