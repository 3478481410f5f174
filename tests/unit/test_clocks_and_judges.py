"""What deadlines and judges may never do: run code unasked, hold memory, hang, or end in a trap."""

from __future__ import annotations

import asyncio
import gc
import json
import subprocess
import sys
import weakref
from copy import copy
from pathlib import Path
from typing import Annotated, Any

import pydantic
import pytest

import nbflow
from nbflow import serde
from nbflow.checkpoint.base import BaseCheckpointSaver, OpRow
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.errors import (
    AnswerTimeoutError,
    CorruptDataError,
    DeclarationError,
    InvalidAnswerError,
    OutsideRunError,
)
from nbflow.func import entrypoint, task
from nbflow.types import Command, default_retry_on, interrupt
from tests.unit.drive import Config, Drive
from tests.unit.test_terms_of_questions import asking, passed


class Terms(pydantic.BaseModel):
    limit: int


# -- alarms ------------------------------------------------------------------------------------


def test_attaching_to_a_failed_run_sets_no_clock_for_what_is_past(
    saver: BaseCheckpointSaver,
) -> None:
    began: list[int] = []

    def defined() -> Any:
        @entrypoint(checkpointer=saver, name="workflow")
        def workflow(n: int) -> Any:
            began.append(interrupt("n?", timeout=0.2))
            raise RuntimeError("no further")

        return workflow

    config = {"configurable": {"thread_id": "1"}}
    asked = defined().invoke(1, config)["__interrupt__"][0]
    with pytest.raises(RuntimeError):
        defined().invoke(Command(resume=1), config)
    passed(asked)

    run = defined().thread("1")

    assert (run.status, run._alarms, began) == ("error", {}, [1])


def test_a_run_is_let_go_when_its_question_is_answered(saver: BaseCheckpointSaver) -> None:
    run = asking(saver, timeout=86_400).start(1)
    assert run.wait(10) == "interrupted"
    run.resume("x")
    assert run.result(10) == "x"
    known = weakref.ref(run)

    del run

    while known() is not None:  # its last thread may still end
        gc.collect()


def test_a_run_that_another_one_ended_has_its_result(saver: BaseCheckpointSaver) -> None:
    run = asking(saver).start(1, thread_id="1")
    assert run.wait(10) == "interrupted"
    elsewhere = asking(saver)
    assert elsewhere.invoke(Command(resume="x"), {"configurable": {"thread_id": "1"}}) == "x"

    run.resume()

    assert (run.status, run.result(10), run.events()[-1].value) == ("done", "x", "x")


# -- what the clock answers ----------------------------------------------------------------------


def _refused(n: int) -> int:
    if n == 7:
        raise ValueError("Not this one")
    return n


@pytest.mark.parametrize(
    ("edited", "expected"),
    [
        ({"response_schema": int, "validate": lambda n: n < 5 or "Too high"}, 7),
        ({"response_schema": Annotated[int, pydantic.AfterValidator(_refused)]}, "nobody: {}"),
    ],
)
def test_a_default_that_edited_code_refuses_is_no_trap(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, edited: Any, expected: Any
) -> None:
    terms = {"timeout": 0.01, "on_timeout": "default"}
    asked = drive.invoke(asking(saver, response_schema=int, default=7, **terms), 1, config)
    asked = asked["__interrupt__"][0]
    passed(asked)

    changed = asking(saver, **terms, **edited, default=False)

    said = drive.invoke(changed, None, config)
    assert said == (expected.format(asked.id) if isinstance(expected, str) else expected)


def test_a_fork_gives_time_anew_to_a_question_whose_answer_was_taken_back(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    @task
    def ask() -> Any:
        return interrupt("n?", validate=lambda n: n < 5 or "Too high", timeout=0.3)

    def defined() -> Any:
        @entrypoint(checkpointer=saver, name="workflow")
        def workflow(n: int) -> Any:
            return ask().result()

        return workflow

    asked = drive.invoke(defined(), 1, config)["__interrupt__"][0]
    with pytest.raises(InvalidAnswerError, match="taken back"):
        drive.invoke(defined(), Command(resume=50), config)
    passed(asked)

    fork = defined().fork(config)

    (anew,) = drive.state(defined(), fork).interrupts
    assert anew.deadline > asked.deadline


def test_a_task_does_not_try_again_what_nobody_answered() -> None:
    assert not default_retry_on(AnswerTimeoutError("0" * 32))


@pytest.mark.parametrize(
    "terms",
    [{"timeout": float("inf")}, {"timeout": 10**400}, {"assignees": 5}],
)
def test_terms_that_no_calendar_and_no_list_holds_are_refused(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, terms: Any
) -> None:
    with pytest.raises(DeclarationError, match="cannot be meant"):
        drive.invoke(asking(saver, **terms), 1, config)


# -- judges --------------------------------------------------------------------------------------


def test_what_a_judge_calls_is_no_part_of_the_run(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    @task
    def limit() -> int:
        return 5

    def judge(n: int) -> bool:
        return bool(n < limit().result())

    workflow = asking(saver, validate=judge, timeout=9, on_timeout="default", default=1)

    with pytest.raises(OutsideRunError):
        drive.invoke(workflow, 1, config)


def test_the_place_of_a_fault_can_be_sent_to_a_page(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    places: dict[Any, str] = {None: "a", ("rows", 0): "b", object: "c"}
    workflow = asking(saver, validate=lambda _: places)
    drive.invoke(workflow, 1, config)

    with pytest.raises(InvalidAnswerError) as caught:
        drive.invoke(workflow, Command(resume=1), config)

    assert [one["path"] for one in json.loads(json.dumps(caught.value.errors))] == [
        ["None"],
        ["rows", 0],
        [str(object)],
    ]


def test_a_judges_own_model_says_its_faults_plainly(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    def even(n: int) -> int:
        if n % 2:
            raise ValueError("Not even")
        return n

    adapter = pydantic.TypeAdapter(Annotated[int, pydantic.AfterValidator(even)])
    workflow = asking(saver, validate=lambda n: adapter.validate_python(n) == n)
    drive.invoke(workflow, 1, config)

    with pytest.raises(InvalidAnswerError) as caught:
        drive.invoke(workflow, Command(resume=1), config)

    assert caught.value.errors == ({"path": [], "message": "Not even"},)


@pytest.mark.parametrize("is_async", [True, False])
def test_an_answer_does_not_hang_on_code_that_waits_for_the_callers_loop(is_async: bool) -> None:
    saver = InMemorySaver()

    async def main() -> Any:
        loop = asyncio.get_running_loop()

        async def look_up() -> int:
            return 3

        def defined() -> Any:
            @entrypoint(checkpointer=saver, name="workflow")
            async def workflow(n: int) -> Any:
                found = asyncio.run_coroutine_threadsafe(look_up(), loop)
                limit = await asyncio.wrap_future(found)
                return interrupt("n?", validate=lambda n: n < limit)

            @entrypoint(checkpointer=saver, name="workflow")
            def plain(n: int) -> Any:
                limit = asyncio.run_coroutine_threadsafe(look_up(), loop).result()
                return interrupt("n?", validate=lambda n: n < limit)

            return workflow if is_async else plain

        config = {"configurable": {"thread_id": "1"}}
        await defined().ainvoke(1, config)
        return await defined().ainvoke(Command(resume=2), config)

    assert asyncio.run(main()) == 2


def test_a_schema_that_somebody_changes_is_not_that_of_questions(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    @entrypoint(checkpointer=saver, context_schema=Terms)
    def workflow(n: Terms) -> Terms:
        return interrupt("n?", response_schema=Terms)

    for given in (workflow.get_context_jsonschema(), workflow.get_input_jsonschema()):
        assert given is not None
        given.clear()
    workflow.get_output_jsonschema().clear()

    (asked,) = drive.invoke(workflow, Terms(limit=1), config)["__interrupt__"]
    assert asked.response_schema == Terms.model_json_schema()


# -- damaged records -----------------------------------------------------------------------------


class Damaged(InMemorySaver):
    """Reads other values than were stored."""

    kind = ""
    value: bytes | None = None

    def get_ops(self, run_id: str, upto: int | None = None) -> list[OpRow]:
        return [self._damaged(op) for op in super().get_ops(run_id, upto)]

    def _damaged(self, op: OpRow) -> OpRow:
        if op.kind != self.kind:
            return op
        other = copy(op)
        other.value = self.value
        return other


_QUESTION = {"value": "n?", "schema": None}
_ANSWER = [b"\x03", "ada", "code", "here", 1.0, True]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("ask", None),
        ("ask", _QUESTION | {"schema": 5}),
        ("ask", _QUESTION | {"timeout_s": float("nan")}),
        ("ask", _QUESTION | {"timeout_s": float("inf")}),
        ("answer", None),
        ("answer", [*_ANSWER[:4], float("inf"), True]),
        ("answer", [*_ANSWER[:4], float("nan"), True]),
        ("answer", [*_ANSWER[:4], -1e15, True]),
    ],
)
def test_damaged_terms_and_answers_say_so(kind: str, value: Any) -> None:
    saver = Damaged()
    workflow = asking(saver)
    config = {"configurable": {"thread_id": "1"}}
    workflow.invoke(1, config)
    workflow.invoke(Command(resume=3), config)
    saver.kind, saver.value = kind, None if value is None else serde.dumps(value)

    with pytest.raises(CorruptDataError):
        workflow.audit("1")


# -- the review queue ----------------------------------------------------------------------------

_DIES = """
import os, sys, nbflow
from nbflow.checkpoint.sqlite import SqliteSaver
run = nbflow.review(["a", "b"], bool, checkpointer=sys.argv[1])
run.wait()
answer = SqliteSaver.answer
def die(*args, **kwargs):
    answer(*args, **kwargs)
    os._exit(9)
SqliteSaver.answer = die
run.resume(True)
"""


def test_a_review_whose_kernel_died_after_an_answer_goes_on(tmp_path: Path) -> None:
    path = str(tmp_path / "reviews.sqlite")
    died = subprocess.run([sys.executable, "-c", _DIES, path], check=False, timeout=60)
    assert died.returncode == 9

    run = nbflow.review(["a", "b"], bool, checkpointer=path)

    assert run.wait(10) == "interrupted"
    assert [asked.value["entry"] for asked in run.interrupts] == ["b"]
    run.resume(False)
    assert run.result(10) == [True, False]
