"""Bad input: each a typed error that says what to do, and nothing stored."""

import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.errors import (
    AlreadyAnsweredError,
    DeclarationError,
    EmptyInputError,
    InvalidAnswerError,
    NbflowError,
    NotSerializableError,
    OutsideRunError,
    UnknownCheckpointError,
    UnknownInterruptError,
    UnknownThreadError,
)
from nbflow.func import entrypoint, task
from nbflow.types import Command, Interrupt, interrupt
from tests.unit.drive import HEX, Config, Drive, on_thread

Rows = Callable[[], dict[str, int]]
EMPTY = {"threads": 0, "runs": 0, "ops": 0, "checkpoints": 0}


def test_entrypoint_without_parameters() -> None:
    with pytest.raises(DeclarationError, match="at least one parameter"):

        @entrypoint()  # type: ignore[arg-type]  # what a user may write
        def workflow() -> None: ...


def test_entrypoint_with_two_required_parameters() -> None:
    with pytest.raises(DeclarationError, match="second"):

        @entrypoint()
        def workflow(first: int, second: int) -> None: ...


def test_entrypoint_with_a_required_keyword() -> None:
    with pytest.raises(DeclarationError, match="needed"):

        @entrypoint()
        def workflow(first: int, *, needed: int) -> None: ...


def test_generator_as_entrypoint() -> None:
    with pytest.raises(NotImplementedError, match="(?i)generator") as caught:

        @entrypoint()
        def workflow(n: int) -> Iterator[int]:
            yield n

    assert isinstance(caught.value, DeclarationError)


def test_async_generator_as_entrypoint() -> None:
    with pytest.raises(NotImplementedError, match="(?i)generator") as caught:

        @entrypoint()
        async def workflow(n: int) -> AsyncIterator[int]:
            yield n

    assert isinstance(caught.value, DeclarationError)


def test_generator_as_task() -> None:
    with pytest.raises(DeclarationError, match="(?i)generator"):

        @task
        def numbers(n: int) -> Iterator[int]:
            yield n


def test_task_outside_a_run() -> None:
    @task
    def double(n: int) -> int:
        return 2 * n

    with pytest.raises(OutsideRunError, match=r"double.*@entrypoint"):
        double(1)


def test_interrupt_outside_a_run() -> None:
    with pytest.raises(OutsideRunError, match="@entrypoint"):
        interrupt("?")


def _echo(saver: BaseCheckpointSaver) -> Any:
    @entrypoint(checkpointer=saver)
    def echo(value: Any) -> Any:
        return value

    return echo


def test_missing_thread_id(saver: BaseCheckpointSaver, drive: Drive, rows: Rows) -> None:
    with pytest.raises(ValueError, match="thread_id") as caught:
        drive.invoke(_echo(saver), 1)
    assert isinstance(caught.value, NbflowError)
    assert rows() == EMPTY


def test_unserialisable_input(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, rows: Rows
) -> None:
    value = {"rows": [1, threading.Lock()]}
    with pytest.raises(NotSerializableError, match="lock") as caught:
        drive.invoke(_echo(saver), value, config)
    assert caught.value.path == "$.rows[1]"
    assert caught.value.path in str(caught.value)
    assert rows() == EMPTY


def test_unserialisable_task_result(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    later: list[str] = []

    @task
    def fetch() -> Any:
        return {"rows": [{"id": 1}, {"lock": threading.Lock()}]}

    @task
    def send(rows: Any) -> None:
        later.append("sent")

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> None:
        send(fetch().result()).result()

    with pytest.raises(NotSerializableError, match=r"fetch") as caught:
        drive.invoke(workflow, 1, config)
    assert caught.value.path == "$.rows[1].lock"
    assert later == []
    (run,) = saver.list_runs("some_thread_id")
    assert "result" not in [op.kind for op in saver.get_ops(run.id)]
    assert drive.state(workflow, config).next == ("workflow",)


def test_unserialisable_entrypoint_result(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [n, threading.Lock()]

    with pytest.raises(NotSerializableError, match=r"workflow") as caught:
        drive.invoke(workflow, 1, config)
    assert caught.value.path == "$[1]"
    state = drive.state(workflow, config)
    assert (state.next, state.values) == (("workflow",), None)
    assert [c.source for c in saver.list_checkpoints("some_thread_id")] == ["input"]


def test_unserialisable_question(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return interrupt({"lock": threading.Lock()})

    with pytest.raises(NotSerializableError) as caught:
        drive.invoke(workflow, 1, config)
    assert caught.value.path == "$.lock"
    assert drive.state(workflow, config).interrupts == ()


def _ask(saver: BaseCheckpointSaver) -> Any:
    @entrypoint(checkpointer=saver)
    def ask(questions: list[str]) -> list[Any]:
        return [interrupt(question) for question in questions]

    return ask


def test_unserialisable_answer(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, rows: Rows
) -> None:
    ask = _ask(saver)
    drive.invoke(ask, ["a"], config)
    before = rows()
    with pytest.raises(NotSerializableError):
        drive.invoke(ask, Command(resume=[threading.Lock()]), config)
    assert rows() == before
    assert drive.state(ask, config).interrupts == (Interrupt(value="a", id=HEX),)
    assert drive.invoke(ask, Command(resume="yes"), config) == ["yes"]


def test_resume_with_nothing_pending(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, rows: Rows
) -> None:
    ask = _ask(saver)
    drive.invoke(ask, [], config)
    before = rows()
    with pytest.raises(UnknownInterruptError) as caught:
        drive.invoke(ask, Command(resume="yes"), config)
    assert (caught.value.reason, caught.value.pending_ids) == ("not_pending", ())
    assert "some_thread_id" in str(caught.value)
    assert rows() == before
    assert drive.invoke(ask, ["a"], config) == {"__interrupt__": [Interrupt(value="a", id=HEX)]}


def test_resume_of_an_unknown_question(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, rows: Rows
) -> None:
    ask = _ask(saver)
    (pending,) = drive.invoke(ask, ["a"], config)["__interrupt__"]
    before = rows()
    with pytest.raises(UnknownInterruptError, match=pending.id) as caught:
        drive.invoke(ask, Command(resume={"0" * 32: "yes"}), config)
    assert caught.value.interrupt_ids == ("0" * 32,)
    assert caught.value.pending_ids == (pending.id,)
    assert rows() == before
    assert drive.invoke(ask, Command(resume={pending.id: "yes"}), config) == ["yes"]


def test_second_answer_to_one_question(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, rows: Rows
) -> None:
    ask = _ask(saver)
    (first,) = drive.invoke(ask, ["a", "b"], config)["__interrupt__"]
    (second,) = drive.invoke(ask, Command(resume={first.id: 1}), config)["__interrupt__"]
    before = rows()
    with pytest.raises(AlreadyAnsweredError, match=first.id) as caught:
        drive.invoke(ask, Command(resume={first.id: 2}), config)
    assert caught.value.reason == "answered"
    assert caught.value.pending_ids == (second.id,)
    assert rows() == before
    assert drive.invoke(ask, Command(resume={second.id: 3}), config) == [1, 3]


def test_answer_after_the_end(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, rows: Rows
) -> None:
    ask = _ask(saver)
    (first,) = drive.invoke(ask, ["a"], config)["__interrupt__"]
    assert drive.invoke(ask, Command(resume=1), config) == [1]
    before = rows()
    with pytest.raises(AlreadyAnsweredError):
        drive.invoke(ask, Command(resume={first.id: 2}), config)
    assert rows() == before


def test_answer_that_does_not_fit(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, rows: Rows
) -> None:
    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return interrupt("how many?", response_schema=int)

    (question,) = drive.invoke(workflow, 1, config)["__interrupt__"]
    before = rows()
    with pytest.raises(InvalidAnswerError) as caught:
        drive.invoke(workflow, Command(resume="many"), config)
    assert isinstance(caught.value, ValueError)
    assert caught.value.interrupt_id == question.id
    assert [list(e["path"]) for e in caught.value.errors] == [[]]
    assert rows() == before
    assert drive.invoke(workflow, Command(resume=3), config) == 3


def test_resume_on_an_unknown_thread(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, rows: Rows
) -> None:
    with pytest.raises((UnknownThreadError, UnknownInterruptError), match="some_thread_id"):
        drive.invoke(_ask(saver), Command(resume="yes"), config)
    assert rows() == EMPTY


def test_continue_on_an_unknown_thread(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, rows: Rows
) -> None:
    with pytest.raises(EmptyInputError, match="some_thread_id"):
        drive.invoke(_ask(saver), None, config)
    assert rows() == EMPTY


def test_command_without_an_answer(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, rows: Rows
) -> None:
    with pytest.raises(NbflowError, match="resume"):
        drive.invoke(_ask(saver), Command(), config)
    assert rows() == EMPTY


@pytest.mark.parametrize("call", ["invoke", "state", "update"])
def test_unknown_checkpoint(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, rows: Rows, call: str
) -> None:
    echo = _echo(saver)
    drive.invoke(echo, 1, config)
    before = rows()
    lost = on_thread("some_thread_id")
    lost["configurable"]["checkpoint_id"] = "junk"
    with pytest.raises(UnknownCheckpointError, match="junk"):
        if call == "invoke":
            drive.invoke(echo, None, lost)
        elif call == "state":
            drive.state(echo, lost)
        else:
            drive.update(echo, lost, 3)
    assert rows() == before


def test_saver_of_the_wrong_type() -> None:
    with pytest.raises(TypeError, match="dict"):
        entrypoint(checkpointer={})  # type: ignore[arg-type]  # what the test is about
