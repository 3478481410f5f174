"""An inbox of two workflows, reviewed to the end by keyboard alone."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Locator, Page, expect

from tests.browser.lab import CELL_MS, Lab, Notebook, photograph

pytestmark = pytest.mark.timeout(240)

WORKFLOWS = """
import nbflow
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.func import entrypoint, task
from nbflow.types import interrupt

saver = SqliteSaver("runs.sqlite")

@task
def measure(number: int) -> int:
    return interrupt(
        {"question": f"How heavy is penguin {number}, in grams?"},
        response_schema={"type": "integer", "minimum": 2000, "title": "Body mass"},
    )

@entrypoint(checkpointer=saver)
def weigh(number: int) -> int:
    return measure(number).result()

@entrypoint(checkpointer=saver)
def assistant(number: int) -> str:
    name = "send_email" if number % 4 else "delete_files"
    answer = interrupt({
        "action_requests": [{"name": name, "args": {"about": f"penguin {number}"}}],
        "review_configs": [{"action_name": name, "allowed_decisions": ["approve", "reject"]}],
    })
    return answer["decisions"][0]["type"]

for number in range(1, 5):
    weigh.invoke(number, {"configurable": {"thread_id": f"w{number:02}"}})
for number in range(1, 17):
    assistant.invoke(number, {"configurable": {"thread_id": f"a{number:02}"}})
"""

OUTCOME = """
states = [w.get_state({"configurable": {"thread_id": t}}) for w, t in
          [(weigh, f"w{n:02}") for n in range(1, 5)]
          + [(assistant, f"a{n:02}") for n in range(1, 17)]]
print("outcome", sorted({state.status for state in states}),
      [state.values for state in states[:4]],
      sum(state.values == "reject" for state in states[4:]))
"""


def test_twenty_questions_are_reviewed_by_keyboard(
    page: Page, lab: Lab, notebooks: Path, shots: Path
) -> None:
    cells = [WORKFLOWS, "nbflow.Inbox(saver, workflows=[weigh, assistant])", OUTCOME]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    code = [new_code_cell(cell.strip()) for cell in cells]
    book = new_notebook(cells=code, metadata=kernel)
    nbformat.write(book, notebooks / "inbox.ipynb")
    notebook = Notebook(page, lab, f"{notebooks.name}/inbox.ipynb")
    notebook.open()
    notebook.command("notebook:run-all-cells")
    inbox = notebook.panel.locator(".nbf-inbox")
    listing = inbox.get_by_role("listbox")
    rows = listing.get_by_role("option")
    expect(rows).to_have_count(20, timeout=CELL_MS)
    expect(inbox.locator(".nbf-inbox-count")).to_have_text("20 waiting")

    listing.focus()
    page.keyboard.press("Enter")
    _answer_wrong_then_right(page, inbox)
    photograph(notebook, inbox, shots, "inbox-next")
    _weigh_the_others(page, inbox)
    expect(rows).to_have_count(16, timeout=CELL_MS)

    _undo_the_last(page, inbox, rows)
    _approve_all_but_one(page, notebook, inbox, shots)

    expect(inbox.get_by_text("Nothing waits for an answer.")).to_be_visible(timeout=CELL_MS)
    expect(rows).to_have_count(0)
    photograph(notebook, inbox, shots, "inbox-done")
    assert notebook.panel.locator(".jp-Cell").count() == 3, "no key reached the notebook"

    page.evaluate("() => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = 2; }")
    notebook.command("notebook:run-cell")
    outcome = notebook.output(re.compile("outcome .'done'. .3100, 3200, 3300, 4400. 1"))
    expect(outcome).to_be_visible(timeout=CELL_MS)


def _send(page: Page) -> None:
    page.keyboard.press("ControlOrMeta+Enter")


def _answer_wrong_then_right(page: Page, inbox: Locator) -> None:
    form = inbox.get_by_role("form")
    expect(form).to_contain_text("Body mass", timeout=CELL_MS)
    expect(form.get_by_role("textbox", name="Body mass")).to_be_focused()
    page.keyboard.type("31")
    _send(page)
    expect(inbox.get_by_text("One thing needs another look")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(form.get_by_role("textbox", name="Body mass")).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("3100")
    _send(page)
    expect(inbox.get_by_text("Answered: How heavy is penguin 1")).to_be_visible(timeout=CELL_MS)


def _weigh_the_others(page: Page, inbox: Locator) -> None:
    for number in (2, 3, 4):
        title = inbox.locator(".nbf-question-title")
        expect(title).to_have_text(re.compile(f"penguin {number},"), timeout=CELL_MS)
        expect(inbox.get_by_role("textbox", name="Body mass")).to_be_focused()
        page.keyboard.type(f"3{number}00")
        _send(page)
        said = inbox.get_by_text(f"Answered: How heavy is penguin {number}")
        expect(said).to_be_visible(timeout=CELL_MS)


def _undo_the_last(page: Page, inbox: Locator, rows: Locator) -> None:
    """Penguin 4 was heavier."""
    expect(inbox.locator(".nbf-decision input").first).to_be_focused(timeout=CELL_MS)
    page.keyboard.press("u")
    expect(rows).to_have_count(17, timeout=CELL_MS)
    title = inbox.locator(".nbf-question-title")
    expect(title).to_have_text(re.compile("penguin 4,"), timeout=CELL_MS)
    expect(inbox.get_by_role("textbox", name="Body mass")).to_be_focused()
    page.keyboard.type("4400")
    _send(page)
    expect(rows).to_have_count(16, timeout=CELL_MS)


def _approve_all_but_one(page: Page, notebook: Notebook, inbox: Locator, shots: Path) -> None:
    """The first is rejected in its form; the others are approved at once."""
    expect(inbox.locator(".nbf-decision input").first).to_be_focused(timeout=CELL_MS)
    page.keyboard.press("r")
    _send(page)
    expect(inbox.locator(".nbf-inbox-row")).to_have_count(15, timeout=CELL_MS)
    page.keyboard.press("Escape")
    page.keyboard.press("x")
    expect(inbox.get_by_role("button", name="Select all 15 like it")).to_be_visible()
    page.keyboard.press("a")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(inbox.get_by_text("Approve 15: 11 send_email, 4 delete_files")).to_be_visible()
    photograph(notebook, inbox, shots, "inbox-bulk")
    expect(inbox.get_by_role("button", name="Approve 15")).to_be_focused()
    page.keyboard.press("Enter")
    expect(inbox.get_by_text("15 answered.")).to_be_visible(timeout=CELL_MS)
