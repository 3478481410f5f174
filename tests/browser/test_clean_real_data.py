"""Notebook 02 from a reviewer's chair: keyboard, reload, and a kernel killed in the middle."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.lab import CELL_MS, Lab, Notebook, photograph

pytestmark = pytest.mark.timeout(300)

NAME = "02_clean_real_data.ipynb"


def answers(folder: Path) -> list[dict[str, object]]:
    """What the reviewer decides, in order: the answers that also serve the headless check."""
    written = json.loads((folder / "02_clean_real_data.answers.json").read_text())
    decisions: list[dict[str, object]] = [entry["answer"] for entry in written["answers"][1:]]
    return decisions


class Desk:
    """The form under the cell, used by keyboard."""

    def __init__(self, notebook: Notebook) -> None:
        self.page = notebook.page
        self.card = notebook.cards.first
        self.question = self.card.locator(".nbf-question")
        self.title = self.question.locator(".nbf-question-title")

    def expect_question(self, text: str | re.Pattern[str]) -> None:
        expect(self.title).to_contain_text(text, timeout=CELL_MS)
        expect(self.question).to_have_count(1)

    def field(self, label: str) -> Locator:
        return self.question.get_by_role("textbox", name=re.compile(label, re.IGNORECASE))

    def choose(self, value: str) -> None:
        radio = self.question.get_by_role("radio", name=value, exact=True)
        radio.focus()
        self.page.keyboard.press("Space")
        expect(radio).to_be_checked()

    def write(self, label: str, text: str) -> None:
        self.field(label).focus()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.type(text)

    def submit(self) -> None:
        self.page.keyboard.press("ControlOrMeta+Enter")

    def decide(self, decision: dict[str, object]) -> None:
        before = open_title(self)
        self.choose(str(decision["action"]))
        if decision.get("sex"):
            self.choose(str(decision["sex"]))
        self.write("Reason", str(decision["reason"]))
        self.submit()
        expect(self.card.locator(".nbf-answered-title", has_text=before)).to_be_visible(
            timeout=CELL_MS
        )


def test_review_by_keyboard_through_reload_and_a_killed_kernel(
    page: Page, lab: Lab, notebooks: Path, shots: Path
) -> None:
    notebook = Notebook(page, lab, f"{notebooks.name}/{NAME}")
    notebook.open()
    decisions = answers(notebooks)

    notebook.command("notebook:run-all-cells")
    desk = Desk(notebook)
    expect(desk.card).to_be_visible(timeout=CELL_MS)
    tasks = desk.card.get_by_role("list", name="Tasks")
    for name in ("load", "find_doubts", "compare"):
        expect(tasks.get_by_text(name, exact=True).first).to_be_visible(timeout=CELL_MS)

    desk.expect_question("Who are you?")
    photograph(notebook, desk.card, shots, "1-first-question")
    desk.field("Answer").focus()
    page.keyboard.type("Ada")
    desk.submit()

    desk.expect_question("was not measured")
    _wrong_values_are_explained(desk, shots, notebook)
    desk.decide(decisions[0])
    desk.expect_question("has no known sex")
    desk.decide(decisions[1])

    second = open_title(desk)
    desk.write("Reason", "half a thought")
    notebook.save()
    page.reload()
    notebook.ready()
    desk.expect_question(second)
    expect(desk.field("Reason")).to_have_value("half a thought")
    desk.decide(decisions[2])

    third = open_title(desk)
    _kill_kernel(notebook, lab)
    notebook.command("notebook:run-all-cells")
    desk.expect_question(third)
    photograph(notebook, desk.card, shots, "3-after-restart")
    for decision in decisions[3:]:
        desk.decide(decision)

    expect(desk.card.get_by_text("Done", exact=True)).to_be_visible(timeout=CELL_MS)
    expect(notebook.output(re.compile(r"\d+ records before, \d+ after"))).to_be_visible(
        timeout=CELL_MS
    )
    photograph(notebook, desk.card, shots, "4-done")
    desk.card.get_by_role("tab", name="History").focus()
    page.keyboard.press("Enter")
    expect(desk.card.get_by_role("treeitem").first).to_be_visible()
    photograph(notebook, desk.card, shots, "5-history")

    notebook.save()
    saved = json.loads((notebooks / NAME).read_text())
    kept = json.dumps([cell.get("outputs") for cell in saved["cells"]])
    assert "Ada" in kept
    assert "text/html" in kept
    assert len(kept) < 120_000


def _wrong_values_are_explained(desk: Desk, shots: Path, notebook: Notebook) -> None:
    """First what the page can see, then what only the kernel knows."""
    title = open_title(desk)
    desk.choose("keep")
    desk.write("Reason", "no")
    desk.submit()
    summary = desk.question.locator(".nbf-summary")
    expect(summary).to_be_focused()
    expect(desk.field("Reason")).to_have_attribute("aria-invalid", "true")

    desk.choose("FEMALE")
    desk.write("Reason", "looks right to me")
    desk.submit()
    expect(summary).to_contain_text("give a new sex or measurement if you correct", timeout=CELL_MS)
    photograph(notebook, desk.card, shots, "2-wrong-value")
    desk.expect_question(title)
    desk.choose("None")


def open_title(desk: Desk) -> str:
    """The question that is open now."""
    expect(desk.question).to_have_count(1)
    title = desk.title.text_content()
    assert title
    return title


def _kill_kernel(notebook: Notebook, lab: Lab) -> None:
    """Kill the kernel's process; JupyterLab starts another and says so."""
    kernel = lab.kernel()
    kernel.kill()
    dialog = notebook.page.locator(".jp-Dialog", has_text="Kernel Restarting")
    expect(dialog).to_be_visible(timeout=CELL_MS)
    dialog.get_by_role("button", name="Ok").click()
    notebook.ready()
