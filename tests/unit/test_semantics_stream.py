"""Streaming: numbers 159 to 177 of the semantics."""

import asyncio
import threading
from typing import Any

import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.config import get_stream_writer
from nbflow.errors import DeclarationError
from nbflow.func import entrypoint, task
from nbflow.runtime import Runtime
from nbflow.types import Command, Interrupt, StreamWriter, interrupt
from tests.unit.drive import HEX, Config, Drive, within

LIMIT_S = 8.0
"""Longer than anything here takes; a wait this long is a failure."""


def test_updates(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """159"""

    @task
    def foo(state: dict[str, str]) -> tuple[str, str]:
        return state["a"] + "foo", "bar"

    @task
    def bar(a: str, b: str, c: str | None = None) -> dict[str, str]:
        return {"a": a + b, "c": (c or "") + "bark"}

    @task
    def baz(state: dict[str, str]) -> dict[str, str]:
        return {"a": state["a"] + "baz", "c": "something else"}

    @entrypoint(checkpointer=saver)
    def graph(state: dict[str, str]) -> dict[str, str]:
        fut_foo = foo(state)
        fut_bar = bar(*fut_foo.result())
        return baz(fut_bar.result()).result()

    assert drive.stream(graph, {"a": "0"}, config) == [
        {"foo": ("0foo", "bar")},
        {"bar": {"a": "0foobar", "c": "bark"}},
        {"baz": {"a": "0foobarbaz", "c": "something else"}},
        {"graph": {"a": "0foobarbaz", "c": "something else"}},
    ]


def test_updates_come_as_they_happen(saver: BaseCheckpointSaver, config: Config) -> None:
    """160: the second task waits until the first one's chunk was read"""
    read = threading.Event()

    @task
    def first() -> str:
        return "first"

    @task
    def second() -> bool:
        return read.wait(LIMIT_S)

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        first().result()
        return second().result()

    chunks = workflow.stream(1, config)
    assert next(chunks) == {"first": "first"}
    read.set()
    assert list(chunks) == [{"second": True}, {"workflow": True}]


def test_async_updates_come_as_they_happen(saver: BaseCheckpointSaver, config: Config) -> None:
    """160"""

    async def main() -> list[Any]:
        read = asyncio.Event()

        @task
        async def first() -> str:
            return "first"

        @task
        async def second() -> bool:
            await asyncio.wait_for(read.wait(), LIMIT_S)
            return True

        @entrypoint(checkpointer=saver)
        async def workflow(n: int) -> Any:
            await first()
            return await second()

        chunks = []
        async for chunk in workflow.astream(1, config):
            chunks.append(chunk)
            read.set()
        return chunks

    assert asyncio.run(main()) == [{"first": "first"}, {"second": True}, {"workflow": True}]


def test_failed_task_gives_no_chunk(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """162"""

    @task
    def bad() -> None:
        raise ValueError("bad")

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> str:
        try:
            await bad()
        except ValueError:
            return "caught"
        return "missed"

    assert drive.stream(workflow, 1, config) == [{"workflow": "caught"}]


def test_values(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """163: once at the end, also on resume"""

    @task
    def step(n: int) -> int:
        return n + 1

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [step(n).result(), interrupt("?")]

    assert drive.stream(workflow, 1, config, stream_mode="values") == [
        {"__interrupt__": (Interrupt(value="?", id=HEX),)}
    ]
    assert drive.stream(workflow, Command(resume="!"), config, stream_mode="values") == [[2, "!"]]


def test_values_of_none(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """163"""

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> None: ...

    assert drive.stream(workflow, 1, config, stream_mode="values") == [None]


def test_custom(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """164"""

    @task
    def by_function() -> None:
        get_stream_writer()({"from": "task"})

    @task
    def by_parameter(writer: StreamWriter) -> None:
        writer({"from": "writer of a task"})

    @task
    def by_runtime(runtime: Runtime[None]) -> None:
        runtime.stream_writer({"from": "runtime of a task"})

    @entrypoint(checkpointer=saver)
    def workflow(n: int, writer: StreamWriter, runtime: Runtime[None]) -> None:
        get_stream_writer()("function")
        writer("writer")
        runtime.stream_writer("runtime")
        by_function().result()
        by_parameter().result()  # type: ignore[call-arg]  # injected
        by_runtime().result()  # type: ignore[call-arg]  # injected

    assert drive.stream(workflow, 1, config, stream_mode="custom") == [
        "function",
        "writer",
        "runtime",
        {"from": "task"},
        {"from": "writer of a task"},
        {"from": "runtime of a task"},
    ]


def test_custom_async(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """164"""

    @task
    async def step() -> None:
        get_stream_writer()("task")

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> None:
        get_stream_writer()("body")
        await step()

    assert drive.stream(workflow, 1, config, stream_mode="custom") == ["body", "task"]


def test_custom_events_of_the_body_are_not_repeated(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """165: what was sent before the question is not sent again on resume"""

    @task
    def step(writer: StreamWriter) -> None:
        writer("in the task")

    @entrypoint(checkpointer=saver)
    def workflow(n: int, writer: StreamWriter) -> Any:
        writer("before the task")
        step().result()  # type: ignore[call-arg]  # injected
        writer("before the question")
        answer = interrupt("?")
        writer("after the question")
        return answer

    assert drive.stream(workflow, 1, config, stream_mode="custom") == [
        "before the task",
        "in the task",
        "before the question",
    ]
    assert drive.stream(workflow, Command(resume="!"), config, stream_mode="custom") == [
        "after the question"
    ]


def test_several_modes(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """172"""

    @task
    def step(n: int, writer: StreamWriter) -> int:
        writer("working")
        return n + 1

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        first = step(n).result()  # type: ignore[call-arg]  # injected
        return [first, interrupt("?")]

    modes = ["updates", "custom", "values"]
    question = {"__interrupt__": (Interrupt(value="?", id=HEX),)}
    assert drive.stream(workflow, 1, config, stream_mode=modes) == [
        ("custom", "working"),
        ("updates", {"step": 2}),
        ("updates", question),
        ("values", question),
    ]
    assert drive.stream(workflow, Command(resume="!"), config, stream_mode=modes) == [
        ("updates", {"workflow": [2, "!"]}),
        ("values", [2, "!"]),
    ]


def test_one_mode_in_a_list(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """172"""

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> int:
        return n

    assert drive.stream(workflow, 1, config, stream_mode=["values"]) == [("values", 1)]


def test_replayed_tasks_give_no_chunk(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """159"""

    @task
    def step(n: int) -> int:
        return n + 1

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        first = await step(n)
        return [first, interrupt("?"), await step(first)]

    assert drive.stream(workflow, 1, config)[0] == {"step": 2}
    assert drive.stream(workflow, Command(resume="!"), config) == [
        {"step": 3},
        {"workflow": [2, "!", 3]},
    ]


@pytest.mark.parametrize("mode", ["junk", ["updates", "junk"]])
def test_unknown_mode(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, mode: str | list[str]
) -> None:
    """174"""

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> int:
        return n

    with pytest.raises(ValueError, match="junk.*updates"):
        drive.stream(workflow, 1, config, stream_mode=mode)
    assert saver.list_threads() == []


def test_failure_in_a_stream(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """175"""

    @task
    def good() -> str:
        return "good"

    @task
    def bad() -> None:
        raise ValueError("bad")

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> None:
        good().result()
        bad().result()

    chunks: list[Any] = []
    with pytest.raises(ValueError, match="bad") as caught:
        drive.stream_into(chunks, workflow, 1, config)
    assert chunks == [{"good": "good"}]
    assert any("'bad'" in note for note in caught.value.__notes__)


@pytest.mark.parametrize("wait_until_b_runs", [False, True])
def test_leaving_astream(
    saver: BaseCheckpointSaver, config: Config, wait_until_b_runs: bool
) -> None:
    """176"""
    ran: list[str] = []

    async def main() -> Any:
        started = asyncio.Event()

        @task
        async def step(name: str) -> str:
            ran.append(name)
            if name == "b" and not left:
                started.set()
                await asyncio.Event().wait()
            return name

        @entrypoint(checkpointer=saver)
        async def workflow(names: list[str]) -> list[str]:
            return [await step(name) for name in names]

        left = False
        chunks: Any = workflow.astream(["a", "b", "c"], config)
        async for chunk in chunks:
            assert chunk == {"step": "a"}
            if wait_until_b_runs:
                await started.wait()
            break
        await chunks.aclose()
        left = True
        assert "c" not in ran
        assert workflow.get_state(config).next == ("workflow",)
        return await workflow.ainvoke(None, config)

    assert within(LIMIT_S, lambda: asyncio.run(main())) == ["a", "b", "c"]
    assert (ran.count("a"), ran.count("c")) == (1, 1)


def test_leaving_stream(saver: BaseCheckpointSaver, config: Config) -> None:
    """177: a run without an end stops at its next op, and can be continued"""
    ran: list[int] = []
    finish = threading.Event()

    @task
    def is_last(n: int) -> bool:
        ran.append(n)
        return finish.is_set()

    @entrypoint(checkpointer=saver)
    def workflow(start: int) -> int:
        n = start
        while not is_last(n).result():
            n += 1
        return n

    def leave() -> None:
        chunks: Any = workflow.stream(0, config)
        assert next(chunks) == {"is_last": False}
        chunks.close()

    within(LIMIT_S, leave)
    before = len(ran)
    assert workflow.get_state(config).next == ("workflow",)
    finish.set()
    assert workflow.invoke(None, config) == before
    assert ran == list(range(before + 1))


def test_generator_refusal_names_the_writer() -> None:
    """9, 164: the refusal says how to stream instead"""
    with pytest.raises(DeclarationError, match="get_stream_writer"):

        @entrypoint()
        def workflow(n: int) -> Any:
            yield n
