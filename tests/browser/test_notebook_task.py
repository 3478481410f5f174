"""A notebook as a task: its questions are forms under the cell that runs the workflow."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.lab import CELL_MS, Lab, Notebook, photograph, write_notebook
from tests.notebook import notebooks

pytestmark = pytest.mark.timeout(120)

CHILD = """
import nbflow
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.func import entrypoint
from nbflow.types import interrupt

@entrypoint(checkpointer=InMemorySaver())
def shelf(name):
    count = interrupt({"question": f"How many {name}?"}, response_schema=int)
    return count, interrupt("On which shelf?", response_schema=str)

nbflow.glue("shelf", shelf.start(name, thread_id="1").result())
"""
PARENT = """
%load_ext nbflow
import nbflow
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.func import entrypoint

stock = nbflow.notebook_task("stock.ipynb")

@entrypoint(checkpointer=InMemorySaver())
def inventory(name):
    return stock(name=name).result().values["shelf"]

run = inventory.start("teas", thread_id="1")
run
"""


def test_the_questions_of_a_notebook_are_answered_under_the_parents_cell(
    page: Page, lab: Lab, shots: Path
) -> None:
    notebooks.write_notebook(lab.root / "stock.ipynb", CHILD, parameters="name = ''")
    write_notebook(lab, "inventory.ipynb", [PARENT, "print(run.result())"])
    notebook = Notebook(page, lab, "inventory.ipynb")
    notebook.open()
    notebook.command("notebook:run-all-cells")
    card = notebook.panel.locator(".nbf-card").first

    expect(card.get_by_text("How many teas?").first).to_be_visible(timeout=CELL_MS)
    card.get_by_role("spinbutton").or_(card.get_by_role("textbox")).first.fill("3")
    photograph(notebook, card, shots, "notebook-asks")
    card.get_by_role("button", name="Submit").click()
    expect(card.get_by_text("On which shelf?").first).to_be_visible(timeout=CELL_MS)
    card.get_by_role("textbox").first.fill("the green one")
    card.get_by_role("button", name="Submit").click()

    expect(notebook.output("(3, 'the green one')")).to_be_visible(timeout=CELL_MS)
    expect(card.locator(".nbf-pill")).to_have_text("Done", timeout=CELL_MS)
    photograph(notebook, card, shots, "notebook-done")
    assert [one for one in lab.kernels() if one.children()] == []
