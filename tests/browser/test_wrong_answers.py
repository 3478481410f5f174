"""P10, P11, P12: answers that are wrong, untouched or half done."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.desk import Desk
from tests.browser.lab import CELL_MS, Lab, Notebook, photograph, write_notebook

pytestmark = pytest.mark.timeout(90)

PROGRAM = """
%load_ext nbflow
from pydantic import BaseModel, Field, field_validator, model_validator
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.func import entrypoint
from nbflow.types import interrupt

class Order(BaseModel):
    code: str = Field(pattern="^[A-Z]{3}$")
    name: str = Field(min_length=1)
    amount: int = Field(ge=1, le=8)

    @field_validator("code")
    @classmethod
    def is_known(cls, code):
        if code == "QQQ":
            raise ValueError("There is no article QQQ.")
        return code

    @model_validator(mode="after")
    def comes_in_pairs(self):
        if self.code == "TWO" and self.amount % 2:
            raise ValueError("TWO is sold in pairs.")
        return self

KINDS = {
    "ratio": "number", "count": "integer", "nothing": ["string", "null"], "text": "string",
    "flag": "boolean", "big": "integer", "left_out": "string",
}
GIVEN = {"ratio": 1.0, "count": 1, "nothing": None, "text": "", "flag": False, "big": 2**60,
         "tags": []}
FORM = {
    "type": "object",
    "properties": {
        **{name: {"type": kind} for name, kind in KINDS.items()},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
    "default": GIVEN,
}
CALL = {
    "action_requests": [{"name": "send", "args": GIVEN}],
    "review_configs": [{"action_name": "send", "allowed_decisions": ["approve", "edit"]}],
}

@entrypoint(checkpointer=SqliteSaver("answers.sqlite"))
def order(_: str):
    return interrupt("What shall be sent?", response_schema=Order)

@entrypoint(checkpointer=SqliteSaver("answers.sqlite"))
def settings(_: str):
    untouched = interrupt("Untouched", response_schema=FORM)
    one_changed = interrupt("One is changed", response_schema=FORM)
    edited = interrupt(CALL)
    return [untouched, one_changed, edited["decisions"][0]["edited_action"]["args"]]
"""

GIVEN: dict[str, object] = {
    "ratio": 1.0, "count": 1, "nothing": None, "text": "", "flag": False, "big": 2**60, "tags": [],
}  # fmt: skip


def _open(page: Page, lab: Lab, folder: str, run: str) -> tuple[Notebook, Desk]:
    name = f"{folder}/answers.ipynb"
    show = f"run = {run}.start('', thread_id='t')\nrun"
    write_notebook(lab, name, [PROGRAM, show, "print('answer', repr(run.result()))"])
    notebook = Notebook(page, lab, name)
    notebook.open()
    notebook.run_cell(0)
    notebook.run_cell(1)
    desk = Desk(notebook, notebook.cards.first)
    expect(desk.form).to_be_visible(timeout=CELL_MS)
    desk.enter()
    return notebook, desk


def _stored(lab: Lab, folder: str) -> int:
    """How many answers are in the database, read beside the kernel."""
    path = lab.root / folder / "answers.sqlite"
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        found: int = database.execute("SELECT count(*) FROM op WHERE kind = 'answer'").fetchone()[0]
    database.close()
    return found


def _result(notebook: Notebook) -> str:
    notebook.run_cell(2)
    text: str = notebook.output(re.compile("^answer ")).inner_text(timeout=CELL_MS)
    return text.removeprefix("answer ").strip()


def _is_wrong(desk: Desk, label: str, message: str) -> Locator:
    """The field says so itself, where eyes and screen readers look for it."""
    field = desk.field(label)
    expect(field).to_have_attribute("aria-invalid", "true", timeout=CELL_MS)
    expect(field).to_have_accessible_description(re.compile(re.escape(message)))
    return field


def _follow(desk: Desk, label: str, message: str) -> None:
    """The summary has the focus, and its link leads to the field, by keyboard."""
    summary = desk.form.locator(".nbf-summary")
    expect(summary).to_contain_text(message, timeout=CELL_MS)
    expect(summary).to_be_focused()
    desk.reach(summary.get_by_role("button", name=label))
    desk.press("Enter")


def test_p11_wrong_answers_are_explained_where_they_are_wrong(
    page: Page, lab: Lab, shots: Path
) -> None:
    """What the page sees, then what only the kernel knows; until all fits, nothing is kept."""
    notebook, desk = _open(page, lab, "wrong", "order")
    desk.write("Code", "abc")
    desk.write("Amount", "9")
    expect(desk.form.locator("[aria-invalid]")).to_have_count(0)
    desk.send()
    for label, message in (("Code", "capital letters"), ("Name", "Fill this in"), ("Amount", "8")):
        _is_wrong(desk, label, message)
    expect(desk.form.locator(".nbf-summary li")).to_have_count(3)
    _follow(desk, "Amount", "8")
    expect(desk.field("Amount")).to_be_focused()
    photograph(notebook, desk.card, shots, "wrong-in-the-page")

    desk.write("Code", "QQQ")
    desk.write("Name", "Ada")
    desk.write("Amount", "3")
    expect(desk.form.locator(".nbf-summary")).to_have_count(0)
    desk.send()
    _is_wrong(desk, "Code", "There is no article QQQ.")
    _follow(desk, "Code", "There is no article QQQ.")
    expect(desk.field("Code")).to_be_focused()
    photograph(notebook, desk.card, shots, "wrong-in-the-kernel")

    desk.write("Code", "TWO")
    expect(desk.form.locator("[aria-invalid]")).to_have_count(0)
    desk.send()
    _follow(desk, "The answer", "TWO is sold in pairs.")
    expect(desk.field("Code")).to_be_focused()
    assert _stored(lab, "wrong") == 0

    desk.write("Amount", "4")
    desk.send()
    expect(desk.card.locator(".nbf-pill")).to_have_text("Done", timeout=CELL_MS)
    assert _stored(lab, "wrong") == 1
    assert _result(notebook) == "Order(code='TWO', name='Ada', amount=4)"


def test_p10_p12_untouched_values_keep_their_types_and_drafts_survive_a_reload(
    page: Page, lab: Lab
) -> None:
    """P7, P10, P12: 1.0 stays 1.0; null, "", [] and False stay what they are."""
    notebook, desk = _open(page, lab, "untouched", "settings")
    expect(desk.title).to_have_text("Untouched")
    desk.send()

    expect(desk.title).to_have_text("One is changed", timeout=CELL_MS)
    desk.enter()
    desk.write("count", "12x")
    desk.write("text", "half a thought")
    notebook.save()
    page.reload()
    notebook.ready()
    expect(desk.field("count")).to_have_value("12x", timeout=CELL_MS)
    expect(desk.field("text")).to_have_value("half a thought")
    assert _stored(lab, "untouched") == 1
    desk.enter()
    desk.send()
    _is_wrong(desk, "count", "number")
    desk.write("count", "2")
    desk.send()

    expect(desk.title).to_have_text("May send run?", timeout=CELL_MS)
    desk.press("e")
    desk.send()
    expect(desk.card.locator(".nbf-pill")).to_have_text("Done", timeout=CELL_MS)
    changed = {**GIVEN, "count": 2, "text": "half a thought"}
    assert _result(notebook) == repr([GIVEN, changed, GIVEN])
