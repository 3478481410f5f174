"""One card under a cell, used by keyboard alone, and what the notebook around it must not feel."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator, expect

from tests.browser.lab import CELL_MS, Notebook

__all__ = ["NOTEBOOK_KEYS", "Desk", "cells_of"]

NOTEBOOK_KEYS = ("a", "b", "d", "d", "m", "y", "Shift+Enter")
"""What inserts, deletes, changes and runs cells in command mode."""

_STOPS = 40
"""Tab stops that a card has at the most."""

_CELLS = """() => {
  const { content } = window.jupyterapp.shell.currentWidget;
  const cells = content.model.sharedModel.cells.map((cell) => cell.toJSON());
  return {
    cells: cells.map((one) => [one.id, one.cell_type, one.source, one.execution_count ?? null]),
    active: content.activeCellIndex,
  };
}"""

_WAY = """(target) => {
  const { activeElement } = document;
  if (target.contains(activeElement)) return "";
  const before = activeElement.compareDocumentPosition(target) & Node.DOCUMENT_POSITION_PRECEDING;
  return before ? "Shift+Tab" : "Tab";
}"""


def cells_of(notebook: Notebook) -> dict[str, Any]:
    """What a shortcut could change: the cells, how often each ran, and which is active."""
    found: dict[str, Any] = notebook.page.evaluate(_CELLS)
    return found


class Desk:
    """The card of one run; every control is reached by Tab, never by a script."""

    def __init__(self, notebook: Notebook, card: Locator) -> None:
        self.page = notebook.page
        self.notebook = notebook
        self.card = card
        self.form = card.get_by_role("form")
        self.title = card.locator(".nbf-question-title")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def enter(self) -> None:
        """Go with Tab from wherever the focus is into the form."""
        for _ in range(_STOPS):
            if self.form.locator(":focus").count():
                return
            self.press("Tab")
        raise AssertionError(f"{_STOPS} times Tab did not lead into the form")

    @property
    def has_focus(self) -> bool:
        """Whether the card, or something in it, holds the focus."""
        inside: bool = self.card.evaluate("(card) => card.contains(document.activeElement)")
        return inside

    def expect_question(self, text: str | re.Pattern[str]) -> None:
        """The question is there, and its first control has got the focus by itself."""
        expect(self.title).to_have_text(text, timeout=CELL_MS)
        first = self.form.locator("input, select, textarea").first
        expect(first).to_be_focused(timeout=CELL_MS)

    def reach(self, target: Locator) -> None:
        """Go to a control with Tab, or back to it with Shift+Tab."""
        for _ in range(_STOPS):
            way = target.evaluate(_WAY)
            if way == "":
                return
            self.press(way)
            assert self.has_focus, "the focus has left the card"
        raise AssertionError(f"{_STOPS} times Tab did not lead to {target}")

    def field(self, label: str) -> Locator:
        return self.form.get_by_role("textbox", name=re.compile(f"^{label}"))

    def write(self, label: str, text: str) -> None:
        """Replace what a field holds."""
        self.reach(self.field(label))
        self.press("ControlOrMeta+a")
        self.page.keyboard.type(text)

    def pick(self, group: str, option: str) -> None:
        """Choose one of a row of radio buttons with the arrows."""
        row = self.form.get_by_role("radiogroup", name=re.compile(f"^{group}"))
        self.reach(row)
        wanted = row.get_by_role("radio", name=option, exact=True)
        self.press("Space")
        for _ in range(row.get_by_role("radio").count()):
            if wanted.is_checked():
                return
            self.press("ArrowDown")
        raise AssertionError(f"The arrows did not lead to {option!r}")

    def send(self) -> None:
        """Press what is printed on the button that sends."""
        printed = self.form.locator(".nbf-primary .nbf-kbd").inner_text()
        self.press(printed.replace("⌘", "Meta").replace("Ctrl", "Control").replace(" ", "+"))
