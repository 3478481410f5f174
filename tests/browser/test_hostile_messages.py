"""Fault 37: a page that says what no page of ours would say."""

from __future__ import annotations

import json
import re
import sqlite3
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.lab import CELL_MS, Lab, Notebook, write_notebook

pytestmark = pytest.mark.timeout(90)

PROGRAM = """
%load_ext nbflow
import logging
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.func import entrypoint
from nbflow.types import interrupt

to_file = logging.FileHandler("refused.log")
logging.getLogger("nbflow").addHandler(to_file)
saver = SqliteSaver("messages.sqlite")

@entrypoint(checkpointer=saver)
def ask(name: str):
    return [interrupt(f"{name}: {n}", response_schema=int) for n in (1, 2)]

one, other = (ask.start(name, thread_id=name) for name in ("one", "other"))
while not (one.interrupts and other.interrupts):
    one.wait(), other.wait()
"""

IDS = """
from nbflow.widgets.run_view import view_of
print("ids", view_of(one).comm.comm_id, view_of(other).comm.comm_id,
      one.interrupts[0].id, other.interrupts[0].id)
"""

_LISTEN = """() => {
  const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
  window.heard = [];
  kernel.iopubMessage.connect((_, message) => {
    const { header, content } = message;
    if (header.msg_type === "comm_msg" && content.data?.method === "custom")
      window.heard.push([content.comm_id, content.data.content]);
  });
  window.say = (comm_id, data, type = "comm_msg", target_name = undefined) => {
    const header = {
      msg_id: crypto.randomUUID(), msg_type: type, session: kernel.clientId,
      username: "", version: "5.3", date: new Date().toISOString(),
    };
    kernel.sendShellMessage({
      header, parent_header: {}, metadata: {}, buffers: [], channel: "shell",
      content: { comm_id, data, ...(target_name && { target_name }) },
    });
  };
}"""


class Intruder:
    """Sends raw comm messages through the page's own connection, and hears what comes back."""

    def __init__(self, notebook: Notebook, comm: str) -> None:
        self._page = notebook.page
        self.comm = comm

    def say(self, content: Any, comm: str | None = None) -> None:
        text = json.dumps({"method": "custom", "content": content})
        self._page.evaluate(
            "([id, text]) => window.say(id, JSON.parse(text))", [comm or self.comm, text]
        )

    def raw(self, comm: str, data: Any, kind: str = "comm_msg", target: str | None = None) -> None:
        self._page.evaluate(
            "([id, data, kind, target]) => window.say(id, data, kind, target ?? undefined)",
            [comm, data, kind, target],
        )

    def ask(self, content: Any, comm: str | None = None) -> dict[str, Any]:
        """Send a message and return the first answer that comes after it."""
        page, comm = self._page, comm or self.comm
        page.evaluate("() => { window.heard = []; }")
        self.say(content, comm)
        heard = page.wait_for_function(
            """(id) => window.heard.find(([from, said]) => from === id
                && said.type !== "events" && said.type !== "bundle")?.[1]""",
            arg=comm,
            timeout=CELL_MS,
        ).json_value()
        found: dict[str, Any] = heard
        return found


def _answers(lab: Lab) -> list[str]:
    """The threads that have an answer, one entry for each."""
    path = lab.root / "messages" / "messages.sqlite"
    query = "SELECT thread_id FROM op JOIN run USING (run) WHERE op.kind = 'answer' ORDER BY op.seq"
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        found = [str(row[0]) for row in database.execute(query)]
    database.close()
    return found


def test_fault_37_wrong_messages_are_refused_logged_and_store_nothing(page: Page, lab: Lab) -> None:
    """Unknown ids, wrong types, 10 MB, replays, and answers meant for another thread."""
    write_notebook(lab, "messages/messages.ipynb", [PROGRAM, "one", "other", IDS, "6 * 7"])
    notebook = Notebook(page, lab, "messages/messages.ipynb")
    notebook.open()
    page.evaluate(_LISTEN)
    notebook.command("notebook:run-all-cells")
    printed = notebook.output(re.compile("^ids ")).inner_text(timeout=CELL_MS)
    comm, other_comm, question, other_question = printed.split()[1:]
    for card in notebook.cards.all():
        expect(card.get_by_role("form")).to_be_visible(timeout=CELL_MS)
    intruder = Intruder(notebook, comm)

    _malformed(intruder, question)
    _strangers(intruder, question, other_question)
    assert _answers(lab) == []

    _replays(intruder, other_comm, question)
    assert _answers(lab) == ["one"]
    log = (lab.root / "messages" / "refused.log").read_text()
    for said in ("not known to the kernel", "larger than", "must be a text", "refused"):
        assert said in log

    notebook.run_cell(4)
    expect(notebook.output(re.compile("^42$"))).to_be_visible(timeout=CELL_MS)
    card = notebook.panel.locator(".jp-CodeCell").nth(2).locator(".nbf-card")
    card.get_by_role("textbox").fill("7")
    card.get_by_role("button", name=re.compile("^Submit")).click()
    expect(card.locator(".nbf-question-title")).to_have_text("other: 2", timeout=CELL_MS)
    assert _answers(lab) == ["one", "other"]


def _malformed(intruder: Intruder, question: str) -> None:
    """Each gets an answer that says what was wrong, or none where there is nobody to answer."""
    large = {
        "type": "submit",
        "submission": "s",
        "interrupt_id": question,
        "value": "x" * 9_900_000,
    }
    nested: Any = 1
    for _ in range(300):
        nested = [nested]
    wrong: list[Any] = [
        None, 7, "submit", [], {}, {"type": ["submit"]}, {"type": "eval"}, {"type": "sync"},
        {"type": "sync", "since": -1, "log": ""}, {"type": "sync", "since": "0", "log": 3},
        {"type": "history", "request": "r", "limit": "all"}, {"type": "cancel", "request": None},
        {"type": "submit", "submission": "", "interrupt_id": question, "value": 1},
        {"type": "submit", "submission": "s" * 300, "interrupt_id": question, "value": 1},
        {"type": "submit", "submission": {"a": 1}, "interrupt_id": question, "value": 1},
        {"type": "submit", "submission": "a", "interrupt_id": [question], "value": 1},
        {"type": "submit", "submission": "b", "interrupt_id": question},
        {"type": "submit", "submission": "c", "interrupt_id": question, "decisions": "approve"},
        large,
    ]  # fmt: skip
    for content in wrong:
        answer = intruder.ask(content)
        assert answer["type"] == "failed", content
        assert answer["message"]
    for value in ("one", 1.5, None, [1], nested, {"__class__": "os.system"}):
        answer = intruder.ask(
            {
                "type": "submit",
                "submission": f"v{value!r}"[:90],
                "interrupt_id": question,
                "value": value,
            }
        )
        assert (answer["type"], answer["status"]) == ("receipt", "invalid"), value
    decided = {"submission": "d", "interrupt_id": question, "decisions": [{"kind": "approve"}]}
    assert intruder.ask({"type": "submit", **decided})["status"] in ("invalid", "refused")


def _strangers(intruder: Intruder, question: str, other_question: str) -> None:
    """Questions that nobody asked or another thread did, and comms that nobody opened."""
    for at, unknown in enumerate(("0" * 32, "nonsense", "", question.upper(), other_question)):
        answer = intruder.ask(
            {"type": "submit", "submission": f"u{at}", "interrupt_id": unknown, "value": 1}
        )
        assert (answer["type"], answer["status"]) == ("receipt", "refused"), unknown
    state = {"snapshot": [], "bundle_version": 5, "shows": {}, "_esm": None, "none": 1}
    intruder.raw(intruder.comm, {"method": "update", "state": state, "buffer_paths": [["x"]]})
    for data in (None, "text", 5, {}, {"method": "update"}, {"method": 5}, {"method": "custom"}):
        intruder.raw(intruder.comm, data)
    submit = {"type": "submit", "submission": "n", "interrupt_id": question, "value": 1}
    intruder.raw("nobody", {"method": "custom", "content": submit})
    intruder.raw("fresh", {"method": "custom", "content": submit}, "comm_open", "nbflow")
    intruder.raw("fresh", {}, "comm_open", "jupyter.widget.control")
    intruder.raw("fresh", {"method": "request_states", "x": 1})


def _replays(intruder: Intruder, other_comm: str, question: str) -> None:
    """The same press once more is the same receipt; the same answer anew is refused."""
    press = {"type": "submit", "submission": "p", "interrupt_id": question, "value": 1}
    receipts = [intruder.ask(press) for _ in range(3)]
    assert [receipt["status"] for receipt in receipts] == ["accepted"] * 3
    assert intruder.ask({**press, "value": 2}) == receipts[0]
    assert intruder.ask({**press, "submission": "q", "value": 2})["status"] == "refused"
    assert intruder.ask(press, other_comm)["status"] == "refused"
