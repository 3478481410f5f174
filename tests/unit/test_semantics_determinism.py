"""Code that asks for something other than its record holds: numbers 71 to 81 of the semantics.

"Unchanged code" below is one entrypoint that reads a flag of the test; "changed code" is a second
function of the same name, as a notebook cell that was edited and run again.
"""

import asyncio
from typing import Any

import pytest

from nbflow._engine import cancelled_before
from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.errors import NonDeterminismError, NotSerializableError
from nbflow.func import entrypoint, task
from nbflow.types import Command, Interrupt, interrupt
from tests.unit.drive import HEX, Config, Drive, on_thread, within


def test_calls_in_another_order(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """71, fault 21"""
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
    """72, fault 22: unchanged code"""
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
    """73, fault 22: unchanged code"""
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
    """72, 73, fault 22, changed code: new calls run, recorded ones are reused, none is swapped"""
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


def _summing(saver: BaseCheckpointSaver, numbers: list[int], *, is_async: bool) -> Any:
    """Sums each number through a future as an argument, and asks."""

    @task
    def load(n: int) -> int:
        return n

    @task
    def total(parts: list[Any], *, less: Any) -> Any:
        return sum(part.result() for part in parts) + less["n"].result()

    @task
    async def aload(n: int) -> int:
        return n

    @task
    async def atotal(parts: list[Any], *, less: Any) -> Any:
        return sum([await part for part in parts]) + await less["n"]

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        made = {n: total([load(n), load(2 * n)], less={"n": load(-n)}) for n in numbers}
        return {n: future.result() for n, future in sorted(made.items())}, interrupt("ok?")

    @entrypoint(checkpointer=saver)
    async def aworkflow(n: int) -> Any:
        made = {n: atotal([aload(n), aload(2 * n)], less={"n": aload(-n)}) for n in numbers}
        return {n: await future for n, future in sorted(made.items())}, interrupt("ok?")

    return aworkflow if is_async else workflow


@pytest.mark.parametrize("options", [{}, {"max_concurrency": 4}], ids=["free", "limited"])
@pytest.mark.parametrize("is_async", [False, True], ids=["plain", "async-tasks"])
def test_a_future_as_an_argument(
    saver: BaseCheckpointSaver, drive: Drive, is_async: bool, options: dict[str, int]
) -> None:
    """61, 71: it counts as the call that it is the result of, whether that runs or is replayed."""
    numbers = [10, 25]
    workflow = _summing(saver, numbers, is_async=is_async)
    expected = {10: 20, 25: 50}
    for number, resume in enumerate((drive.invoke, drive.stream)):
        config = on_thread(number, **options)
        (question,) = drive.invoke(workflow, 1, config)["__interrupt__"]
        assert drive.invoke(workflow, None, config) == {"__interrupt__": [question]}
        numbers.reverse()
        result = resume(workflow, Command(resume="y"), config)
        ended = result[-1][workflow.name] if resume == drive.stream else result
        assert ended == (expected, "y")
    assert workflow.replay_report("0").divergence is None


def test_a_call_with_another_future_is_another_call(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """71"""
    numbers = [10]
    workflow = _summing(saver, numbers, is_async=False)
    drive.invoke(workflow, 1, config)
    numbers[0] = 20
    with pytest.raises(NonDeterminismError):
        drive.invoke(workflow, Command(resume="y"), config)


def test_a_future_is_not_stored(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """85, 276"""

    @task
    def load(n: int) -> int:
        return n

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return {"loaded": load(n)}

    @entrypoint(checkpointer=saver)
    async def aworkflow(n: int) -> Any:
        return {"loaded": load(n)}

    for number, made in enumerate((workflow, aworkflow)):
        with pytest.raises(NotSerializableError, match=r"\$\.loaded .*Store the task's result"):
            drive.invoke(made, 1, on_thread(number))


def test_the_error_shows_in_what_two_calls_differ(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """71, 113"""
    given: Any = ("a", {"k": 1})

    @task
    def step(text: str, **more: Any) -> str:
        return text

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return step(given[0], **given[1]).result(), interrupt(f"{given[0]}: go on?")

    def resumed_with(*changed: Any) -> tuple[str | None, str | None]:
        nonlocal given
        given = changed
        with pytest.raises(NonDeterminismError) as caught:
            drive.invoke(workflow, None, config)
        return caught.value.called, caught.value.recorded

    drive.invoke(workflow, 1, config)
    called, recorded = resumed_with("b", {"k": 1})
    at = str(called).removeprefix("step('b', k=1)")
    assert at.startswith(" at test_semantics_determinism.py:")
    assert recorded == f"step('a', k=1){at}"
    called, _ = resumed_with("b" * 100, {})
    assert called == f"step('{'b' * 27}...{'b' * 28}'){at}"

    given = ("a", {"k": 1})
    assert drive.invoke(workflow, Command(resume="!"), config) == ("a", "!")


def test_the_error_shows_in_what_two_questions_differ(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """113"""
    text = "first"

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return interrupt({"text": text * 10}), interrupt("?")

    drive.invoke(workflow, 1, config)
    text = "other"
    with pytest.raises(NonDeterminismError) as caught:
        drive.invoke(workflow, Command(resume="!"), config)
    assert str(caught.value.called).startswith(f"interrupt({{'text': '{'other' * 10}'}}) at ")
    assert str(caught.value.recorded).startswith(f"interrupt({{'text': '{'first' * 10}'}}) at ")


@task
async def endless(n: int) -> None:
    await asyncio.Event().wait()


def test_code_that_awaits_what_it_cancelled_is_refused(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """71-74: it would wait for ever"""
    monkeypatch.setattr(cancelled_before, "_PATIENCE_S", 0.05)
    gives_up = True

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        future = endless(n)
        if gives_up:
            future.cancel()
        try:
            await future
        except asyncio.CancelledError:
            return ["cancelled", interrupt("?")]

    drive.invoke(workflow, 1, config)
    gives_up = False
    with pytest.raises(NonDeterminismError, match="awaits endless.* which it cancelled"):
        within(8.0, lambda: drive.invoke(workflow, Command(resume="!"), config))
    gives_up = True
    assert drive.invoke(workflow, None, config) == ["cancelled", "!"]


def test_what_is_cancelled_again_is_waited_for(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """50, 51: by a time-out, and by another line of control"""
    monkeypatch.setattr(cancelled_before, "_PATIENCE_S", 0.02)
    monkeypatch.setattr(cancelled_before, "_TIMES_AS_LONG", 0)

    async def helped(n: int) -> None:
        await endless(n)

    async def give_up(other: asyncio.Task[None]) -> None:
        await asyncio.sleep(0.1)
        other.cancel()

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        ends: list[str] = []
        try:
            await asyncio.wait_for(endless(n), 0.1)
        except TimeoutError:
            ends.append("too late")
        helper = asyncio.create_task(helped(n + 1))
        other = asyncio.create_task(give_up(helper))
        await asyncio.wait([helper, other])
        return [*ends, helper.cancelled(), interrupt("?")]

    drive.invoke(workflow, 1, config)
    assert drive.invoke(workflow, Command(resume="!"), config) == ["too late", True, "!"]
