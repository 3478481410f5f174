"""On which terms a question is asked: who judges the answer, who may give it, and until when."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pydantic
import pytest

import nbflow
from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.errors import (
    AnswerTimeoutError,
    AnswerTooLateError,
    DeclarationError,
    InvalidAnswerError,
    NotAssignedError,
)
from nbflow.func import entrypoint, task
from nbflow.run import Run
from nbflow.types import Command, interrupt
from tests.unit.drive import Config, Drive

Rows = Callable[[], Any]


class Price(pydantic.BaseModel):
    amount: float
    currency: str = "EUR"


def asking(saver: BaseCheckpointSaver, **terms: Any) -> Any:
    """A workflow that asks one question on these terms, defined anew with each call."""

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        try:
            return interrupt({"question": "Which?", "n": n}, **terms)
        except AnswerTimeoutError as error:
            return f"nobody: {error.interrupt_id}"

    return workflow


def limited(value: Price) -> Any:
    if value.amount > 100:
        return {"amount": "Too high", ("currency",): "Not in this one"}
    if value.amount == 13:
        raise ValueError("Not that one")
    return None


# -- validate= ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "faults"),
    [
        (200, {("amount",): "Too high", ("currency",): "Not in this one"}),
        (13, {(): "Not that one"}),
    ],
)
def test_the_code_judges_a_draft_before_anything_is_stored(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, rows: Rows, amount: float,
    faults: dict[tuple[str, ...], str],
) -> None:  # fmt: skip
    workflow = asking(saver, response_schema=Price, validate=limited)
    drive.invoke(workflow, 1, config)
    before = rows()

    with pytest.raises(InvalidAnswerError, match="still open") as caught:
        drive.invoke(workflow, Command(resume={"amount": amount}), config)

    assert {tuple(e["path"]): e["message"] for e in caught.value.errors} == faults
    assert rows() == before
    assert drive.invoke(workflow, Command(resume={"amount": 7}), config) == Price(amount=7)


def test_another_process_lets_its_own_code_judge(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, rows: Rows
) -> None:
    drive.invoke(asking(saver, response_schema=Price, validate=limited), 1, config)
    before = rows()

    with pytest.raises(InvalidAnswerError, match="Nothing was stored"):
        again = asking(saver, response_schema=Price, validate=limited)
        drive.invoke(again, Command(resume={"amount": 200}), config)

    assert rows() == before


def test_what_was_accepted_is_not_judged_again(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    judged: list[Any] = []

    def once(value: Any) -> bool:
        judged.append(value)
        return len(judged) == 1

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [interrupt("a", validate=once), interrupt("b"), interrupt("c")]

    drive.invoke(workflow, 1, config)
    for answer in ("x", "y"):
        drive.invoke(workflow, Command(resume=answer), config)

    assert drive.invoke(workflow, Command(resume="z"), config) == ["x", "y", "z"]
    assert judged == ["x"]


def test_an_answer_to_a_task_of_another_process_is_judged_when_the_task_gets_it(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    def define() -> Any:
        @task
        def ask() -> Any:
            return interrupt("?", validate=lambda value: None if value == 1 else "Only 1")

        @entrypoint(checkpointer=saver)
        def workflow(n: int) -> Any:
            return ask().result()

        return workflow

    drive.invoke(define(), 1, config)
    workflow = define()
    with pytest.raises(InvalidAnswerError, match="Only 1"):
        drive.invoke(workflow, Command(resume=2), config)

    assert [one.status for one in workflow.audit(config["configurable"]["thread_id"])] == [
        "taken back"
    ]
    assert drive.invoke(workflow, Command(resume=1), config) == 1


@pytest.mark.parametrize("said", [False, "No", {"": "No"}])
def test_ways_to_refuse(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, said: Any
) -> None:
    workflow = asking(saver, validate=lambda value: said)
    drive.invoke(workflow, 1, config)

    with pytest.raises(InvalidAnswerError):
        drive.invoke(workflow, Command(resume=1), config)


@pytest.mark.parametrize("said", [None, True, "", {}])
def test_ways_to_accept(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, said: Any
) -> None:
    workflow = asking(saver, validate=lambda value: said)
    drive.invoke(workflow, 1, config)

    assert drive.invoke(workflow, Command(resume=None), config) is None


def test_a_validator_with_a_defect_stores_nothing(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, rows: Rows
) -> None:
    workflow = asking(saver, validate=lambda value: value["no"])
    drive.invoke(workflow, 1, config)
    before = rows()

    with pytest.raises(KeyError) as caught:
        drive.invoke(workflow, Command(resume={}), config)

    assert "question is still open" in caught.value.__notes__[0]
    assert rows() == before


async def _never(value: Any) -> None:
    """A coroutine function, which cannot judge."""


@pytest.mark.parametrize(
    ("terms", "says"),
    [
        ({"validate": _never}, "no plain function"),
        ({"validate": 3}, "no plain function"),
        ({"timeout": 0}, "seconds above 0"),
        ({"timeout": float("nan")}, "seconds above 0"),
        ({"timeout": True}, "seconds above 0"),
        ({"timeout": "soon"}, "seconds above 0"),
        ({"timeout": 1, "on_timeout": "retry"}, "'fail' or 'default'"),
        ({"on_timeout": "default"}, "needs a timeout"),
        (
            {"timeout": 1, "on_timeout": "default", "default": "x", "response_schema": int},
            "no answer to its own question",
        ),
        ({"assignees": ["ada", 3]}, "expected names"),
    ],
)
def test_terms_that_cannot_be_meant_are_refused(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, terms: dict[str, Any], says: str
) -> None:
    with pytest.raises(DeclarationError, match=says):
        drive.invoke(asking(saver, **terms), 1, config)


# -- assignees= --------------------------------------------------------------------------------


def test_only_who_is_named_may_answer(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, rows: Rows
) -> None:
    workflow = asking(saver, assignees=["ada", "grace"])
    asked = drive.invoke(workflow, 1, config)["__interrupt__"][0]
    assert asked.assignees == ("ada", "grace")
    before = rows()

    with nbflow.acting_as("eve"), pytest.raises(NotAssignedError, match="for ada or grace") as no:
        drive.invoke(workflow, Command(resume=1), config)

    assert (no.value.name, no.value.assignees, rows()) == ("eve", ("ada", "grace"), before)
    with nbflow.acting_as("grace"):
        assert drive.invoke(workflow, Command(resume=1), config) == 1


def test_none_named_is_everybody_and_no_name_is_refused(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    workflow = asking(saver, assignees=None)
    assert drive.invoke(workflow, 1, config)["__interrupt__"][0].assignees == ()
    with nbflow.acting_as("eve"):
        assert drive.invoke(workflow, Command(resume=1), config) == 1

    with pytest.raises(DeclarationError, match="expected names"):
        drive.invoke(asking(saver, assignees=7), 1, {"configurable": {"thread_id": "other"}})


def test_the_environment_says_who_answers(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    workflow = asking(saver)
    drive.invoke(workflow, 1, config)
    monkeypatch.setenv("JUPYTERHUB_USER", "hub")
    monkeypatch.setenv("NBFLOW_USER", "ada")
    monkeypatch.setenv("JPY_SESSION_NAME", "/home/ada/secret/review.ipynb")

    drive.invoke(workflow, Command(resume=1), config)

    (one,) = workflow.audit(config["configurable"]["thread_id"])
    assert (one.by, one.via, one.where.split(" on ")[0]) == ("ada", "code", "review.ipynb")
    assert "secret" not in one.where


# -- timeout= ----------------------------------------------------------------------------------


def passed(asked: Any) -> None:
    """Wait until a question's time is up."""
    while time.time() <= asked.deadline:
        time.sleep(0.001)


def test_a_question_that_nobody_answers_fails_or_takes_its_default(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    fails = asking(saver, timeout=0.01)
    asked = drive.invoke(fails, 1, config)["__interrupt__"][0]
    passed(asked)
    assert drive.invoke(fails, None, config) == f"nobody: {asked.id}"
    again = {"configurable": {"thread_id": "other"}}
    falls_back = asking(
        saver, timeout=timedelta(milliseconds=10), on_timeout="default", default=None
    )
    asked = drive.invoke(falls_back, 1, again)["__interrupt__"][0]
    assert (asked.on_timeout, asked.default) == ("default", None)
    passed(asked)
    assert drive.invoke(falls_back, None, again) is None
    (one,) = falls_back.audit("other")
    assert (one.by, one.via, one.status, one.answer) == (None, "timeout", "stands", None)
    (one,) = fails.audit(config["configurable"]["thread_id"])
    assert (one.by, one.via, one.status) == (None, "timeout", "expired")


def test_an_answer_that_comes_too_late_is_refused(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, rows: Rows
) -> None:
    workflow = asking(saver, timeout=0.01)
    passed(drive.invoke(workflow, 1, config)["__interrupt__"][0])
    before = rows()

    with pytest.raises(AnswerTooLateError, match="Nothing was stored") as caught:
        drive.invoke(workflow, Command(resume=1), config)

    assert caught.value.reason == "too_late"
    assert rows() == before


def test_the_time_that_was_up_is_up_on_every_replay(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        try:
            first = interrupt("a", timeout=0.01)
        except AnswerTimeoutError:
            first = "nobody"
        return [first, interrupt("b")]

    passed(drive.invoke(workflow, 1, config)["__interrupt__"][0])
    (second,) = drive.invoke(workflow, None, config)["__interrupt__"]
    assert (second.value, second.deadline) == ("b", None)
    assert drive.invoke(workflow, Command(resume="x"), config) == ["nobody", "x"]


def test_a_fork_gives_as_much_time_anew(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    workflow = asking(saver, timeout=0.3)
    asked = drive.invoke(workflow, 1, config)["__interrupt__"][0]
    passed(asked)
    assert str(drive.invoke(workflow, None, config)).startswith("nobody")

    fork = workflow.fork(config, before=asked.id)

    (anew,) = drive.state(workflow, config).interrupts
    assert anew.deadline > asked.deadline + 0.2
    assert drive.invoke(workflow, Command(resume="in time"), fork) == "in time"


def test_a_run_that_is_shown_goes_on_by_itself(saver: BaseCheckpointSaver) -> None:
    run: Run = asking(saver, timeout=0.05).start(1)

    assert run.wait(10) == "interrupted"
    while run.wait(10) == "interrupted":
        time.sleep(0.001)

    assert str(run.result(10)).startswith("nobody")
    assert [event.via for event in run.events() if isinstance(event, nbflow.events.Answered)] == [
        "timeout"
    ]


def test_a_run_that_is_attached_to_after_its_time_goes_on(saver: BaseCheckpointSaver) -> None:
    workflow = asking(saver, timeout=0.01, on_timeout="default", default="fallback")
    config = {"configurable": {"thread_id": "1"}}
    passed(workflow.invoke(1, config)["__interrupt__"][0])

    run = workflow.thread("1")
    while run.wait(10) == "interrupted":
        time.sleep(0.001)

    assert run.result(10) == "fallback"


def test_one_question_times_out_while_another_one_waits(saver: BaseCheckpointSaver) -> None:
    @task
    def ask(name: str, timeout: float | None) -> Any:
        try:
            return interrupt(name, timeout=timeout)
        except AnswerTimeoutError:
            return "late"

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        futures = [ask("a", 0.05), ask("b", None)]
        return [future.result() for future in futures]

    run = workflow.start(1)
    while [question.value for question in run.interrupts] != ["b"] or run.wait(10) != "interrupted":
        time.sleep(0.001)

    run.resume("x")
    assert run.result(10) == ["late", "x"]


# -- the audit ---------------------------------------------------------------------------------


def test_the_audit_tells_forks_apart(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    workflow = asking(saver)
    asked = drive.invoke(workflow, 1, config)["__interrupt__"][0]
    with nbflow.acting_as("ada", via="form"):
        drive.invoke(workflow, Command(resume="first"), config)
    fork = workflow.fork(config, before=asked.id)
    with nbflow.acting_as("grace"):
        drive.invoke(workflow, Command(resume="second"), fork)

    audit = workflow.audit(config["configurable"]["thread_id"])

    assert [(one.by, one.via, one.answer) for one in audit] == [
        ("ada", "form", "first"),
        ("grace", "code", "second"),
    ]
    assert audit[0].run_id != audit[1].run_id
    frame = audit.to_frame()
    assert list(frame["question"]) == [{"question": "Which?", "n": 1}] * 2
    assert list(frame["by"]) == ["ada", "grace"]
    assert audit.records()[0]["interrupt_id"] == asked.id
    assert "ada (form, " in repr(audit)


def test_the_second_who_answers_is_told_of_the_first(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    workflow = asking(saver)
    asked = drive.invoke(workflow, 1, config)["__interrupt__"][0]
    with nbflow.acting_as("ada"):
        drive.invoke(workflow, Command(resume="first"), config)

    with pytest.raises(nbflow.errors.AlreadyAnsweredError, match=r"by ada, at 20\d\d-"):
        drive.invoke(workflow, Command(resume={asked.id: "second"}), config)
