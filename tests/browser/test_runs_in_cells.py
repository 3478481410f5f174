"""Runs in a notebook of one's own: waits, several views, and what is left without a kernel."""

from __future__ import annotations

import re
from collections.abc import Callable

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.lab import CELL_MS, Lab, Notebook

pytestmark = pytest.mark.timeout(120)

PROGRAM = """
%load_ext nbflow
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.func import entrypoint, task
from nbflow.types import interrupt

saver = InMemorySaver()

@task
def judge(n):
    return interrupt({"question": f"Is {n} good?", "essay": "word " * 5_000}, response_schema=bool)

@entrypoint(checkpointer=saver)
def both(start: int):
    return [one.result() for one in (judge(start), judge(start + 1))]

@entrypoint(checkpointer=saver)
def anything(title: str):
    return ["got", interrupt(title)]

@entrypoint(checkpointer=saver)
def fails(divisor: int):
    return 1 / divisor
"""

Opened = Callable[[list[str]], Notebook]


@pytest.fixture
def opened(page: Page, lab: Lab, request: pytest.FixtureRequest) -> Opened:
    """Opens a new notebook with the program and some cells, and runs it."""

    def open_with(cells: list[str]) -> Notebook:
        name = f"{request.node.name}.ipynb"
        sources = [PROGRAM.strip(), *cells]
        written = nbformat.v4.new_notebook(cells=[*map(nbformat.v4.new_code_cell, sources)])
        written.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(written, lab.root / name)
        notebook = Notebook(page, lab, name)
        notebook.open()
        notebook.command("notebook:run-all-cells")
        return notebook

    return open_with


def cell(notebook: Notebook, number: int) -> Locator:
    return notebook.panel.locator(".jp-CodeCell").nth(number)


def status(card: Locator, text: str) -> None:
    expect(card.locator(".nbf-pill")).to_have_text(text, timeout=CELL_MS)


def answer_as_json(card: Locator, text: str) -> None:
    card.get_by_role("radio", name="JSON").check()
    card.get_by_role("textbox", name="Answer").fill(text)
    card.get_by_role("button", name=re.compile("^Submit")).dblclick()


def test_a_run_that_a_cell_only_waits_for_shows_its_form(opened: Opened) -> None:
    notebook = opened(["anything.start('Well?').result()", "print('the next cell')"])
    card = cell(notebook, 1).locator(".nbf-card")
    status(card, "Waiting for you")
    expect(notebook.output("the next cell")).to_have_count(0)

    answer_as_json(card, "null")

    expect(cell(notebook, 1)).to_contain_text("['got', None]", timeout=CELL_MS)
    expect(card.locator(".nbf-answered-brief")).to_have_text("null")
    expect(notebook.output("the next cell")).to_be_visible(timeout=CELL_MS)


def test_what_is_open_in_a_card_stays_open_and_all_views_follow(opened: Opened) -> None:
    notebook = opened(["run = both.start(1)\nrun", "run"])
    first, second = (cell(notebook, at).locator(".nbf-card") for at in (1, 2))
    expect(first.locator(".nbf-question")).to_have_count(2, timeout=CELL_MS)
    reading = first.locator(".nbf-scrolling").first
    expect(reading).to_have_attribute("role", "region")
    first.get_by_role("button", name="Task judge").first.click()
    expect(first.locator(".nbf-details")).to_be_visible()

    for left in (1, 0):
        question = second.locator(".nbf-question").first
        question.get_by_role("radio", name="Yes").check(timeout=CELL_MS)
        question.get_by_role("button", name=re.compile("^Submit")).click()
        expect(first.locator(".nbf-question")).to_have_count(left, timeout=CELL_MS)
        expect(first.locator(".nbf-details")).to_be_visible()
    for card in (first, second):
        status(card, "Done")


def test_without_its_kernel_a_notebook_shows_the_record(opened: Opened, page: Page) -> None:
    notebook = opened(["anything.start('Well?', thread_id='t')", "fails.start(0)"])
    waiting, failed = cell(notebook, 1), cell(notebook, 2)
    status(waiting.locator(".nbf-card"), "Waiting for you")
    expect(failed.locator(".nbf-card")).to_contain_text("Cell In[1], line", timeout=CELL_MS)
    expect(waiting.locator(".nbflow-record")).to_be_hidden()

    notebook.save()
    page.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")
    notebook.open()

    expect(waiting.locator(".nbflow-record")).to_be_visible(timeout=CELL_MS)
    expect(waiting.locator(".nbflow-record")).to_contain_text("anything.thread('t') shows the form")
    expect(failed.locator(".nbflow-record")).to_contain_text("division by zero")
    for gone in notebook.panel.get_by_text("model not found").all():
        expect(gone).to_be_hidden()
