"""The side panel's channel to a real kernel: it says that it is there, lists runs, shows one."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.notebook.kernel import Kernel, kernel

pytestmark = pytest.mark.timeout(120)

TARGET = "nbflow.panel"
PROGRAM = """
%load_ext nbflow
from nbflow.func import entrypoint
from nbflow.types import interrupt
from nbflow.checkpoint.memory import InMemorySaver

@entrypoint(checkpointer=InMemorySaver())
def review(topic):
    return interrupt({"question": f"Publish {topic}?"}, response_schema=bool)
"""


@pytest.fixture(scope="module")
def page() -> Iterator[Kernel]:
    with kernel() as one:
        yield one


class Channel:
    """A channel of the panel, as the page has it."""

    def __init__(self, page: Kernel, **data: str) -> None:
        self._page = page
        self.id = uuid.uuid4().hex
        page.send("comm_open", {"comm_id": self.id, "target_name": TARGET, "data": data})

    def say(self, message: dict[str, Any]) -> None:
        self._page.send("comm_msg", {"comm_id": self.id, "data": message})

    def heard(self, kind: str) -> list[Any]:
        """What came: each ``message`` or ``snapshot``."""
        return [
            m["content"]["data"][kind]
            for m in self._page.heard
            if m["msg_type"] == "comm_msg" and m["content"]["comm_id"] == self.id
            if kind in m["content"]["data"]
        ]

    def answer(self, message: dict[str, Any]) -> Any:
        before = len(self.heard("message"))
        self.say(message)
        self._page.wait_for(lambda: len(self.heard("message")) > before)
        return self.heard("message")[-1]

    def runs(self) -> list[tuple[str | None, str, list[str]]]:
        answer = self.answer({"type": "runs", "request": "1", "mark": ""})
        return [
            (row["thread_id"], row["status"], [one["title"] for one in row["questions"]])
            for row in answer["list"]["rows"]
        ]


def test_the_panel_works_while_a_cell_waits(page: Kernel) -> None:
    def comms() -> Any:
        asked = page.send("comm_info_request", {"target_name": TARGET})
        return page.reply_to(asked)["content"]["comms"]

    assert comms() == {}, "a kernel without nbflow is asked, and says no"
    page.run(PROGRAM).finish()
    assert list(comms().values()) == [{"target_name": TARGET}]

    panel = Channel(page, shows="panel")
    page.wait_for(lambda: panel.heard("snapshot"))
    assert panel.runs() == []
    waiting = page.run("run = review.start('cats', thread_id='cats'); print(run.result())")
    page.wait_for(lambda: panel.runs() == [("cats", "interrupted", ["Publish cats?"])])
    assert len(panel.heard("snapshot")) > 1, "it was told that there is news"

    listed = panel.answer({"type": "runs", "request": "2", "mark": ""})["list"]
    [row] = listed["rows"]
    run = Channel(page, shows="run", run=row["key"])
    page.wait_for(lambda: run.heard("snapshot"))
    assert run.heard("snapshot")[0]["status"] == "interrupted"
    submit = {"interrupt_id": row["questions"][0]["interrupt_id"], "submission": "s1"}
    run.say({"type": "submit", **submit, "value": True})
    assert waiting.finish().printed == "True\n"
    assert panel.runs() == []


def test_a_run_that_is_not_here_is_refused(page: Kernel) -> None:
    for data in ({"shows": "run", "run": "f" * 32}, {"shows": "shell"}, {}):
        channel = Channel(page, **data)

        def closings(wanted: str = channel.id) -> list[Any]:
            return [
                m["content"]["data"]
                for m in page.heard
                if m["msg_type"] == "comm_close" and m["content"]["comm_id"] == wanted
            ]

        page.wait_for(closings)
        assert closings()[0]["refused"]["reason"] == "missing"


def test_a_panel_that_is_long_silent_is_told_nothing_until_it_speaks(page: Kernel) -> None:
    """A page that is loaded anew leaves its channel behind, and never says so."""
    silent = Channel(page, shows="panel")
    page.wait_for(lambda: silent.heard("snapshot"))
    page.run("import nbflow.notebook.panel as panel; panel._SILENT_S = -1.0").finish()
    page.run("review.invoke('a', {'configurable': {'thread_id': 'a'}})").finish()
    page.run("panel._panel.flush()").finish()
    assert page.run("print(len(panel._panel.pages))").finish().printed == "0\n"
    told = len(silent.heard("snapshot"))
    page.run("panel._SILENT_S = 300.0; panel._panel.flush()").finish()
    assert len(silent.heard("snapshot")) == told

    assert ("a", "interrupted", ["Publish a?"]) in silent.runs()
    page.run("panel._panel.flush()").finish()
    page.wait_for(lambda: len(silent.heard("snapshot")) > told)


def test_unloading_takes_the_sign_away_and_loading_puts_it_back(page: Kernel) -> None:
    for line, there in (("%unload_ext nbflow", False), ("%load_ext nbflow", True)):
        page.run(line).finish()
        asked = page.send("comm_info_request", {"target_name": TARGET})
        assert (TARGET in page.reply_to(asked)["content"]["comms"]) is there
