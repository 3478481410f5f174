"""Notebook 01: a run shown by itself, and runs that plain ``stream`` calls show."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.lab import CELL_MS, Lab, Notebook, photograph

pytestmark = pytest.mark.timeout(180)


def test_an_essay_is_reviewed_under_the_cell(
    page: Page, lab: Lab, notebooks: Path, shots: Path
) -> None:
    notebook = Notebook(page, lab, f"{notebooks.name}/01_review_an_essay.ipynb")
    notebook.open()
    notebook.command("notebook:run-all-cells")

    first = notebook.cards.first
    expect(first.get_by_text("compose_essay", exact=True)).to_be_visible(timeout=CELL_MS)
    question = first.locator(".nbf-question")
    expect(question).to_contain_text("Please provide a review", timeout=CELL_MS)
    expect(question).to_contain_text("An essay about cats")
    photograph(notebook, first, shots, "essay-question")
    question.get_by_role("textbox").focus()
    page.keyboard.type("This essay is great.")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(first.locator(".nbf-pill")).to_have_text("Done", timeout=CELL_MS)

    expect(notebook.output("'review': 'This essay is great.'").first).to_be_visible(timeout=CELL_MS)
    expect(notebook.cards).to_have_count(3, timeout=CELL_MS)
    for card in notebook.cards.all():
        expect(card.locator(".nbf-pill")).to_have_text("Done", timeout=CELL_MS)
    photograph(notebook, notebook.cards.last, shots, "essay-streamed")
