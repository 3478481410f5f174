"""Faults 36 and 37: what a model or a page may say without doing anything but be read."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.hostile import PROGRAM, TEXTS, Watch
from tests.browser.lab import CELL_MS, Lab, Notebook, photograph, write_notebook

pytestmark = pytest.mark.timeout(120)

SILENT: dict[str, object] = {"ran": None, "heard": [], "foreign": []}

OVERRIDE = "evil\\u202egnp.exe"
"""How a text is shown that would be read as `evilexe.png`."""

CELLS = [
    PROGRAM,
    "asked = plain.start(ALL, thread_id=ALL)\nasked",
    "calls.start(ALL, thread_id=ALL + 'c')",
    "fails.start(ALL, thread_id=ALL + 'f')",
    "nbflow.Inbox(saver, workflows=[plain, calls, fails])",
]


def _cell(notebook: Notebook, number: int) -> Locator:
    return notebook.panel.locator(".jp-CodeCell").nth(number)


def test_fault_36_hostile_texts_are_read_and_do_nothing(page: Page, lab: Lab, shots: Path) -> None:
    """P24: in the card, the inbox and the record; with the kernel and without it."""
    watch = Watch(page, lab)
    write_notebook(lab, "hostile/hostile.ipynb", CELLS)
    notebook = Notebook(page, lab, "hostile/hostile.ipynb")
    notebook.open()
    notebook.command("notebook:run-all-cells")
    asked, called, failed = (_cell(notebook, at).locator(".nbf-card") for at in (1, 2, 3))
    expect(asked.get_by_role("form")).to_be_visible(timeout=CELL_MS)
    expect(called.locator(".nbf-action")).to_have_count(len(TEXTS), timeout=CELL_MS)
    expect(failed.locator(".nbf-pill")).to_have_text("Failed", timeout=CELL_MS)
    for card in (asked, called, failed):
        _opens_all(card)
    photograph(notebook, asked, shots, "hostile-asked")
    photograph(notebook, called, shots, "hostile-calls")
    _says(asked, *TEXTS[:2], OVERRIDE)
    _says(asked.locator(".nbf-markdown").nth(1), TEXTS[0], *TEXTS[3:6], OVERRIDE)
    _says(called, *TEXTS[:7], OVERRIDE)
    _says(failed, *TEXTS[:7], OVERRIDE)
    assert watch.found() == SILENT

    _answers_in_the_inbox(notebook, shots)
    _answers_in_the_card(notebook, asked)
    assert watch.found() == SILENT

    notebook.save()
    page.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")
    _strip_trust(lab, "hostile")
    for name in ("hostile", "stranger"):
        _reads_the_record(Notebook(page, lab, f"hostile/{name}.ipynb"), shots, name)
        assert watch.found() == SILENT


def _opens_all(card: Locator) -> None:
    """What is closed is not in the page: open it, then look."""
    for task in card.locator(".nbf-task-head").all():
        task.click()
    for part in card.locator("details:not([open]) > summary").all():
        part.click()


def _says(place: Locator, *texts: str) -> None:
    """The texts are there, letter by letter."""
    said = place.text_content() or ""
    assert [text for text in texts if text not in said] == []


def _answers_in_the_inbox(notebook: Notebook, shots: Path) -> None:
    """The list and a form of it hold the same texts; the kernel's refusal repeats them all."""
    inbox = _cell(notebook, 4).locator(".nbf-inbox")
    rows = inbox.get_by_role("listbox").get_by_role("option")
    expect(rows).to_have_count(2, timeout=CELL_MS)
    rows.filter(has_not_text="calls ").click()  # either may have asked first
    field = inbox.get_by_role("form").get_by_role("textbox").first
    field.fill("wrong")
    inbox.get_by_role("button", name="Submit").click()
    summary = inbox.locator(".nbf-summary")
    expect(summary).to_contain_text(TEXTS[1], timeout=CELL_MS)
    photograph(notebook, inbox, shots, "hostile-inbox")
    field.fill("right")
    inbox.get_by_role("button", name="Submit").click()
    expect(inbox.get_by_text("Answered: ")).to_be_visible(timeout=CELL_MS)


def _answers_in_the_card(notebook: Notebook, asked: Locator) -> None:
    """The next question's fields are all named by hostile texts, and it can be answered."""
    form = asked.get_by_role("form")
    expect(form.get_by_role("radio", name=TEXTS[0])).to_be_visible(timeout=CELL_MS)
    form.get_by_role("radio", name=TEXTS[0]).check()
    form.get_by_role("combobox").select_option(TEXTS[1])
    form.get_by_role("button", name="Submit").click()
    expect(asked.locator(".nbf-pill")).to_have_text("Done", timeout=CELL_MS)


def _strip_trust(lab: Lab, folder: str) -> None:
    """Write a copy that the server has never signed."""
    written = nbformat.read(lab.root / folder / "hostile.ipynb", as_version=4)
    for cell in written.cells:
        cell.metadata.pop("trusted", None)
        sizes = [len(output["data"].get("text/html", "")) for output in cell.outputs]
        assert max(sizes, default=0) < 50_000
    written.cells[0].source += "\n# from a stranger"
    nbformat.write(written, lab.root / folder / "stranger.ipynb")


def _reads_the_record(notebook: Notebook, shots: Path, name: str) -> None:
    """Without a kernel's widgets the record stands there alone."""
    notebook.open()
    for at, texts in ((1, TEXTS[:1]), (2, TEXTS[:7]), (3, TEXTS[:2])):
        record = _cell(notebook, at).locator(".nbflow-static")
        expect(record).to_be_visible(timeout=CELL_MS)
        _says(record, *texts, OVERRIDE)
    shown = _cell(notebook, 1).locator(".jp-OutputArea")
    photograph(notebook, shown, shots, f"hostile-record-{name}")
