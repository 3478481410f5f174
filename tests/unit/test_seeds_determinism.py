"""The seed documents' pitfalls: side effects and clocks, wrong and right."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.errors import NonDeterminismError
from nbflow.func import entrypoint, task
from nbflow.types import Command, Interrupt, interrupt
from tests.unit.drive import HEX, Config, Drive

QUESTION = {"__interrupt__": [Interrupt(value="question", id=HEX)]}


def test_side_effect_in_the_body_happens_again(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, tmp_path: Path
) -> None:
    """002: handling side effects, incorrect."""
    output = tmp_path / "output.txt"

    @entrypoint(checkpointer=saver)
    def my_workflow(inputs: dict[str, Any]) -> Any:
        with open(output, "a") as f:
            f.write("Side effect executed\n")
        value = interrupt("question")
        return value

    assert drive.invoke(my_workflow, {}, config) == QUESTION
    assert drive.invoke(my_workflow, Command(resume="answer"), config) == "answer"
    assert output.read_text() == "Side effect executed\n" * 2


def test_side_effect_in_a_task_happens_once(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, tmp_path: Path
) -> None:
    """002: handling side effects, correct."""
    output = tmp_path / "output.txt"

    @task
    def write_to_file() -> None:
        with open(output, "a") as f:
            f.write("Side effect executed\n")

    @entrypoint(checkpointer=saver)
    def my_workflow(inputs: dict[str, Any]) -> Any:
        write_to_file().result()
        value = interrupt("question")
        return value

    assert drive.invoke(my_workflow, {}, config) == QUESTION
    assert drive.invoke(my_workflow, Command(resume="answer"), config) == "answer"
    assert output.read_text() == "Side effect executed\n"


def _clock(*readings: float) -> Callable[[], float]:
    left = list(readings)
    return lambda: left.pop(0)


def test_clock_in_the_body_is_found_out(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """002: non-deterministic control flow, incorrect. LangGraph hands slow_task(2) the result of
    slow_task(1) without a word; here it is an error that names the calls.
    """
    time = _clock(0.5, 5.0)

    @task
    def slow_task(n: int) -> str:
        return f"result {n}"

    @entrypoint(checkpointer=saver)
    def my_workflow(inputs: dict[str, float]) -> dict[str, Any]:
        t0 = inputs["t0"]
        t1 = time()

        delta_t = t1 - t0

        if delta_t > 1:
            result = slow_task(1).result()
            value = interrupt("question")
        else:
            result = slow_task(2).result()
            value = interrupt("question")

        return {"result": result, "value": value}

    assert drive.invoke(my_workflow, {"t0": 0.0}, config) == QUESTION
    with pytest.raises(NonDeterminismError, match="slow_task"):
        drive.invoke(my_workflow, Command(resume="answer"), config)


def test_clock_in_a_task_is_read_once(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """002: non-deterministic control flow, correct."""
    time = _clock(0.5, 5.0)

    @task
    def get_time() -> float:
        return time()

    @task
    def slow_task(n: int) -> str:
        return f"result {n}"

    @entrypoint(checkpointer=saver)
    def my_workflow(inputs: dict[str, float]) -> dict[str, Any]:
        t0 = inputs["t0"]
        t1 = get_time().result()

        delta_t = t1 - t0

        if delta_t > 1:
            result = slow_task(1).result()
            value = interrupt("question")
        else:
            result = slow_task(2).result()
            value = interrupt("question")

        return {"result": result, "value": value}

    assert drive.invoke(my_workflow, {"t0": 0.0}, config) == QUESTION
    assert drive.invoke(my_workflow, Command(resume="answer"), config) == {
        "result": "result 2",
        "value": "answer",
    }
