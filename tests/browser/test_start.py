"""A workflow shown in a cell, started from its form by keyboard, over a reload of the page."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Locator, Page, expect

from tests.browser.lab import CELL_MS, Lab, Notebook, photograph

pytestmark = pytest.mark.timeout(240)

WORKFLOW = """
%load_ext nbflow
from typing import Literal

from pydantic import BaseModel, Field

from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.func import entrypoint, task
from nbflow.types import interrupt

class Survey(BaseModel):
    site: str = Field(max_length=40)
    penguins: int = Field(ge=1, le=500)
    species: Literal["Adelie", "Gentoo"] = "Adelie"

@task
def count(survey: Survey) -> str:
    return f"{survey.penguins} {survey.species} at {survey.site}"

@entrypoint(checkpointer=SqliteSaver("runs.sqlite"))
def survey(plan: Survey) -> str:
    "Count the penguins of **one** site."
    found = count(plan).result()
    print("counted", found)
    return found if interrupt(f"Store {found}?", response_schema=bool) else "nothing"
"""

OUTCOME = """
threads = [thread.thread_id for thread in reversed(survey.saver.list_threads())]
print("outcome", [(one, survey.thread(one).result()) for one in threads])
"""


def test_a_workflow_is_started_from_its_form(
    page: Page, lab: Lab, notebooks: Path, shots: Path
) -> None:
    notebook = _open(page, lab, notebooks)
    notebook.command("notebook:run-all-cells")
    card = notebook.panel.get_by_role("group", name="Start survey")
    form = card.get_by_role("form", name="Input of survey")
    expect(form).to_be_visible(timeout=CELL_MS)
    expect(card.locator(".nbf-markdown strong")).to_have_text("one")
    photograph(notebook, card, shots, "start-form")

    _fill_wrong_then_right(page, form)
    notebook.save()
    page.reload()
    notebook.ready()
    expect(form.get_by_role("textbox", name="Penguins")).to_have_value("52", timeout=CELL_MS)
    expect(form.get_by_role("textbox", name="Thread name")).to_have_value("dream")
    form.get_by_role("textbox", name="Thread name").focus()
    page.keyboard.press("ControlOrMeta+Enter")

    _answer(page, notebook, "Store 52 Adelie at Dream?")
    photograph(notebook, notebook.panel.locator(".nbf-start"), shots, "start-done")
    expect(card.get_by_text("Started thread dream")).to_be_visible()
    expect(form).to_be_hidden()

    notebook.save()
    page.reload()
    notebook.ready()
    expect(card.get_by_text("Started thread dream")).to_be_visible(timeout=CELL_MS)
    expect(_runs(notebook)).to_have_count(1)
    result = _runs(notebook).locator(".nbf-outcome")
    expect(result).to_contain_text("52 Adelie at Dream", timeout=CELL_MS)

    _start_another(page, card)
    _answer(page, notebook, "Store 7 Adelie at Dream?")
    expect(_runs(notebook)).to_have_count(2)
    expect(_runs(notebook).nth(1).get_by_role("button", name="Run on thread dream")).to_be_visible()
    photograph(notebook, notebook.panel.locator(".nbf-start"), shots, "start-two")
    assert notebook.panel.locator(".jp-Cell").count() == 3, "no key reached the notebook"
    _run_last_cell(page, notebook)
    outcome = re.compile("outcome .*dream.*52 Adelie at Dream.*7 Adelie at Dream")
    expect(notebook.output(outcome)).to_be_visible(timeout=CELL_MS)


def _open(page: Page, lab: Lab, notebooks: Path) -> Notebook:
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    cells = [new_code_cell(cell.strip()) for cell in (WORKFLOW, "survey", OUTCOME)]
    book = new_notebook(cells=cells, metadata=kernel)
    nbformat.write(book, notebooks / "start.ipynb")
    notebook = Notebook(page, lab, f"{notebooks.name}/start.ipynb")
    notebook.open()
    return notebook


def _runs(notebook: Notebook) -> Locator:
    return notebook.panel.locator(".nbf-run")


def _fill_wrong_then_right(page: Page, form: Locator) -> None:
    form.get_by_role("textbox", name="Site").focus()
    page.keyboard.type("Dream")
    page.keyboard.press("Tab")
    page.keyboard.type("900")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(form.get_by_text("One thing needs another look")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(form.get_by_role("textbox", name="Penguins")).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("52")
    expect(form.get_by_text("needs another look")).to_be_hidden()
    form.get_by_role("textbox", name="Thread name").focus()
    page.keyboard.type("dream")


def _answer(page: Page, notebook: Notebook, question: str) -> None:
    """The newest run's question has the focus when it appears; the run ends with the answer."""
    run = _runs(notebook).first
    expect(run.locator(".nbf-question-title")).to_have_text(question, timeout=CELL_MS)
    expect(run.get_by_role("radio", name="Yes")).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(run.locator(".nbf-pill").last).to_have_text("Done", timeout=CELL_MS)


def _start_another(page: Page, card: Locator) -> None:
    card.get_by_role("button", name="Start another").focus()
    page.keyboard.press("Enter")
    card.get_by_role("button", name="Earlier inputs (1)").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(card.get_by_text("Filled with the input of thread dream.")).to_be_visible()
    expect(card.get_by_role("textbox", name="Site")).to_be_focused()
    expect(card.get_by_role("textbox", name="Site")).to_have_value("Dream")
    page.keyboard.press("Tab")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("7")
    page.keyboard.press("ControlOrMeta+Enter")


def _run_last_cell(page: Page, notebook: Notebook) -> None:
    page.evaluate("() => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = 2; }")
    notebook.command("notebook:run-cell")


def test_the_saved_notebook_tells_what_the_form_began(
    page: Page, lab: Lab, notebooks: Path
) -> None:
    notebook = _open(page, lab, notebooks)
    notebook.command("notebook:run-all-cells")
    form = notebook.panel.get_by_role("form", name="Input of survey")
    form.get_by_role("textbox", name="Site").fill("Biscoe", timeout=CELL_MS)
    form.get_by_role("textbox", name="Penguins").fill("3")
    form.get_by_role("button", name="Start").dblclick()
    question = _runs(notebook).get_by_text("Store 3 Adelie at Biscoe?", exact=True)
    expect(question).to_be_visible(timeout=CELL_MS)
    expect(_runs(notebook)).to_have_count(1)
    expect(notebook.output("counted 3 Adelie at Biscoe")).to_be_visible(timeout=CELL_MS)

    _run_last_cell(page, notebook)
    expect(notebook.panel.locator(".jp-InputPrompt").last).to_have_text("[*]:")
    _runs(notebook).get_by_role("radio", name="Yes").focus()
    _answer(page, notebook, "Store 3 Adelie at Biscoe?")
    expect(notebook.output(re.compile("outcome .*3 Adelie at Biscoe"))).to_be_visible(
        timeout=CELL_MS
    )
    expect(notebook.cards).to_have_count(2)  # the form's, and its run's: it waited, and drew none

    notebook.save()
    saved = nbformat.read(notebooks / "start.ipynb", as_version=4)
    (record,) = [
        one["data"]["text/html"]
        for one in saved.cells[1].outputs
        if "nbflow-record" in str(one.get("data"))
    ]
    for text in ("survey.start(plan", "Store 3 Adelie at Biscoe?", "✓ done", "Adelie at Biscoe"):
        assert text in record
