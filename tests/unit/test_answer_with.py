"""``run.answer_with``: a function answers each question as it comes."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest

import nbflow
from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.errors import InvalidAnswerError, RunPendingError
from nbflow.func import entrypoint, task
from nbflow.types import UNSET, Interrupt, interrupt
from nbflow.workflow import Workflow


@pytest.fixture
def review(saver: BaseCheckpointSaver) -> Workflow[Any, Any]:
    """Asks about each name, one after another."""

    @entrypoint(checkpointer=saver)
    def review(names: list[str]) -> list[bool]:
        return [interrupt(f"Keep {name}?", response_schema=bool) for name in names]

    return review


@pytest.fixture
def at_once(saver: BaseCheckpointSaver) -> Workflow[Any, Any]:
    """Asks about all names before the first answer."""

    @task
    def keep(name: str) -> bool:
        return bool(interrupt(f"Keep {name}?", response_schema=bool))

    @entrypoint(checkpointer=saver)
    def at_once(names: list[str]) -> list[bool]:
        return [future.result() for future in [keep(name) for name in names]]

    return at_once


def has_e(question: Interrupt) -> bool:
    return "e" in question.value.removeprefix("Keep ")


async def has_e_async(question: Interrupt) -> bool:
    await asyncio.sleep(0)
    return has_e(question)


@pytest.mark.parametrize("answer", [has_e, has_e_async])
@pytest.mark.parametrize("name", ["review", "at_once"])
def test_each_question_is_answered_as_it_comes(
    answer: Callable[[Interrupt], Any],
    name: str,
    review: Workflow[Any, Any],
    at_once: Workflow[Any, Any],
) -> None:
    workflow = {"review": review, "at_once": at_once}[name]

    with nbflow.acting_as("ada"):
        run = workflow.start(["tea", "salt", "beer"], thread_id="1").answer_with(answer)

    assert run.result(timeout=10) == [True, False, True]
    told = workflow.audit("1")
    assert {(one.by, one.via) for one in told} == {("ada", "answer_with")}


async def test_it_can_be_awaited(review: Workflow[Any, Any]) -> None:
    assert await review.start(["tea"], thread_id="1").answer_with(has_e_async) == [True]


def test_questions_that_were_open_before_are_answered(review: Workflow[Any, Any]) -> None:
    review.start(["tea", "salt"], thread_id="1").wait()

    assert review.thread("1").answer_with(has_e).result(timeout=10) == [True, False]


def test_a_question_that_is_declined_stays_open(review: Workflow[Any, Any]) -> None:
    def only_tea(question: Interrupt) -> Any:
        return True if "tea" in question.value else UNSET

    run = review.start(["tea", "salt", "tea"], thread_id="1").answer_with(only_tea)

    with pytest.raises(RunPendingError, match="Keep salt"):
        run.result(timeout=10)
    assert [question.value for question in run.interrupts] == ["Keep salt?"]
    run.resume(False)
    assert run.result(timeout=10) == [True, False, True]


async def test_whoever_awaits_hears_of_a_declined_question(review: Workflow[Any, Any]) -> None:
    run = review.start(["tea"], thread_id="1").answer_with(lambda question: UNSET)

    with pytest.raises(RunPendingError, match="Keep tea"):
        await asyncio.wait_for(run, 10)


def test_what_the_function_raises_is_told_and_the_question_stays_open(
    review: Workflow[Any, Any], caplog: pytest.LogCaptureFixture
) -> None:
    def fails(question: Interrupt) -> Any:
        raise LookupError(f"no rule for {question.value}")

    with caplog.at_level(logging.WARNING):
        run = review.start(["tea"], thread_id="1").answer_with(fails)
        with pytest.raises(LookupError, match="no rule for Keep tea"):
            run.result(timeout=10)

    assert "no rule for Keep tea" in caplog.text
    assert run.status == "interrupted"
    run.resume(True)
    assert run.result(timeout=10) == [True]


@pytest.mark.parametrize("name", ["review", "at_once"])
def test_an_answer_that_does_not_fit_is_told_and_not_given_again(
    name: str, review: Workflow[Any, Any], at_once: Workflow[Any, Any]
) -> None:
    workflow = {"review": review, "at_once": at_once}[name]
    asked: list[str] = []

    def perhaps(question: Interrupt) -> str:
        asked.append(question.value)
        return "perhaps"

    run = workflow.start(["tea"], thread_id="1").answer_with(perhaps)

    with pytest.raises(InvalidAnswerError):
        run.result(timeout=10)
    with pytest.raises(RunPendingError):
        run.result(timeout=10)
    assert asked == ["Keep tea?"]


def test_the_first_answer_stands(review: Workflow[Any, Any]) -> None:
    person, program = threading.Event(), threading.Event()

    def slow(question: Interrupt) -> bool:
        program.set()
        assert person.wait(10)
        return True

    run = review.start(["tea"], thread_id="1").answer_with(slow)
    assert program.wait(10)
    run.answer(run.interrupts[0].id, False)
    person.set()

    assert run.result(timeout=10) == [False]


def test_it_stops_when_the_run_ends(review: Workflow[Any, Any]) -> None:
    asked: list[str] = []

    def note(question: Interrupt) -> bool:
        asked.append(question.value)
        return True

    run = review.start(["tea"], thread_id="1").answer_with(note)
    assert run.result(timeout=10) == [True]
    review.start(["salt"], thread_id="1").wait(10)

    assert asked == ["Keep tea?"]
    assert run._listeners == []
