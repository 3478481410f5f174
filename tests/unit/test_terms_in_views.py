"""What pages show of the terms of a question, and how an answer from a page is kept."""

from __future__ import annotations

import time
from typing import Any

import pytest

import nbflow
from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.forms import form_of
from nbflow.func import entrypoint, task
from nbflow.record.static_view import html_of, text_of
from nbflow.types import Interrupt, interrupt
from nbflow.widgets.inbox import Inbox
from nbflow.widgets.session import session_of
from tests.unit.pages import WAIT_S, InboxPage, RunPage


def asking(saver: BaseCheckpointSaver, **terms: Any) -> Any:
    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return interrupt("Which?", **terms)

    return workflow


def shown(run: Any) -> RunPage:
    """A page that shows a run which waits."""
    assert run.wait(WAIT_S) == "interrupted"
    page = RunPage()
    page.snapshot = session_of(run).attach(page)
    session_of(run).receive(page, {"type": "sync", "since": 0, "log": ""})
    return page


def submitted(page: RunPage, run: Any, value: Any, name: str = "s") -> dict[str, Any]:
    """The receipt of an answer."""
    content = {"submission": name, "interrupt_id": run.interrupts[0].id, "value": value}
    session_of(run).receive(page, {"type": "submit", **content})
    return next(one for one in reversed(page.messages) if one["type"] == "receipt")


def test_a_form_says_for_whom_and_until_when(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBFLOW_USER", "eve")
    secret = {"type": "object", "properties": {"pin": {"format": "password"}}}
    question = Interrupt(
        "?", "0" * 32, secret, deadline=12.5, on_timeout="default", default={"pin": "1234"},
        assignees=("ada",),
    )  # fmt: skip

    terms = form_of(question)["terms"]

    assert terms.pop("otherwise")["text"] == '{\n  "pin": "••••••"\n}'  # type: ignore[misc,index]
    assert terms == {"deadline": 12.5, "assignees": ["ada"], "you": "eve"}
    assert "terms" not in form_of(Interrupt("?", "0" * 32))


def test_an_answer_from_the_form_is_kept_with_its_name(
    saver: BaseCheckpointSaver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NBFLOW_USER", "ada")
    run = asking(saver).start(1, thread_id="1")
    page = shown(run)

    assert submitted(page, run, "this")["status"] == "accepted"

    page.wait_for(page.is_done)
    (answered,) = [event for event in page.events if event["type"] == "answered"]
    assert (answered["by"], answered["via"], answered["expired"]) == ("ada", "form", False)
    (one,) = run.workflow.audit("1")
    assert (one.by, one.via, one.answer) == ("ada", "form", "this")


def test_the_codes_own_judgement_lands_on_its_field(saver: BaseCheckpointSaver) -> None:
    """P11"""
    schema = {"type": "object", "properties": {"price": {"type": "number"}}}
    workflow = asking(
        saver, response_schema=schema, validate=lambda draft: {"price": "Too high"} if draft else 0
    )
    run = workflow.start(1, thread_id="1")
    page = shown(run)

    receipt = submitted(page, run, {"price": 7})

    assert receipt["status"] == "invalid"
    assert receipt["errors"] == [{"path": ["price"], "message": "Too high"}]
    assert len(run.interrupts) == 1


def test_a_validator_with_a_defect_is_told_to_the_page(saver: BaseCheckpointSaver) -> None:
    run = asking(saver, validate=lambda draft: draft["no"]).start(1, thread_id="1")
    page = shown(run)

    receipt = submitted(page, run, {})

    assert (receipt["status"], receipt["errors"]) == ("refused", [])
    assert "KeyError" in receipt["message"] and "still open" in receipt["message"]
    assert len(run.interrupts) == 1


def test_an_answer_that_the_code_takes_back_can_be_given_again(
    saver: BaseCheckpointSaver,
) -> None:
    @task
    def ask() -> Any:
        return interrupt("?", validate=lambda value: None if value == 1 else "Only 1")

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return ask().result()

    run = workflow.start(1, thread_id="1")
    page = shown(run)
    workflow.judges.forget(run.interrupts[0].id)  # as in a process that has not asked

    assert submitted(page, run, 2)["status"] == "accepted"
    assert run.wait(WAIT_S) == "error"

    page.wait_for(lambda: page.snapshot["status"] == "error")
    assert page.snapshot["pending"] == 1
    (question,) = run.interrupts
    ended = page.events[-1]
    assert (ended["open"], ended["error"]["type"]) == ([question.id], "InvalidAnswerError")
    assert "Not answered yet" in html_of(run)
    assert submitted(page, run, 1, "again")["status"] == "accepted"
    assert run.wait(WAIT_S) == "done" and run.result() == 1


def test_who_is_not_asked_is_refused(saver: BaseCheckpointSaver) -> None:
    run = asking(saver, assignees=["ada"]).start(1, thread_id="1")
    page = shown(run)

    receipt = submitted(page, run, 1)

    assert receipt["status"] == "refused" and "for ada" in receipt["message"]
    assert len(run.interrupts) == 1


def test_the_page_is_told_that_the_time_was_up(saver: BaseCheckpointSaver) -> None:
    workflow = asking(saver, timeout=0.05, on_timeout="default", default="fallback")
    run = workflow.start(1, thread_id="1")
    page = shown(run)

    page.wait_for(page.is_done)

    (answered,) = [event for event in page.events if event["type"] == "answered"]
    assert (answered["by"], answered["via"], answered["expired"]) == (None, "timeout", False)
    assert answered["answer"]["text"] == "fallback"
    assert "time was up" in html_of(run) and "time was up" in text_of(run)


def test_the_record_says_who_answered(saver: BaseCheckpointSaver) -> None:
    run = asking(saver).start(1, thread_id="1")
    assert run.wait(WAIT_S) == "interrupted"
    with nbflow.acting_as("<b>ada</b>"):
        run.resume("this")
    assert run.wait(WAIT_S) == "done"

    assert "Answered by &lt;b&gt;ada&lt;/b&gt;" in html_of(run)
    assert "by <b>ada</b>" in text_of(run)


# -- the inbox ---------------------------------------------------------------------------------


def test_the_inbox_tells_yours_from_others(
    saver: BaseCheckpointSaver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NBFLOW_USER", "ada")

    @entrypoint(checkpointer=saver)
    def workflow(who: list[str]) -> Any:
        return interrupt(f"For {who}?", assignees=who, timeout=3600)

    for who in (["ada"], ["eve"], []):
        workflow.invoke(who, {"configurable": {"thread_id": str(who)}})
    page = InboxPage(Inbox(workflow))

    listing = page.listing()

    assert [(row["title"], row["yours"]) for row in listing["rows"]] == [
        ("For ['ada']?", True),
        ("For ['eve']?", False),
        ("For []?", True),
    ]
    assert listing["others"] == 1
    assert all(row["deadline"] > row["asked_at"] + 3599 for row in listing["rows"])
    assert page.titles(mine=True) == ["For ['ada']?", "For []?"]
    assert len(nbflow.pending.pending(saver, assignee="eve")) == 2
    receipt = page.submit(page.id_of("For ['eve']?"), value=1)
    assert receipt["status"] == "refused" and "for eve" in receipt["message"]
    assert page.submit(page.id_of("For ['ada']?"), "s2", value=1)["status"] == "accepted"
    assert [(one.by, one.via) for one in workflow.audit("['ada']")] == [("ada", "inbox")]
    monkeypatch.setenv("NBFLOW_USER", "eve")
    assert [(row["title"], row["yours"]) for row in page.listing()["rows"]] == [
        ("For ['eve']?", True),
        ("For []?", True),
    ]


def test_the_inbox_lets_runs_go_on_whose_time_is_up(saver: BaseCheckpointSaver) -> None:
    workflow = asking(saver, timeout=0.01, on_timeout="default", default="fallback")
    workflow.invoke(1, {"configurable": {"thread_id": "1"}})
    page = InboxPage(Inbox(workflow))

    while page.listing()["rows"]:
        time.sleep(0.001)

    run = workflow.thread("1")
    assert run.wait(WAIT_S) == "done" and run.result() == "fallback"
