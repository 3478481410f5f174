"""A run that is frozen, and a record that is loaded, in JupyterLab."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Page, expect

from tests.browser.lab import CELL_MS, Lab, Notebook, photograph, write_notebook

pytestmark = pytest.mark.timeout(120)

CELLS = [
    """
%load_ext nbflow
from typing import Literal
from nbflow import export
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.func import entrypoint, task
from nbflow.types import interrupt

@task
def fetch(name):
    return f"5 rows of {name}"

@entrypoint(checkpointer=InMemorySaver())
def prepare(name: str):
    rows = fetch(name).result()
    return rows, interrupt("Keep it?", response_schema=Literal["keep", "drop"])
""",
    "run = prepare.start('table', thread_id='1')\nrun",
    "run.wait(); run.resume('keep'); run.result(); run.freeze(); export.json(run, path='1.json')",
    "export.load('1.json')",
    "%nbflow threads",
]


def test_a_frozen_card_gives_way_to_its_record(page: Page, lab: Lab, shots: Path) -> None:
    """P23"""
    write_notebook(lab, "frozen.ipynb", CELLS)
    notebook = Notebook(page, lab, "frozen.ipynb")
    notebook.open()
    notebook.command("notebook:run-all-cells")
    cells = notebook.panel.locator(".jp-CodeCell")
    frozen, loaded = cells.nth(1), cells.nth(3)
    expect(notebook.output("1 thread")).to_be_visible(timeout=CELL_MS)

    expect(frozen.locator(".nbflow-record")).to_be_visible()
    expect(frozen.get_by_text("● keep")).to_be_visible()
    expect(frozen.locator(".nbf-card")).to_have_count(0)
    expect(loaded.locator(".nbf-card")).to_be_visible()
    expect(loaded.locator(".nbf-pill")).to_have_text("Done")
    expect(loaded.locator(".nbflow-record")).to_be_hidden()
    expect(loaded.get_by_role("button", name="Submit")).to_have_count(0)
    photograph(notebook, frozen, shots, "frozen")
    notebook.save()

    saved = nbformat.read(lab.root / "frozen.ipynb", as_version=4)
    kept = [output.data for output in saved.cells[1].outputs]
    assert [sorted(data) for data in kept] == [["text/html", "text/plain"]] * 2
    assert "● keep" in kept[1]["text/html"] and "<script" not in kept[1]["text/html"]
