"""P14: twenty questions of a run answered in its card by keyboard, beside the notebook's own keys.

No control of a form is clicked or focused by a script: Tab leads into the card once, and from
then on the focus goes to each next question by itself.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk import NOTEBOOK_KEYS, Desk, cells_of
from tests.browser.lab import CELL_MS, Lab, Notebook, photograph, write_notebook

pytestmark = pytest.mark.timeout(120)

PROGRAM = """
%load_ext nbflow
from typing import Literal
from pydantic import BaseModel, Field
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.func import entrypoint
from nbflow.types import interrupt

class Verdict(BaseModel):
    kind: Literal["keep", "drop", "fix"]
    note: str
    score: float = Field(ge=0, le=10)

Day = Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]

def calls(at, *names):
    every = ["approve", "edit", "reject", "respond"]
    return {
        "action_requests": [
            {"name": name, "args": {"to": f"penguin {at}", "copies": 1, "rate": 1.0}}
            for name in names
        ],
        "review_configs": [{"action_name": name, "allowed_decisions": every} for name in names],
    }

ASKED = [*[Verdict] * 8, *[Day] * 2, *[bool] * 2, *[str] * 2, *[int] * 2]
CALLS = [["send_email"], ["send_email"], ["send_email"], ["send_email", "delete_files", "search"]]

@entrypoint(checkpointer=SqliteSaver("twenty.sqlite"))
def triage(_: str) -> list:
    answers = [
        interrupt(f"Question {at} of 20", response_schema=schema)
        for at, schema in enumerate(ASKED, 1)
    ]
    answers += [interrupt(calls(at, *names)) for at, names in enumerate(CALLS, 17)]
    return [answer.model_dump() if isinstance(answer, Verdict) else answer for answer in answers]
"""

RUN = "run = triage.start('', thread_id='twenty')\nrun"
OUTCOME = "print('answers', run.result())"

KINDS = ("keep", "drop", "fix")
ARGUMENTS = {"copies": 1, "rate": 1.0}


def test_p14_twenty_questions_by_keyboard_leave_the_notebook_alone(
    page: Page, lab: Lab, shots: Path
) -> None:
    """P7, P14, P15, P16: every answer arrives exactly, and no key goes astray."""
    write_notebook(lab, "twenty/twenty.ipynb", [PROGRAM, RUN, OUTCOME])
    notebook = Notebook(page, lab, "twenty/twenty.ipynb")
    notebook.open()
    notebook.run_cell(0)
    notebook.run_cell(1)
    desk = Desk(notebook, notebook.cards.first)
    expect(desk.title).to_have_text("Question 1 of 20", timeout=CELL_MS)
    desk.enter()
    before = cells_of(notebook)

    expected: list[object] = [
        *_verdicts(desk), *_days(desk), *_yes_and_no(desk), *_texts(desk), *_numbers(desk)
    ]  # fmt: skip
    expected += _one_call_at_a_time(desk)
    expected.append(_three_calls(desk, shots))
    expect(desk.card.locator(".nbf-pill")).to_have_text("Done", timeout=CELL_MS)
    assert desk.has_focus
    desk.press("a", "b", "d", "d", "m", "y")
    assert cells_of(notebook) == before

    _outside_the_keys_work(desk)
    notebook.run_cell(2)
    printed = notebook.output(re.compile("^answers ")).inner_text(timeout=CELL_MS)
    assert ast.literal_eval(printed.removeprefix("answers ")) == expected
    assert repr(expected) in printed, "a type has changed"


def _expect(desk: Desk, at: int) -> None:
    desk.expect_question(f"Question {at} of 20")


def _verdicts(desk: Desk) -> list[object]:
    """Choices, a text and a number in each; the notebook's keys are pressed in all of them."""
    found: list[object] = []
    for at in range(1, 9):
        _expect(desk, at)
        kind = KINDS[at % 3]
        if at == 1:
            desk.press(*NOTEBOOK_KEYS)
        desk.pick("Kind", kind)
        desk.write("Note", f"abddmy {at}")
        desk.press("Shift+Enter")
        desk.page.keyboard.type("end")
        desk.write("Score", "abddmy")
        desk.press("Shift+Enter", "ControlOrMeta+a")
        desk.page.keyboard.type(f"{at}.5")
        desk.send()
        desk.press("b", "d", "d")  # faster than the next question
        found.append({"kind": kind, "note": f"abddmy {at}\nend", "score": at + 0.5})
    return found


def _days(desk: Desk) -> list[object]:
    """A list to choose from, where `d d` and the like look for an entry."""
    for at, day in ((9, "Friday"), (10, "Sunday")):
        _expect(desk, at)
        choice = desk.form.get_by_role("combobox")
        desk.reach(choice)
        desk.press(*NOTEBOOK_KEYS, "Escape", day[0])
        for _ in range(8):
            if choice.locator("option:checked").inner_text() == day:
                break
            desk.press("ArrowDown")
        desk.send()
    return ["Friday", "Sunday"]


def _yes_and_no(desk: Desk) -> list[object]:
    for at, word in ((11, "No"), (12, "Yes")):
        _expect(desk, at)
        desk.press("ArrowDown", *NOTEBOOK_KEYS)
        desk.pick("Answer", word)
        desk.send()
    return [False, True]


def _texts(desk: Desk) -> list[object]:
    """The second is left empty on purpose: an empty text is an answer once it was written."""
    _expect(desk, 13)
    desk.press(*NOTEBOOK_KEYS, "x", "ControlOrMeta+z")
    desk.send()
    _expect(desk, 14)
    desk.press("a", "Backspace")
    desk.send()
    return ["abddmy\n", ""]


def _numbers(desk: Desk) -> list[object]:
    for at, number in ((15, "0"), (16, "-7")):
        _expect(desk, at)
        desk.press(*NOTEBOOK_KEYS, "ControlOrMeta+a")
        desk.page.keyboard.type(number)
        desk.send()
    return [0, -7]


def _one_call_at_a_time(desk: Desk) -> list[object]:
    """Each decision by the letter that is printed on it."""
    first = {"name": "send_email", "args": {"to": "penguin 18 and friends", **ARGUMENTS}}
    _expect_call(desk, 17)
    desk.press("?")
    expect(desk.card.get_by_role("group", name="Keys")).to_be_focused()
    desk.press("b", "d", "d", "Escape")
    assert desk.has_focus
    _decide(desk, "Reject")
    _decide(desk, "Approve")
    desk.send()

    _expect_call(desk, 18)
    _decide(desk, "Edit")
    desk.write("To", "penguin 18 and friends")
    expect(desk.card.locator(".nbf-diff")).to_contain_text("and friends")
    desk.send()

    _expect_call(desk, 19)
    _decide(desk, "Reject")
    desk.reach(desk.form.get_by_role("textbox"))
    desk.page.keyboard.type("abddmy: not today")
    desk.send()
    return [
        {"decisions": [{"type": "approve"}]},
        {"decisions": [{"type": "edit", "edited_action": first}]},
        {"decisions": [{"type": "reject", "message": "abddmy: not today"}]},
    ]


def _expect_call(desk: Desk, at: int) -> None:
    expect(desk.card.locator(".nbf-question")).to_contain_text(f"penguin {at}", timeout=CELL_MS)
    expect(desk.form.locator(".nbf-decision input").first).to_be_focused(timeout=CELL_MS)


def _decide(desk: Desk, decision: str, action: int = 0) -> None:
    """Press the letter that is printed on a decision."""
    row = desk.form.locator(f"[data-action='{action}'] .nbf-decision")
    button = row.filter(has_text=re.compile(f"^{decision}"))
    desk.press(button.locator(".nbf-kbd").inner_text().lower())
    expect(button.get_by_role("radio")).to_be_checked()
    expect(button.get_by_role("radio")).to_be_focused()


def _three_calls(desk: Desk, shots: Path) -> object:
    """J and K go from one to the next; what is left is let through at once, and named before."""
    _expect_call(desk, 20)
    desk.press("j")
    _decide(desk, "Reject", 1)
    desk.press("k", "j", "j", "m", "y", "b", "d", "d")
    _decide(desk, "Approve", 2)
    desk.reach(desk.form.get_by_role("button", name="Approve all open"))
    desk.press("Enter")
    told = desk.form.get_by_role("group", name="What was decided")
    expect(told).to_contain_text("Approve: send_email, search")
    expect(told).to_contain_text("Reject: delete_files")
    photograph(desk.notebook, desk.card, shots, "twenty-last")
    desk.send()
    return {"decisions": [{"type": "approve"}, {"type": "reject"}, {"type": "approve"}]}


def _outside_the_keys_work(desk: Desk) -> None:
    """The same keys do what they always do once the focus has left the card."""
    notebook = desk.notebook
    for _ in range(20):
        if not desk.has_focus:
            break
        desk.press("Shift+Tab")
    desk.press("Escape")
    count = len(cells_of(notebook)["cells"])
    at = cells_of(notebook)["active"]
    desk.press("b")
    _expect_cells(desk, count + 1)
    desk.press("m")
    assert cells_of(notebook)["cells"][at + 1][1] == "markdown"
    desk.press("y")
    assert cells_of(notebook)["cells"][at + 1][1] == "code"
    desk.press("a")
    _expect_cells(desk, count + 2)
    desk.press("d", "d", "d", "d")
    _expect_cells(desk, count)


def _expect_cells(desk: Desk, count: int) -> None:
    expect(desk.notebook.panel.locator(".jp-Cell")).to_have_count(count)
