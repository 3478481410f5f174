"""Questions: numbers 89 to 105 of the semantics. Answers are in ``test_semantics_answers.py``."""

import asyncio
import re
import threading
from typing import Any

import pydantic
import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.errors import GraphDrained, OutsideRunError, UnknownInterruptError
from nbflow.func import entrypoint, task
from nbflow.runtime import RunControl
from nbflow.types import Command, Interrupt, interrupt
from tests.unit.drive import HEX, Config, Drive


class Note(pydantic.BaseModel):
    text: str


def _asked(*values: Any) -> dict[str, list[Interrupt]]:
    """What ``invoke`` returns when exactly these questions are open."""
    return {"__interrupt__": [Interrupt(value=value, id=HEX) for value in values]}


def test_invoke_returns_the_question(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """89, 91, 121"""

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [n, interrupt({"question": "go on?"})]

    paused = drive.invoke(workflow, 1, config)
    assert paused == _asked({"question": "go on?"})
    assert re.fullmatch("[0-9a-f]{32}", paused["__interrupt__"][0].id)
    assert drive.invoke(workflow, Command(resume="yes"), config) == [1, "yes"]


def test_stream_yields_the_question(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """90"""

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return interrupt("?")

    assert drive.stream(workflow, 1, config) == [{"__interrupt__": (Interrupt(value="?", id=HEX),)}]


def test_question_in_a_task(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """92"""
    lines: list[str] = []

    @task
    def ask(name: str) -> Any:
        lines.append("first line")
        answer = interrupt(f"{name}?")
        lines.append("last line")
        return answer

    @entrypoint(checkpointer=saver)
    def workflow(name: str) -> Any:
        return ask(name).result()

    assert drive.invoke(workflow, "a", config) == _asked("a?")
    assert drive.invoke(workflow, Command(resume="!"), config) == "!"
    assert lines == ["first line", "first line", "last line"]


def test_question_in_an_async_task(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """92"""

    @task
    async def ask(name: str) -> Any:
        await asyncio.sleep(0)
        return interrupt(f"{name}?")

    @entrypoint(checkpointer=saver)
    async def workflow(name: str) -> Any:
        return await ask(name)

    assert drive.invoke(workflow, "a", config) == _asked("a?")
    assert drive.invoke(workflow, Command(resume="!"), config) == "!"


def test_one_task_asks_in_several_calls(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """93"""

    @task
    def bar(graph_input: str) -> Any:
        return interrupt(f"{graph_input}?")

    @entrypoint(checkpointer=saver)
    def workflow(names: list[str]) -> Any:
        return [bar(name).result() for name in names]

    assert drive.invoke(workflow, ["bar", "baz"], config) == _asked("bar?")
    assert drive.invoke(workflow, Command(resume="one"), config) == _asked("baz?")
    assert drive.invoke(workflow, Command(resume="two"), config) == ["one", "two"]


def test_several_questions_in_one_task(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """94"""

    @task
    def ask(count: int) -> Any:
        return [interrupt("same text") for _ in range(count)]

    @entrypoint(checkpointer=saver)
    def workflow(count: int) -> Any:
        return ask(count).result()

    ids = set()
    (question,) = drive.invoke(workflow, 3, config)["__interrupt__"]
    for n in range(2):
        ids.add(question.id)
        (question,) = drive.invoke(workflow, Command(resume=n), config)["__interrupt__"]
    ids.add(question.id)
    assert len(ids) == 3
    assert drive.invoke(workflow, Command(resume=2), config) == [0, 1, 2]


def test_questions_in_a_loop_with_tasks_between(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """95, 96"""
    ran: list[int] = []

    @task
    def double(n: int) -> int:
        ran.append(n)
        return 2 * n

    @entrypoint(checkpointer=saver)
    def workflow(count: int) -> Any:
        values = []
        for n in range(count):
            doubled = double(n).result()
            values.append([doubled, interrupt(doubled)])
        return values

    assert drive.invoke(workflow, 3, config) == _asked(0)
    assert drive.invoke(workflow, Command(resume="a"), config) == _asked(2)
    assert drive.invoke(workflow, Command(resume="b"), config) == _asked(4)
    assert drive.invoke(workflow, Command(resume="c"), config) == [[0, "a"], [2, "b"], [4, "c"]]
    assert ran == [0, 1, 2]


def test_tasks_before_an_asking_task(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """96"""
    ran: list[str] = []

    @task
    def step(name: str) -> str:
        ran.append(name)
        return name.upper()

    @task
    def ask(text: str) -> Any:
        return f"{text} {interrupt('?')}"

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        text = step("a").result() + step("b").result()
        return [ask(text).result(), step("c").result()]

    assert drive.invoke(workflow, 1, config) == _asked("?")
    assert drive.invoke(workflow, Command(resume="!"), config) == ["AB !", "C"]
    assert ran == ["a", "b", "c"]


def test_a_deep_question_surfaces_once(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """97"""

    @task
    def inner(n: int) -> Any:
        return interrupt("deep")

    @task
    def outer(n: int) -> Any:
        return inner(n).result()

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return outer(n).result()

    assert drive.stream(workflow, 1, config) == [
        {"__interrupt__": (Interrupt(value="deep", id=HEX),)}
    ]
    assert drive.state(workflow, config).interrupts == (Interrupt(value="deep", id=HEX),)
    assert drive.invoke(workflow, Command(resume="!"), config) == "!"


def test_state_shows_the_question(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """98"""

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return interrupt("?")

    (question,) = drive.invoke(workflow, 1, config)["__interrupt__"]
    state = drive.state(workflow, config)
    assert (state.next, state.interrupts) == (("workflow",), (question,))
    assert [(t.name, t.interrupts) for t in state.tasks] == [("workflow", (question,))]
    drive.invoke(workflow, Command(resume="!"), config)
    state = drive.state(workflow, config)
    assert (state.next, state.interrupts, state.tasks) == ((), (), ())


def _parallel(saver: BaseCheckpointSaver, lines: list[str]) -> Any:
    @task
    def ask(name: str) -> Any:
        lines.append(name)
        return f"{name}: {interrupt(name)}"

    @entrypoint(checkpointer=saver)
    def workflow(names: list[str]) -> Any:
        return [f.result() for f in [ask(name) for name in names]]

    return workflow


def _parallel_async(saver: BaseCheckpointSaver, lines: list[str]) -> Any:
    @task
    async def ask(name: str) -> Any:
        lines.append(name)
        return f"{name}: {interrupt(name)}"

    @entrypoint(checkpointer=saver)
    async def workflow(names: list[str]) -> Any:
        return list(await asyncio.gather(*(ask(name) for name in names)))

    return workflow


@pytest.mark.parametrize("make", [_parallel, _parallel_async])
def test_parallel_questions_surface_together(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, make: Any
) -> None:
    """99, 101"""
    workflow = make(saver, [])
    questions = drive.invoke(workflow, ["a", "b", "c"], config)["__interrupt__"]
    assert sorted(q.value for q in questions) == ["a", "b", "c"]
    assert set(drive.state(workflow, config).interrupts) == set(questions)
    answers = {q.id: q.value.upper() for q in questions}
    assert drive.invoke(workflow, Command(resume=answers), config) == ["a: A", "b: B", "c: C"]


@pytest.mark.parametrize("make", [_parallel, _parallel_async])
def test_one_value_for_several_questions(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, make: Any
) -> None:
    """100"""
    workflow = make(saver, [])
    questions = drive.invoke(workflow, ["a", "b"], config)["__interrupt__"]
    with pytest.raises(RuntimeError) as caught:
        drive.invoke(workflow, Command(resume="yes"), config)
    assert isinstance(caught.value, UnknownInterruptError)
    assert caught.value.reason == "ambiguous"
    assert set(caught.value.pending_ids) == {q.id for q in questions}
    assert all(q.id in str(caught.value) for q in questions)


@pytest.mark.parametrize("make", [_parallel, _parallel_async])
def test_answers_one_at_a_time(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, make: Any
) -> None:
    """102: a task whose question is still open does not run again"""
    lines: list[str] = []
    workflow = make(saver, lines)
    questions = drive.invoke(workflow, ["a", "b", "c"], config)["__interrupt__"]
    a, b, c = sorted(questions, key=lambda q: str(q.value))
    rest = drive.invoke(workflow, Command(resume={b.id: "B"}), config)["__interrupt__"]
    assert set(rest) == {a, c}
    assert sorted(lines) == ["a", "b", "b", "c"]
    assert drive.invoke(workflow, Command(resume={c.id: "C"}), config) == {"__interrupt__": [a]}
    assert drive.invoke(workflow, Command(resume="A"), config) == ["a: A", "b: B", "c: C"]
    assert sorted(lines) == ["a", "a", "b", "b", "c", "c"]


@pytest.mark.parametrize("nested", ["task", "workflow"])
def test_a_parent_of_tasks_that_wait_waits(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, nested: str
) -> None:
    """102: what waits at questions of others does not run either, however deep they are"""
    ran: list[int] = []

    @task
    def ask(n: int) -> Any:
        return interrupt(n)

    @entrypoint()
    def inner(n: int) -> Any:
        return ask(n).result()

    @task
    def parent(n: int) -> Any:
        ran.append(n)
        return ask(n).result() if nested == "task" else inner.invoke(n)

    @entrypoint(checkpointer=saver)
    def workflow(count: int) -> Any:
        return [future.result() for future in [parent(n) for n in range(count)]]

    first, second, third = drive.invoke(workflow, 3, config)["__interrupt__"]
    assert sorted(ran) == [0, 1, 2]
    ran.clear()
    rest = drive.invoke(workflow, Command(resume={second.id: "b"}), config)["__interrupt__"]
    assert (rest, ran) == ([first, third], [1])
    assert set(drive.state(workflow, config).interrupts) == {first, third}
    answers = {first.id: "a", third.id: "c"}
    assert drive.invoke(workflow, Command(resume=answers), config) == ["a", "b", "c"]
    assert sorted(ran) == [0, 1, 2]


def test_a_task_waits_at_its_second_question(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """102, 94"""
    ran: list[str] = []

    @task
    def ask(name: str, count: int) -> Any:
        ran.append(name)
        return [interrupt([name, n]) for n in range(count)]

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [future.result() for future in [ask("a", 2), ask("b", 1)]]

    a, b = drive.invoke(workflow, 1, config)["__interrupt__"]
    again, _ = drive.invoke(workflow, Command(resume={a.id: 1}), config)["__interrupt__"]
    ran.clear()
    assert drive.invoke(workflow, Command(resume={b.id: 3}), config) == {"__interrupt__": [again]}
    assert ran == ["b"]
    assert drive.invoke(workflow, Command(resume=2), config) == [[1, 2], [3]]


def test_a_step_that_was_stopped_on_its_way_runs_on(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """101, 102: what did not get as far as it could does not wait, though it has asked"""
    ran: list[str] = []
    control = RunControl()

    @task
    def ask(name: str) -> Any:
        return interrupt(name)

    @entrypoint()
    def inner(n: int) -> Any:
        first = ask("a")
        if not ran:
            ran.append("stopped")
            control.request_drain()
        return [future.result() for future in [first, ask("b")]]

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return inner.invoke(n)

    with pytest.raises(GraphDrained):
        drive.invoke(workflow, 1, config, control=control)
    assert [q.value for q in drive.state(workflow, config).interrupts] == ["a"]
    questions = drive.invoke(workflow, None, config)["__interrupt__"]
    assert [q.value for q in questions] == ["a", "b"]
    answers = {q.id: q.value.upper() for q in questions}
    assert drive.invoke(workflow, Command(resume=answers), config) == ["A", "B"]


def test_an_answer_that_comes_while_the_run_works(saver: BaseCheckpointSaver) -> None:
    """102: its task runs again, and only that"""
    ran: list[int] = []
    go_on = threading.Event()

    @task
    def ask(n: int) -> Any:
        ran.append(n)
        return [interrupt([n, 0]), interrupt([n, 1])]

    @task
    def work() -> None:
        go_on.wait(20)

    @entrypoint(checkpointer=saver)
    def workflow(count: int) -> Any:
        futures = [ask(n) for n in range(count)]
        work().result()
        return [future.result() for future in futures]

    run = workflow.start(2, thread_id="1")
    both = threading.Event()
    run.subscribe(lambda _: both.set() if len(run.interrupts) == 2 else None)
    assert len(run.interrupts) == 2 or both.wait(20)
    (first,) = [q for q in run.interrupts if q.value == [0, 0]]
    run.answer(first.id, "a")
    go_on.set()
    assert run.wait(20) == "interrupted"
    assert [q.value for q in run.interrupts] == [[0, 1], [1, 0]]
    assert sorted(ran) == [0, 0, 1]
    for number in range(3):
        run.answer(run.interrupts[0].id, number)
        run.wait(20)
    assert run.result(20) == [["a", 0], [1, 2]]
    assert sorted(ran) == [0, 0, 0, 1, 1, 1]


def test_except_exception_does_not_swallow_a_question(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """104"""

    @task
    def ask() -> Any:
        return interrupt("in a task")

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        try:
            first = interrupt("in the body")
        except Exception:
            first = "swallowed"
        try:
            second = ask().result()
        except Exception:
            second = "swallowed"
        return [first, second]

    assert drive.invoke(workflow, 1, config) == _asked("in the body")
    assert drive.invoke(workflow, Command(resume=1), config) == _asked("in a task")
    assert drive.invoke(workflow, Command(resume=2), config) == [1, 2]


def test_a_swallowed_question_still_pauses(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """104: after a bare except no further op starts, and the return is not taken"""
    sent: list[str] = []

    @task
    def send(what: str) -> None:
        sent.append(what)

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        try:
            answer = interrupt("?")
        except BaseException:
            answer = "swallowed"
        send(answer).result()
        return answer

    assert drive.invoke(workflow, 1, config) == _asked("?")
    assert sent == []
    assert drive.invoke(workflow, Command(resume="!"), config) == "!"
    assert sent == ["!"]


def test_a_swallowed_question_at_the_end_warns(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """104"""

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        try:
            return interrupt("?")
        except BaseException:
            return "swallowed"

    with pytest.warns(UserWarning, match="workflow"):
        assert drive.invoke(workflow, 1, config) == _asked("?")
    assert drive.state(workflow, config).values is None
    assert drive.invoke(workflow, Command(resume="!"), config) == "!"


def test_gather_does_not_return_questions(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """105"""
    sent: list[str] = []

    @task
    async def ask(name: str) -> Any:
        return interrupt(name)

    @task
    async def send(what: str) -> None:
        sent.append(what)

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        answers = await asyncio.gather(ask("a"), ask("b"), return_exceptions=True)
        await send("after the questions")
        return answers

    questions = drive.invoke(workflow, 1, config)["__interrupt__"]
    assert sorted(q.value for q in questions) == ["a", "b"]
    assert sent == []
    answers = {q.id: q.value.upper() for q in questions}
    assert drive.invoke(workflow, Command(resume=answers), config) == ["A", "B"]
    assert sent == ["after the questions"]


def test_questions_in_a_task_group(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """105, 101"""

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        async def ask(name: str) -> Any:
            return interrupt(name)

        async with asyncio.TaskGroup() as group:
            first = group.create_task(ask("a"))
            second = group.create_task(ask("b"))
        return [first.result(), second.result()]

    paused = drive.invoke(workflow, 1, config)
    while isinstance(paused, dict):
        paused = drive.invoke(
            workflow,
            Command(resume={q.id: q.value.upper() for q in paused["__interrupt__"]}),
            config,
        )
    assert paused == ["A", "B"]


def test_pydantic_values(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """123"""

    @entrypoint(checkpointer=saver)
    def workflow(given: Note) -> Any:
        return [given, interrupt(given)]

    note = Note(text="hello")
    assert drive.invoke(workflow, note, config) == _asked(note)
    assert drive.state(workflow, config).interrupts[0].value == note
    answer = Note(text="answer")
    assert drive.invoke(workflow, Command(resume=answer), config) == [note, answer]


def test_outside_a_run() -> None:
    """124"""
    with pytest.raises(OutsideRunError, match="@entrypoint"):
        interrupt("?")


def test_in_a_plain_thread(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """124"""
    errors: list[BaseException] = []

    def work() -> None:
        try:
            interrupt("?")
        except BaseException as exc:
            errors.append(exc)

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> int:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        return n

    assert drive.invoke(workflow, 1, config) == 1
    assert [type(e) for e in errors] == [OutsideRunError]
    assert "copy_context" in str(errors[0])
