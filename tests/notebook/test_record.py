"""What a saved notebook keeps of a run, executed and converted for real."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from nbflow.record.static_view import HTML_BYTES
from tests.notebook.kernel import Cell, Kernel, kernel

pytestmark = pytest.mark.timeout(120)

_WIDGET = "application/vnd.jupyter.widget-view+json"

PROGRAM = """
%load_ext nbflow
from typing import Annotated, Literal
from pydantic import BaseModel, Field
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.func import entrypoint, task
from nbflow.types import interrupt
import nbflow, nbflow.export

class Login(BaseModel):
    user: str
    password: Annotated[str, Field(json_schema_extra={"format": "password"})]

@task
def fetch(login):
    return f"5 rows for {login.user} with {login.password}"

@task
def clean(login):
    return fetch(login).result()

@entrypoint(checkpointer=InMemorySaver())
def prepare(login: Login):
    rows = clean(login).result()
    question = {"question": "Keep it?", "rows": rows}
    keep = interrupt(question, response_schema=Literal["keep", "drop"])
    return f"{rows}: {keep}"

LOGIN = Login(user="ada", password="hunter2")
"""


@pytest.fixture(scope="module")
def page() -> Iterator[Kernel]:
    """A page on one kernel that has the program."""
    with kernel() as one:
        one.run(PROGRAM).finish()
        yield one


def _started(page: Kernel, thread_id: str) -> Cell:
    code = f"run = prepare.start(LOGIN, thread_id={thread_id!r})\nrun"
    cell = page.run(code).finish()
    page.question(cell.widget())
    return cell


def test_freezing_leaves_the_record_alone(page: Kernel) -> None:
    """P23"""
    cell = _started(page, "frozen")
    widget = cell.widget()
    page.run("run.freeze()").finish()
    once = cell.shown
    page.run("run.freeze()").finish()

    assert [_WIDGET in data for data in cell.shown] == [False, False]
    card, record = cell.shown
    assert card == {"text/plain": "", "text/html": ""}
    assert "○ keep" in record["text/html"] and "Not answered yet" in record["text/html"]
    assert cell.shown == once
    closed = [m for m in page.heard if m["msg_type"] == "comm_close"]
    assert widget in [m["content"]["comm_id"] for m in closed]


def test_a_run_shown_without_the_extension_says_how_it_can_be_frozen(page: Kernel) -> None:
    page.run("%unload_ext nbflow").finish()
    cell = page.run("run = prepare.start(LOGIN, thread_id='bare')\nrun").finish()
    refused = page.run("run.freeze()").settle()

    (value,) = [m["content"]["data"] for m in cell.messages if m["msg_type"] == "execute_result"]
    assert _WIDGET in value
    assert "CannotFreezeError" in (refused.error or "")
    assert "%load_ext nbflow" in (refused.error or "")
    page.run("%load_ext nbflow").finish()
    again = page.run("run").finish()
    page.run("run.freeze()").finish()
    assert [_WIDGET in data for data in again.shown] == [False, False]


def test_a_frozen_run_goes_on_and_can_be_shown_again(page: Kernel) -> None:
    cell = _started(page, "goes on")
    page.run("run.freeze()").finish()
    again = page.run("run").finish()
    page.submit(again.widget(), page.question(again.widget()), "keep")
    page.run("run.result()").finish()

    page.wait_for(lambda: "● keep" in cell.records[0]["text/html"])
    assert again.widget() != cell.messages[0]["msg_id"]
    assert [_WIDGET in data for data in cell.shown] == [False, False]


def test_a_kernel_that_stops_right_after_has_sent_the_record() -> None:
    with kernel() as page:
        page.run(PROGRAM).finish()
        cell = _started(page, "stops")
        page.run("run.freeze(); exit()")
        page.wait_for(lambda: all(_WIDGET not in data for data in cell.shown))

        assert "○ keep" in cell.records[0]["text/html"]


def test_no_secret_reaches_the_widget_or_the_record(page: Kernel) -> None:
    """P23"""
    cell = _started(page, "secret")
    page.submit(cell.widget(), page.question(cell.widget()), "drop")
    page.run("run.result()").finish()
    page.say(cell.widget(), {"type": "history", "request": "h", "limit": 9, "before": None})
    page.wait_for(lambda: page.replies(cell.widget(), "history"))

    users = ("execute_input", "execute_result")
    told = str([m["content"] for m in page.heard if m["msg_type"] not in users])
    assert "5 rows for ada" in told
    assert "hunter2" not in told


def test_a_loaded_record_is_a_card_to_look_at(page: Kernel, tmp_path: Path) -> None:
    cell = _started(page, "told")
    file = str(tmp_path / "told.json")
    page.run(f"nbflow.export.json(run, path={file!r})").finish()
    waiting = page.run(f"nbflow.export.load({file!r})").finish()
    page.submit(cell.widget(), page.question(cell.widget()), "keep")
    page.run(f"run.result(); nbflow.export.json(run, path={file!r})").finish()
    over = page.run(f"nbflow.export.load({file!r})").finish()

    assert [_WIDGET in data for data in waiting.shown] == [False]
    assert "○ keep" in waiting.records[0]["text/html"]
    assert "● keep" in over.records[0]["text/html"]
    widget = over.widget()
    page.say(widget, {"type": "sync", "since": 0, "log": ""})
    page.wait_for(lambda: page.events(widget) and page.events(widget)[-1]["type"] == "run_ended")
    assert page.events(widget)[-1]["status"] == "done"
    form = next(one["form"] for one in page.events(widget) if one["type"] == "asked")
    submitted = {"type": "submit", "submission": "s", "interrupt_id": form["interrupt_id"]}
    page.say(widget, {**submitted, "value": "drop"})
    page.wait_for(lambda: page.replies(widget, "failed"))
    assert "record of a run" in page.replies(widget, "failed")[0]["message"]


def test_the_record_tells_of_the_run_that_its_card_went_on_to(page: Kernel) -> None:
    cell = _started(page, "branched")
    widget = cell.widget()
    page.submit(widget, page.question(widget), "keep")
    page.run("run.result()").finish()
    page.wait_for(lambda: "● keep" in cell.records[0]["text/html"])
    page.say(widget, {"type": "history", "request": "h", "limit": 20, "before": None})
    page.wait_for(lambda: page.replies(widget, "history"))
    start = page.replies(widget, "history")[0]["items"][-1]["checkpoint_id"]
    page.say(widget, {"type": "checkpoint", "request": "c", "checkpoint_id": start})
    page.wait_for(lambda: page.replies(widget, "checkpoint"))
    asked = next(
        op["id"] for op in page.replies(widget, "checkpoint")[0]["ops"] if op["name"] is None
    )
    fork = {"type": "go", "request": "g", "action": "fork", "checkpoint_id": start}
    page.say(widget, {**fork, "before": asked})
    page.wait_for(lambda: page.replies(widget, "outcome"))

    page.wait_for(lambda: "○ keep" in cell.records[0]["text/html"])
    told = page.run("print(run.id[:8], run.status)").finish().printed.split()
    record = cell.records[0]
    assert f"Branched from run {told[0]}… (✓ done), begun" in record["text/html"]
    assert f"Branched from run {told[0]}… (✓ done)" in record["text/plain"]
    form = [one["form"] for one in page.events(widget) if one["type"] == "asked"][-1]
    page.submit(widget, form, "drop")
    page.wait_for(lambda: "● drop" in cell.records[0]["text/html"])
    page.run("run.freeze()").finish()
    assert [_WIDGET in data for data in cell.shown] == [False, False]
    assert "● drop" in cell.records[0]["text/html"]
    closed = [m["content"]["comm_id"] for m in page.heard if m["msg_type"] == "comm_close"]
    assert widget in closed


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A notebook that a script executed, saved and read again."""
    made = nbformat.v4.new_notebook(cells=[
        nbformat.v4.new_code_cell(PROGRAM),
        nbformat.v4.new_code_cell("run = prepare.start(LOGIN, thread_id='1')\nrun"),
        nbformat.v4.new_code_cell(
            "run.wait()\nwith nbflow.acting_as('grace'):\n    run.resume('keep')\n"
            "result = run.result()"
        ),
    ])  # fmt: skip
    NotebookClient(made, timeout=60, kernel_name="python3").execute()
    path = tmp_path_factory.mktemp("saved") / "saved.ipynb"
    nbformat.write(made, path)
    return nbformat.read(path, as_version=4)


def _records(made: Any) -> list[str]:
    outputs = [output for cell in made.cells for output in cell.get("outputs", [])]
    return [one.data["text/html"] for one in outputs if one.get("data", {}).get("text/html")]


def test_an_executed_notebook_keeps_timeline_form_and_answer(executed: Any) -> None:
    nbformat.validate(executed)
    (record,) = _records(executed)

    for part in ("clean", "fetch", "● keep", "○ drop", "by grace", "5 rows for ada", "UTC"):
        assert part in record
    assert "<script" not in record and "hunter2" not in record
    assert len(record.encode()) < HTML_BYTES


def test_nbconvert_shows_the_record(executed: Any) -> None:
    exporter: Any = HTMLExporter  # declares no types
    source, _ = exporter().from_notebook_node(executed)

    for part in ("clean", "fetch", "● keep", "○ drop", "by grace", "margin-left:", "border-top:"):
        assert part in source
    assert "hunter2" not in source.partition("Result</strong>")[2].partition("</details>")[0]
    assert "Model not found" not in source
