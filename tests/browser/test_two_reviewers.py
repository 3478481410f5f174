"""P6: two browsers on one question; the second is told who answered, and nothing counts twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from nbflow.audit import audit
from nbflow.checkpoint.sqlite import SqliteSaver
from tests.browser.lab import CELL_MS, Lab, Notebook

pytestmark = pytest.mark.timeout(120)

PROGRAM = """
%load_ext nbflow
%env NBFLOW_USER={who}
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.func import entrypoint
from nbflow.types import interrupt

@entrypoint(checkpointer=SqliteSaver("{database}"))
def review(name: str):
    first = interrupt(f"Who shall read {{name}}?", response_schema=str)
    return [first, interrupt(f"Publish {{name}}?", response_schema=bool)]
"""


@pytest.fixture
def second_page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1100, "height": 1000}, locale="en-GB")
    yield context.new_page()
    context.close()


@pytest.fixture
def written(lab: Lab, request: pytest.FixtureRequest) -> Callable[[str, str], str]:
    """Writes a reviewer's notebook; returns its name."""

    def write(who: str, cell: str) -> str:
        name = f"{request.node.name}-{who}.ipynb"
        program = PROGRAM.format(who=who, database=f"{request.node.name}.sqlite").strip()
        cells = [*map(nbformat.v4.new_code_cell, [program, cell])]
        notebook = nbformat.v4.new_notebook(cells=cells)
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(notebook, lab.root / name)
        return name

    return write


def run_all(page: Page, lab: Lab, name: str) -> Locator:
    """Open a notebook and run it; returns its card, which waits."""
    notebook = Notebook(page, lab, name)
    notebook.open()
    notebook.command("notebook:run-all-cells")
    card = notebook.cards.first
    expect(card.locator(".nbf-question")).to_have_count(1, timeout=CELL_MS)
    return card


def submit(card: Locator) -> None:
    card.get_by_role("button", name=re.compile("^Submit")).click()


def answers(database: Path) -> list[tuple[str | None, object]]:
    return [(one.by, one.answer) for one in audit(SqliteSaver(database), "t")]


def test_two_kernels_on_one_database(
    page: Page, second_page: Page, lab: Lab, written: Callable[[str, str], str], shots: Path
) -> None:
    ada = run_all(page, lab, written("ada", "review.start('essay', thread_id='t')"))
    grace = run_all(second_page, lab, written("grace", "review.thread('t')"))
    grace.get_by_role("textbox", name="Answer").fill("not yet sent")

    ada.get_by_role("textbox", name="Answer").fill("Kim")
    submit(ada)

    answered = grace.locator(".nbf-answered")
    expect(answered).to_contain_text("Answered by ada", timeout=CELL_MS)
    expect(answered).to_contain_text("Kim")
    expect(grace.locator(".nbf-question-title")).to_have_text("Publish essay?")
    second_page.screenshot(path=shots / "two-reviewers-told.png")

    for card, choice in ((ada, "Yes"), (grace, "No")):
        card.get_by_role("radio", name=choice).check()
        submit(card)

    expect(grace).to_contain_text("by ada", timeout=CELL_MS)
    expect(grace.locator(".nbf-pill")).to_have_text("Done", timeout=CELL_MS)
    expect(grace.locator(".nbf-answered").nth(1)).to_contain_text("Answered by ada")
    expect(ada.locator(".nbf-pill")).to_have_text("Done", timeout=CELL_MS)
    database = next(lab.root.glob("test_two_kernels_on_one_database*.sqlite"))
    assert answers(database) == [("ada", "Kim"), ("ada", True)]


def test_two_pages_of_one_kernel(
    page: Page, second_page: Page, lab: Lab, written: Callable[[str, str], str]
) -> None:
    name = written("ada", "review.start('essay', thread_id='t')")
    ada = run_all(page, lab, name)
    Notebook(page, lab, name).save()
    other = Notebook(second_page, lab, name)
    other.open()
    copy = other.cards.first
    expect(copy.locator(".nbf-question")).to_have_count(1, timeout=CELL_MS)

    copy.get_by_role("textbox", name="Answer").fill("Kim")
    submit(copy)

    expect(ada.locator(".nbf-answered")).to_contain_text("Kim", timeout=CELL_MS)
    expect(ada.locator(".nbf-question-title")).to_have_text("Publish essay?")
    copy.get_by_role("radio", name="No").check()
    ada.get_by_role("radio", name="Yes").check()
    submit(ada)
    expect(copy.locator(".nbf-answered").nth(1)).to_contain_text("Answered by ada", timeout=CELL_MS)
    for card in (ada, copy):
        expect(card.locator(".nbf-pill")).to_have_text("Done", timeout=CELL_MS)
        expect(card.locator(".nbf-answered")).to_have_count(2)
    database = next(lab.root.glob("test_two_pages_of_one_kernel*.sqlite"))
    assert answers(database) == [("ada", "Kim"), ("ada", True)]
