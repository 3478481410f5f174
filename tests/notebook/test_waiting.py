"""A cell waits for a person in a real kernel, and the form below it works meanwhile."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.notebook.essays import PROGRAM, check_that_the_form_works, start
from tests.notebook.kernel import Kernel, kernel

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def page() -> Iterator[Kernel]:
    """A page on one kernel that has the program."""
    with kernel() as one:
        one.run(PROGRAM).finish()
        yield one


@pytest.fixture
def thread_id(request: pytest.FixtureRequest) -> str:
    return str(request.node.name)


@pytest.mark.parametrize("workflow", ["essay", "essay_async"])
@pytest.mark.parametrize("wait", ["run.result()", "run.result(timeout=60)", "await run"])
def test_the_form_works_while_the_cell_waits(
    page: Kernel, thread_id: str, workflow: str, wait: str
) -> None:
    check_that_the_form_works(page, thread_id, workflow, wait)


def test_a_kernel_whose_cell_waits_says_busy(page: Kernel, thread_id: str) -> None:
    _, widget = start(page, thread_id)
    waiting = page.run("print('waits', flush=True); answer = run.result()")
    page.wait_for(lambda: waiting.printed)
    form = page.question(widget)
    page.wait_for(lambda: waiting.states.count("busy") > 1)
    states = [m for m in page.heard if m["msg_type"] == "status"]

    assert states[-1]["content"]["execution_state"] == "busy"
    assert states[-1]["parent_header"]["msg_id"] == waiting.id
    page.submit(widget, form, "Yes.")
    waiting.finish()


def test_a_page_that_reloads_gets_its_widgets_back(page: Kernel, thread_id: str) -> None:
    _, widget = start(page, thread_id)
    waiting = page.run("print(run.result())")

    comms = page.reply_to(page.send("comm_info_request", {"target_name": "jupyter.widget"}))
    info = page.reply_to(page.send("kernel_info_request", {}))
    control = "c" * 32
    opening = {"comm_id": control, "target_name": "jupyter.widget.control", "data": {}}
    page.send("comm_open", opening, {"version": "1.0.0"})
    page.send("comm_msg", {"comm_id": control, "data": {"method": "request_states"}})
    page.wait_for(lambda: any(m["content"].get("comm_id") == control for m in page.heard))
    states = next(m for m in page.heard if m["content"].get("comm_id") == control)

    assert widget in comms["content"]["comms"]
    assert info["content"]["status"] == "ok"
    state = states["content"]["data"]["states"][widget]["state"]
    assert state["snapshot"]["status"] == "interrupted"
    assert waiting.states[-1] == "busy"
    page.submit(widget, page.question(widget), "Still here.")
    assert "Still here." in waiting.finish().printed


def test_other_widgets_wait_for_the_cell_as_ever(page: Kernel, thread_id: str) -> None:
    _, widget = start(page, thread_id)
    slider = page.run("slider = ipywidgets.IntSlider(); print(slider.comm.comm_id)").finish()
    waiting = page.run("before = slider.value; run.result(); print(before, slider.value)")
    update = {"method": "update", "state": {"value": 9}, "buffer_paths": []}
    page.send("comm_msg", {"comm_id": slider.printed.strip(), "data": update})
    page.submit(widget, page.question(widget), "Yes.")

    assert waiting.finish().printed == "0 0\n"
    assert page.run("print(slider.value)").finish().printed == "9\n"


def test_the_stop_button_ends_the_wait_and_not_the_run(page: Kernel, thread_id: str) -> None:
    _, widget = start(page, thread_id)
    waiting = page.run("print('waits', flush=True); run.result()")
    form = page.question(widget)
    page.wait_for(lambda: waiting.printed)
    page.interrupt()

    assert (waiting.settle().error or "").startswith("KeyboardInterrupt")
    assert page.run("print(run.status)").finish().printed == "interrupted\n"
    page.submit(widget, form, "After all.")
    assert "After all." in page.run("print(run.result())").finish().printed


def test_a_wait_can_be_limited(page: Kernel, thread_id: str) -> None:
    _, widget = start(page, thread_id)
    page.question(widget)

    limited = page.run("run.result(timeout=0.01)").settle()

    assert (limited.error or "").startswith("TimeoutError")
    page.submit(widget, page.question(widget), "In time.")
    assert "In time." in page.run("print(run.result())").finish().printed


def test_a_plain_stream_is_shown_and_kept_up_to_date(page: Kernel, thread_id: str) -> None:
    config = {"configurable": {"thread_id": thread_id}}
    cell = page.run(f"for chunk in essay.stream('cats', {config}): print(chunk)").finish()

    page.wait_for(lambda: "Not answered yet" in cell.records[0]["text/html"])
    assert len(cell.records) == 1
    assert "write" in cell.records[0]["text/plain"]
    widget = cell.widget()
    page.submit(widget, page.question(widget), "By the form.")
    page.wait_for(lambda: "By the form." in cell.records[0]["text/html"])
    assert "Not answered yet" not in cell.records[0]["text/html"]


def test_a_loop_of_runs_does_not_flood_the_cell(page: Kernel, thread_id: str) -> None:
    config = f"{{'configurable': {{'thread_id': {thread_id!r} + str(n)}}}}"
    cell = page.run(f"for n in range(30): essay.invoke('cats', {config})").finish()

    assert len(cell.records) == 20
    assert cell.printed.count("not shown") == 1


def test_a_run_that_is_only_waited_for_is_shown(page: Kernel, thread_id: str) -> None:
    start = f"run = essay.start('cats', thread_id={thread_id!r})"
    waiting = page.run(f"{start}\nprint(run.result())\nrun")
    widget = waiting.widget()
    page.submit(widget, page.question(widget), "Seen.")

    assert "Seen." in waiting.finish().printed
    assert len(waiting.records) == 1
    again = page.run("print(run.result())").finish()
    assert again.shown == []


def test_the_card_is_not_drawn_anew_when_the_run_moves_on(page: Kernel, thread_id: str) -> None:
    cell, widget = start(page, thread_id)
    page.submit(widget, page.question(widget), "Kept.")
    page.wait_for(lambda: "Kept." in cell.records[0]["text/html"])

    cards = [
        m
        for m in page.heard
        if m["msg_type"] in ("display_data", "update_display_data")
        and widget in str(m["content"]["data"])
    ]
    assert len(cards) == 1


def test_a_shown_run_is_kept_up_to_date(page: Kernel, thread_id: str) -> None:
    cell, widget = start(page, thread_id)
    page.submit(widget, page.question(widget), "Kept.")

    page.wait_for(lambda: "Kept." in cell.records[0]["text/html"])
    assert "done" in cell.records[0]["text/plain"]
    assert "<script" not in cell.records[0]["text/html"]


def test_with_nobody_there_a_wait_ends_at_once(page: Kernel, thread_id: str) -> None:
    shown = page.run(f"run = essay.start('cats', thread_id={thread_id!r})\nrun", headless=True)
    waiting = page.run("run.result()", headless=True).settle()
    error = waiting.error or ""

    assert error.startswith("RunPendingError")
    for part in (thread_id, "Good?", "NBFLOW_ANSWERS", "Command(resume="):
        assert part in error
    assert set(shown.finish().shown[0]) == {"text/plain", "text/html"}


def test_with_nobody_there_a_file_answers(page: Kernel, thread_id: str, tmp_path: Path) -> None:
    path = tmp_path / "answers.json"
    answers = [{"match": "Bad?", "answer": "no"}, {"match": "Good?", "answer": "From a file."}]
    path.write_text(json.dumps({"answers": answers}))
    page.run(f"import os; os.environ['NBFLOW_ANSWERS'] = {str(path)!r}").finish()

    try:
        for wait in ("run.result()", "await run"):
            start = f"run = essay.start('cats', thread_id={thread_id + wait!r})"
            cell = page.run(f"{start}\nprint({wait})", headless=True).settle()
            if wait == "run.result()":
                assert "From a file." in cell.finish().printed
            else:
                assert "has none left for this question" in (cell.error or "")
    finally:
        page.run("del os.environ['NBFLOW_ANSWERS']").finish()


def test_the_site_of_a_call_is_named_by_its_cell(page: Kernel, thread_id: str) -> None:
    """P8"""
    start(page, thread_id)
    look = (
        "from nbflow.forms.cells import site_in_cell\n"
        "run.wait(); config = {'configurable': {'thread_id': run.thread_id}}\n"
        "first = list(essay.get_state_history(config))[-1]\n"
        "print([site_in_cell(op.site) for op in first.ops])"
    )

    page.wait_for(lambda: page.run(look).finish().printed.count("Cell In[") == 2)


def test_what_the_first_card_needs_is_there_before_it(page: Kernel) -> None:
    look = "from nbflow.widgets import assets; print(assets.bundle_gz.cache_info().misses)"

    assert page.run(look).finish().printed == "1\n"


def test_loading_twice_and_unloading_leave_a_sound_kernel(page: Kernel, thread_id: str) -> None:
    page.run("%reload_ext nbflow").finish()
    _, widget = start(page, thread_id)
    waiting = page.run("print(run.result())")
    page.submit(widget, page.question(widget), "Once.")

    assert waiting.finish().printed.count("Once.") == 1
    assert len(page.replies(widget, "receipt")) == 1
