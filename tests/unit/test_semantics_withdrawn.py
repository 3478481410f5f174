"""What is open is what the code asks, for every reader. Numbers 81, 98, 100, 102, 103, 114."""

import asyncio
from typing import Any

import pytest

from nbflow.base_run import BaseRun
from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.errors import UnknownInterruptError
from nbflow.events import Asked
from nbflow.func import entrypoint, task
from nbflow.record.log import log_of
from nbflow.record.summary import summary_of
from nbflow.types import Command, Interrupt, interrupt
from nbflow.widgets.session import Session
from tests.unit.drive import HEX, Config, Drive


def _workflow(saver: BaseCheckpointSaver, returned: str) -> Any:
    """A workflow that returns this: a cell that is edited, and run again."""
    scope: dict[str, Any] = {"interrupt": interrupt, "task": task}
    exec(f"def workflow(n):\n    return {returned}", scope)
    return entrypoint(checkpointer=saver)(scope["workflow"])


def _shown(drive: Drive, workflow: Any, config: Config, paused: Any) -> list[Any]:
    """The values of the open questions, which are the same to every reader."""
    state = drive.state(workflow, config)
    assert state.interrupts == state.tasks[0].interrupts
    given = {question.id: question for question in paused["__interrupt__"]}
    assert {question.id: question for question in state.interrupts} == given
    run = workflow.thread("some_thread_id")
    assert {question.id: question for question in run.interrupts} == given
    return [question.value for question in paused["__interrupt__"]]


_EDITS = {
    "value": ("interrupt('Delete it?')", "interrupt('Really delete it?')"),
    "schema": ("interrupt('?', response_schema=str)", "interrupt('?', response_schema=bool)"),
    "key": ("interrupt('?', key='a')", "interrupt('?', key='b')"),
    "task": ("task(lambda: interrupt('?'), name='ask')().result()", "interrupt('?')"),
}


@pytest.mark.parametrize(("before", "after"), _EDITS.values(), ids=_EDITS)
def test_a_question_that_was_edited(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, before: str, after: str
) -> None:
    """81, 98, 100: the new one is open alone, and a plain answer reaches it"""
    (old,) = drive.invoke(_workflow(saver, before), 1, config)["__interrupt__"]
    edited = _workflow(saver, after)
    paused = drive.invoke(edited, None, config)
    (new,) = paused["__interrupt__"]
    assert _shown(drive, edited, config, paused) == [new.value]
    states = {op.id: op.status for op in drive.state(edited, config).ops if op.kind == "question"}
    assert states == {old.id: "withdrawn", new.id: "open"}
    asked = [e.interrupt for e in edited.thread("some_thread_id").events() if isinstance(e, Asked)]
    assert asked == [new]
    found = saver.get_tuple(config)
    assert found is not None
    assert [write[1:] for write in found.pending_writes or ()] == [("__interrupt__", [new])]
    with pytest.raises(UnknownInterruptError) as refused:
        drive.invoke(edited, Command(resume={old.id: True}), config)
    assert (refused.value.reason, refused.value.pending_ids) == ("not_pending", (new.id,))
    assert drive.invoke(edited, Command(resume=True), config) is True


_EACH = "[f.result() for f in [task(lambda x: interrupt(x), name='ask')(x) for x in '{}']]"


def test_some_of_several_questions_were_edited(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """81, 99, 102: a question that is asked as before is the same one"""
    workflow = _workflow(saver, _EACH.format("abc"))
    a, b, c = drive.invoke(workflow, 1, config)["__interrupt__"]
    edited = _workflow(saver, _EACH.format("axc"))
    paused = drive.invoke(edited, Command(resume={b.id: "B"}), config)
    assert sorted(_shown(drive, edited, config, paused)) == ["a", "c", "x"]
    assert {a.id, c.id} < {question.id for question in paused["__interrupt__"]}
    paused = drive.invoke(edited, Command(resume={c.id: "C"}), config)
    assert sorted(_shown(drive, edited, config, paused)) == ["a", "x"]
    answers = {question.id: question.value.upper() for question in paused["__interrupt__"]}
    assert drive.invoke(edited, Command(resume=answers), config) == ["A", "X", "C"]


def test_an_edit_that_was_taken_back(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """81, 103: the old question is open again, and what was asked between is not due"""
    returned = "[interrupt('{}'), task(lambda n: 2 * n, name='double')(n).result()]"
    (old,) = drive.invoke(_workflow(saver, returned.format("a")), 1, config)["__interrupt__"]
    drive.invoke(_workflow(saver, returned.format("b")), None, config)
    again = _workflow(saver, returned.format("a"))
    paused = drive.invoke(again, None, config)
    assert paused == {"__interrupt__": [old]}
    assert _shown(drive, again, config, paused) == ["a"]
    assert drive.invoke(again, Command(resume="A"), config) == ["A", 2]


def test_unchanged_code_that_comes_by_a_question_later(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """68, 101: it stays open, though another one paused the run before"""
    asks = asyncio.Event()

    @task
    async def first() -> None:
        await asks.wait()

    async def at_once() -> Any:
        await first()
        return interrupt("at once")

    async def late() -> Any:
        for _ in range(50):
            await asyncio.sleep(0)
        asks.set()
        return interrupt("late")

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return await asyncio.gather(at_once(), late())

    questions = drive.invoke(workflow, 1, config)["__interrupt__"]
    assert {question.value for question in questions} == {"at once", "late"}
    assert drive.invoke(workflow, None, config) == {"__interrupt__": questions}
    assert set(drive.state(workflow, config).interrupts) == set(questions)
    answers = {question.id: question.value.upper() for question in questions}
    assert drive.invoke(workflow, Command(resume=answers), config) == ["AT ONCE", "LATE"]


def test_a_question_that_something_outside_decides(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """74, 100: with ``on_divergence="warn"``"""
    when = 1

    @entrypoint(checkpointer=saver, on_divergence="warn")
    def workflow(n: int) -> Any:
        return interrupt(f"at {when}?")

    drive.invoke(workflow, 1, config)
    for when in (2, 3):
        with pytest.warns(UserWarning, match="The code is unchanged"):
            paused = drive.invoke(workflow, None, config)
        assert _shown(drive, workflow, config, paused) == [f"at {when}?"]
    assert drive.invoke(workflow, Command(resume="!"), config) == "!"


def test_fewer_questions_by_langgraphs_rule(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """114, 100: with ``on_divergence="reuse"``"""
    names = ["a", "b"]

    @task
    def ask(name: str) -> Any:
        return interrupt(name)

    @entrypoint(checkpointer=saver, on_divergence="reuse")
    def workflow(n: int) -> Any:
        return [future.result() for future in [ask(name) for name in names]]

    assert len(drive.invoke(workflow, 1, config)["__interrupt__"]) == 2
    del names[1]
    paused = drive.invoke(workflow, None, config)
    assert len(_shown(drive, workflow, config, paused)) == 1
    assert drive.invoke(workflow, Command(resume="A"), config) == ["A"]


def test_a_fork_before_a_withdrawn_question(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """155: it is open on the fork, for the code that asks it"""
    workflow = _workflow(saver, "interrupt('a')")
    (old,) = drive.invoke(workflow, 1, config)["__interrupt__"]
    drive.invoke(_workflow(saver, "interrupt('b')"), None, config)
    fork = workflow.fork(config, before=old.id)
    asked = {question.value: question.id for question in drive.state(workflow, fork).interrupts}
    assert set(asked) == {"a", "b"}
    assert drive.invoke(workflow, Command(resume={asked["a"]: "A"}), fork) == "A"


def test_views_of_a_run_whose_task_was_edited(saver: BaseCheckpointSaver) -> None:
    """81, 98: the log of a run goes on through the edit"""
    workflow = _workflow(saver, "ask().result()")
    cells = workflow.__wrapped__.__globals__
    cells["ask"] = task(lambda: interrupt("a"), name="ask")
    run = workflow.start(1, thread_id="some_thread_id")
    assert run.wait(20) == "interrupted"
    session = Session(run)
    cells["ask"] = task(lambda: [interrupt("b")], name="ask")
    run.resume()
    assert run.wait(20) == "interrupted"
    assert list(run.interrupts) == [Interrupt("b", HEX)]
    (question,) = summary_of(log_of(run)).open_questions
    assert question.form["interrupt_id"] == run.interrupts[0].id
    assert session.attach(_Page())["pending"] == 1
    run.resume("B")
    assert run.result(20) == ["B"]


class _Page:
    """A page that nobody looks at."""

    def send(self, content: Any, buffers: Any = None) -> None:
        """Nothing is shown."""

    def show(self, snapshot: Any) -> None:
        """Nothing is shown."""

    def follow(self, run: BaseRun) -> None:
        """No other run is shown."""
