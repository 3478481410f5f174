"""Code that asks for something other than its record holds: numbers 71 to 81 of the semantics.

"Unchanged code" below is one entrypoint that reads a flag of the test; "changed code" is a second
function of the same name, as a notebook cell that was edited and run again.
"""

from typing import Any

import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.errors import (
    NonDeterminismError,
)
from nbflow.func import entrypoint, task
from nbflow.types import Command, Interrupt, interrupt
from tests.unit.drive import HEX, Config, Drive


def test_calls_in_another_order(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """71"""
    ran: list[str] = []
    order = ["a", "c"]

    @task
    def step(name: str) -> str:
        ran.append(name)
        return f"result of {name}"

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        results = {name: step(name).result() for name in order}
        return [results["a"], results["c"], interrupt("?")]

    drive.invoke(workflow, 1, config)
    order.reverse()
    assert drive.invoke(workflow, Command(resume="!"), config) == [
        "result of a",
        "result of c",
        "!",
    ]
    assert ran == ["a", "c"]


def _with_extra_call(saver: BaseCheckpointSaver) -> tuple[Any, list[str], list[str]]:
    """A workflow, the names that it pays in its next run, and those that were paid."""
    names = ["first", "second"]
    paid: list[str] = []

    @task
    def pay(name: str) -> str:
        paid.append(name)
        return f"paid {name}"

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [[pay(name).result() for name in names], interrupt("?")]

    return workflow, names, paid


def test_a_call_added_in_front(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """72, unchanged code"""
    workflow, names, paid = _with_extra_call(saver)
    drive.invoke(workflow, 1, config)
    names.insert(0, "new")
    with pytest.raises(NonDeterminismError) as caught:
        drive.invoke(workflow, Command(resume="!"), config)
    assert paid == ["first", "second"]
    assert caught.value.called is not None
    assert caught.value.recorded is not None
    for text in (caught.value.called, caught.value.recorded):
        assert "pay" in text
        assert "test_semantics_determinism.py:" in text
        assert text in str(caught.value)
    names.remove("new")
    assert drive.invoke(workflow, None, config) == [["paid first", "paid second"], "!"]


def test_a_call_removed(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """73, unchanged code"""
    workflow, names, paid = _with_extra_call(saver)
    drive.invoke(workflow, 1, config)
    names.remove("first")
    with pytest.raises(NonDeterminismError):
        drive.invoke(workflow, Command(resume="!"), config)
    assert paid == ["first", "second"]


def test_return_without_the_recorded_calls(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """73, unchanged code that returns early"""
    flag = [True]

    @task
    def step() -> int:
        return 1

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [step().result(), interrupt("?")] if flag[0] else "early"

    drive.invoke(workflow, 1, config)
    flag[0] = False
    with pytest.raises(NonDeterminismError, match="step"):
        drive.invoke(workflow, Command(resume="!"), config)
    assert drive.state(workflow, config).values is None


def test_edited_code_keeps_what_it_still_asks_for(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """72, 73, changed code: new calls run, recorded ones are reused, none is swapped"""
    paid: list[str] = []

    @task
    def pay(name: str) -> str:
        paid.append(name)
        return f"paid {name}"

    def before(n: int) -> Any:
        return [pay("first").result(), pay("second").result(), interrupt("?")]

    def after(n: int) -> Any:
        return [pay("new").result(), pay("second").result(), interrupt("?")]

    before.__name__ = after.__name__ = "workflow"
    drive.invoke(entrypoint(checkpointer=saver)(before), 1, config)
    edited = entrypoint(checkpointer=saver)(after)
    assert drive.invoke(edited, Command(resume="!"), config) == ["paid new", "paid second", "!"]
    assert paid == ["first", "second", "new"]


def test_chance_in_the_body(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """74"""
    dice = [3, 5]

    @task
    def show(n: int) -> int:
        return n

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [show(dice.pop(0)).result(), interrupt("?")]

    drive.invoke(workflow, 1, config)
    with pytest.raises(NonDeterminismError, match="show"):
        drive.invoke(workflow, Command(resume="!"), config)


def test_chance_in_a_question(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """74, 113"""
    dice = [3, 5, 5]

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return interrupt(f"transfer {dice.pop(0)}?")

    drive.invoke(workflow, 1, config)
    with pytest.raises(NonDeterminismError, match="interrupt"):
        drive.invoke(workflow, Command(resume="yes"), config)


def test_a_key_stands_for_a_changing_question(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """74: key= is the remedy that the error names"""
    clock = [1, 2]

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return interrupt(f"it is {clock.pop(0)}", key="time")

    assert drive.invoke(workflow, 1, config) == {
        "__interrupt__": [Interrupt(value="it is 1", id=HEX)]
    }
    assert drive.invoke(workflow, Command(resume="!"), config) == "!"


def test_a_redefined_task_keeps_its_recorded_result(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """81"""

    def define(version: str) -> Any:
        if version == "old":

            @task
            def step(n: int) -> str:
                return "old"
        else:

            @task
            def step(n: int) -> str:
                return "new" + str(n)

        @entrypoint(checkpointer=saver)
        def workflow(n: int) -> Any:
            return [step(n).result(), interrupt("?"), step(n + 1).result()]

        return workflow

    drive.invoke(define("old"), 1, config)
    assert drive.invoke(define("new"), Command(resume="!"), config) == ["old", "!", "new2"]
