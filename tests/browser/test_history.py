"""The history of a run in JupyterLab: fork, compare, edit, answer, and copied code that runs."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.desk import NOTEBOOK_KEYS, cells_of
from tests.browser.lab import CELL_MS, Lab, Notebook, photograph, write_notebook

pytestmark = pytest.mark.timeout(240)

STORY_S = 60

WORKFLOW = """
%load_ext nbflow
from pydantic import BaseModel

from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.func import entrypoint, task
from nbflow.types import interrupt

class Essay(BaseModel):
    title: str
    text: str

@task
def search(topic: str) -> list[str]:
    return [f"On {topic}", "Sleep"]

@task
def write(topic: str, tone: str) -> str:
    return f"An essay about {topic}.\\nIt is {tone}."

@entrypoint(checkpointer=SqliteSaver("runs.sqlite"))
def essay(topic: str, *, previous: Essay | None = None) -> Essay:
    search(topic).result()
    tone = interrupt("Which tone?", response_schema=str)
    title = previous.title if previous else topic
    return Essay(title=title, text=write(title, tone).result())

run = essay.start("cats", thread_id="1")
run
"""


def test_a_run_goes_another_way_and_back(page: Page, lab: Lab, shots: Path) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    write_notebook(lab, "history.ipynb", [WORKFLOW, "pass"])
    notebook = Notebook(page, lab, "history.ipynb")
    notebook.open()
    began = time.monotonic()
    notebook.run_cell(0)
    card = notebook.cards.first
    _answer(card, "friendly")
    before = cells_of(notebook)

    _fork_before_the_question(page, card)
    _answer(card, "dry")
    expect(card.locator(".nbf-outcome")).to_contain_text("It is dry")

    _compare(card)
    photograph(notebook, card, shots, "history-compare")
    for key in (*NOTEBOOK_KEYS, "ArrowDown", "Home"):
        page.keyboard.press(key)
    assert cells_of(notebook) == before, "a key reached the notebook"

    _edit_and_run(card)
    _answer(card, "short")
    expect(card.locator(".nbf-outcome")).to_contain_text("An essay about Dogs")

    _run_the_copied_code(page, notebook, card)
    assert time.monotonic() - began < STORY_S


def _answer(card: Locator, tone: str) -> None:
    form = card.get_by_role("form")
    form.get_by_role("textbox").fill(tone, timeout=CELL_MS)
    form.get_by_role("button", name="Submit").click()
    expect(card.locator(".nbf-pill")).to_have_text("Done", timeout=CELL_MS)


def _rows(card: Locator) -> Locator:
    return card.get_by_role("treeitem")


def _row(card: Locator, name: str) -> Locator:
    return card.get_by_role("treeitem", name=re.compile(f"^{name}"))


def _fork_before_the_question(page: Page, card: Locator) -> None:
    """By keyboard alone: the tab, the tree, the button."""
    card.get_by_role("tab", name="Tasks").focus()
    page.keyboard.press("ArrowRight")
    expect(_row(card, "Question")).to_be_visible(timeout=CELL_MS)
    page.keyboard.press("Tab")
    expect(_row(card, "Result")).to_be_focused()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    expect(_row(card, "Question")).to_be_focused()
    page.keyboard.press("Enter")
    button = card.get_by_role("button", name="Ask again", exact=True)
    expect(button).to_be_visible()
    button.focus()
    page.keyboard.press("Enter")
    expect(card.locator(".nbf-pill")).to_have_text("Waiting for you", timeout=CELL_MS)
    expect(card.get_by_role("form").get_by_role("textbox")).to_be_focused()


def _compare(card: Locator) -> None:
    card.get_by_role("tab", name="History").click()
    _row(card, "Branch 2").click()
    card.get_by_role("combobox", name="Compare with").select_option("Branch 1")
    table = card.get_by_role("table")
    expect(table.get_by_role("row", name=re.compile("first difference"))).to_contain_text("dry")
    expect(card.locator(".nbf-line-old")).to_have_text(re.compile("It is friendly"))
    expect(card.locator(".nbf-line-new")).to_have_text(re.compile("It is dry"))
    _row(card, "Branch 2").focus()


def _edit_and_run(card: Locator) -> None:
    _row(card, "Branch 2").click()
    _row(card, "Result").first.click()
    card.get_by_role("button", name="Edit state", exact=True).click()
    form = card.get_by_role("form", name="The state to store")
    form.get_by_role("textbox", name="Title").fill("Dogs")
    form.get_by_role("button", name="Save and run again", exact=True).click()
    expect(form).to_have_count(0, timeout=CELL_MS)
    expect(card.locator(".nbf-pill")).to_have_text("Waiting for you", timeout=CELL_MS)


def _run_the_copied_code(page: Page, notebook: Notebook, card: Locator) -> None:
    card.get_by_role("tab", name="History").click()
    _row(card, "search").first.click()
    card.get_by_role("button", name="Copy as code: Fork after this").click()
    expect(card.get_by_text("Copied").first).to_be_visible()
    cell = notebook.panel.locator(".jp-Cell").last
    cell.locator(".cm-content").click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.press("ControlOrMeta+v")
    page.keyboard.press("Shift+Enter")
    expect(notebook.cards).to_have_count(2, timeout=CELL_MS)
    other = notebook.cards.last
    expect(other.get_by_role("form").get_by_role("textbox")).to_be_visible(timeout=CELL_MS)
    _answer(other, "copied")
    expect(other.locator(".nbf-outcome")).to_contain_text("It is copied")
