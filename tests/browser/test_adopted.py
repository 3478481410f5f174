"""An agent of LangChain's under a cell: its tokens, its middleware's question, its checkpoints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.lab import CELL_MS, Lab, Notebook, photograph, write_notebook

pytestmark = pytest.mark.timeout(120)

ROOT = Path(__file__).parents[2]
PROGRAM = f"""
%load_ext nbflow
import sys
sys.path.insert(0, {str(ROOT)!r})
import nbflow
from tests.guests import graphs
agent = nbflow.adopt(graphs.agent())
"""
START = """
said = {"messages": [{"role": "user", "content": "Delete old.txt"}]}
run = agent.start(said, thread_id="1")
run
"""


def test_an_agent_is_approved_by_keyboard_and_run_again(page: Page, lab: Lab, shots: Path) -> None:
    last = "print(run.result()['messages'][-1].content, graphs.deleted)"
    write_notebook(lab, "agent.ipynb", [PROGRAM, START, last])
    notebook = Notebook(page, lab, "agent.ipynb")
    notebook.open()
    notebook.command("notebook:run-all-cells")
    card = notebook.cards.first
    expect(card.locator(".nbf-question-title")).to_have_text(
        "May delete_file run?", timeout=CELL_MS
    )
    photograph(notebook, card, shots, "agent-asks")
    card.get_by_text("Approve").first.click()
    page.keyboard.press("Control+Enter")
    expect(notebook.output("I have deleted old.txt ['old.txt']")).to_be_visible(timeout=CELL_MS)
    expect(card).to_contain_text("delete_file: approved")
    expect(card.locator(".nbf-status-done")).to_be_visible(timeout=CELL_MS)

    card.get_by_role("tab", name="History").click()
    history = card.get_by_role("tree", name=re.compile("^Branches"))
    expect(history.get_by_role("treeitem", name=re.compile("^Result"))).to_be_visible()
    history.get_by_role("treeitem", name=re.compile("^Before HumanInTheLoop")).last.click()
    again = card.get_by_role("button", name=re.compile("^Run again from here")).first
    expect(again).to_be_visible(timeout=CELL_MS)
    photograph(notebook, card, shots, "agent-history")
    expect(card.get_by_role("button", name="Fork")).to_have_count(0)
    again.click()
    expect(card.locator(".nbf-question-title")).to_have_text(
        "May delete_file run?", timeout=CELL_MS
    )
    page.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")
