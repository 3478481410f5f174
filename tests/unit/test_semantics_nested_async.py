"""An async workflow called in plain code is a step of the run: numbers 16, 31, 42, 61 and 63.

Plain code calls it by ``invoke`` or ``stream``, or with an event loop of its own.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from typing import Any

import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.config import get_stream_writer
from nbflow.errors import OutsideRunError
from nbflow.func import entrypoint, task
from nbflow.types import Command, Interrupt, interrupt
from tests.unit.drive import HEX, Config, Drive, kinds_of, within

LIMIT_S = 8.0
"""Longer than anything here takes; a wait this long is a failure."""


@task
async def double(n: int) -> int:
    await asyncio.sleep(0)
    return 2 * n


@entrypoint()
async def doubles(n: int) -> int:
    return sum(await asyncio.gather(double(n), double(n + 1)))


@entrypoint()
async def asks(n: int) -> Any:
    return [await double(n), interrupt({"n": n})]


def _asked(*values: Any) -> dict[str, list[Interrupt]]:
    """What ``invoke`` returns when exactly these questions are open."""
    return {"__interrupt__": [Interrupt(value=value, id=HEX) for value in values]}


def _invoked(workflow: Any, n: int) -> Any:
    return workflow.invoke(n)


def _streamed(workflow: Any, n: int) -> Any:
    *_, last = workflow.stream(n, stream_mode="values")
    return last


def _on_a_loop(workflow: Any, n: int) -> Any:
    return asyncio.run(workflow.ainvoke(n))


def _streamed_on_a_loop(workflow: Any, n: int) -> Any:
    async def last() -> Any:
        chunks = [chunk async for chunk in workflow.astream(n, stream_mode="values")]
        return chunks[-1]

    return asyncio.run(last())


every_way = pytest.mark.parametrize("call", [_invoked, _streamed, _on_a_loop, _streamed_on_a_loop])
Call = Callable[[Any, int], Any]


@every_way
@pytest.mark.parametrize("in_task", [False, True], ids=["body", "task"])
def test_its_question_is_the_runs(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, call: Call, in_task: bool
) -> None:
    """16, 63, 97: asked once, answered, and its tasks run once"""

    @task
    def step(n: int) -> Any:
        return call(asks, n)

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return {"nested": step(n).result() if in_task else call(asks, n)}

    asked = within(LIMIT_S, lambda: drive.invoke(workflow, 2, config))
    assert asked == _asked({"n": 2})
    answered = within(LIMIT_S, lambda: drive.invoke(workflow, Command(resume="yes"), config))
    assert answered == {"nested": [4, "yes"]}
    assert kinds_of(saver, "double") == ["result"]


@every_way
def test_it_is_not_run_again(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, call: Call
) -> None:
    """31, 61"""

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [call(doubles, n), interrupt("?")]

    assert within(LIMIT_S, lambda: drive.invoke(workflow, 1, config)) == _asked("?")
    again = within(LIMIT_S, lambda: drive.invoke(workflow, Command(resume="!"), config))
    assert again == [6, "!"]
    assert kinds_of(saver, "double") == ["result", "result"]
    assert kinds_of(saver, "doubles") == ["result"]


@every_way
def test_it_remembers(saver: BaseCheckpointSaver, drive: Drive, config: Config, call: Call) -> None:
    """16, 199"""

    @entrypoint(checkpointer=True)
    async def counts(n: int, previous: int = 0) -> int:
        return previous + n

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return call(counts, n)

    def thrice() -> list[int]:
        return [drive.invoke(workflow, n, config) for n in (1, 2, 3)]

    assert within(LIMIT_S, thrice) == [1, 3, 6]


@every_way
def test_its_steps_are_streamed(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, call: Call
) -> None:
    """161, 173"""

    @entrypoint()
    async def one(n: int) -> int:
        return await double(n)

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return call(one, n)

    chunks = within(LIMIT_S, lambda: drive.stream(workflow, 2, config, subgraphs=True))
    ns = (f"workflow:{chunks[0][0][0].partition(':')[2]}",)
    assert chunks == [(ns, {"double": 4}), (ns, {"one": 4}), ((), {"workflow": 4})]


@every_way
def test_its_failure_is_the_callers(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, call: Call
) -> None:
    """52, 53, 54"""

    @entrypoint()
    async def fails(n: int) -> None:
        raise KeyError(await double(n))

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        try:
            call(fails, n)
        except KeyError as exc:
            return [exc.args, interrupt("?")]

    assert within(LIMIT_S, lambda: drive.invoke(workflow, 1, config)) == _asked("?")
    again = within(LIMIT_S, lambda: drive.invoke(workflow, Command(resume="!"), config))
    assert again == [(2,), "!"]
    assert kinds_of(saver, "fails") == ["error"]


@every_way
def test_with_few_places(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, call: Call
) -> None:
    """47: a task that waits for it counts for nothing"""

    @task
    def step(n: int) -> int:
        return int(call(doubles, n))

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [f.result() for f in [step(i) for i in range(n)]] + [call(doubles, n)]

    limited = {**config, "max_concurrency": 1}
    assert within(LIMIT_S, lambda: drive.invoke(workflow, 3, limited)) == [2, 6, 10, 14]


def test_two_at_once_on_a_loop_of_the_codes_own(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """101: both questions are asked, each gets its own answer"""

    @task
    def step() -> Any:
        async def both() -> Any:
            return await asyncio.gather(asks.ainvoke(1), asks.ainvoke(2))

        return asyncio.run(both())

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return step().result()

    asked = within(LIMIT_S, lambda: drive.invoke(workflow, 0, config))
    assert asked == _asked({"n": 1}, {"n": 2})
    answers = {q.id: q.value["n"] * 10 for q in asked["__interrupt__"]}
    again = within(LIMIT_S, lambda: drive.invoke(workflow, Command(resume=answers), config))
    assert again == [[2, 10], [4, 20]]


def test_what_is_cancelled_on_a_loop_of_the_codes_own(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """50: it ends, and its caller goes on"""
    begun, ended = threading.Event(), []

    @entrypoint()
    async def for_ever(n: int) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cleaned up")

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        async def give_up() -> Any:
            begun.clear()
            going = asyncio.create_task(for_ever.ainvoke(n))
            await asyncio.to_thread(begun.wait, LIMIT_S)
            going.cancel()
            try:
                await going
            except asyncio.CancelledError:
                return "given up"

        return [asyncio.run(give_up()), interrupt("?")]

    assert within(LIMIT_S, lambda: drive.invoke(workflow, 1, config)) == _asked("?")
    again = within(LIMIT_S, lambda: drive.invoke(workflow, Command(resume="!"), config))
    assert again == ["given up", "!"]
    assert ended == ["cleaned up", "cleaned up"]


def _plain(call: Call) -> Any:
    """A plain workflow that calls an async one, in two tasks at once."""

    @task
    def step(n: int) -> int:
        return int(call(doubles, n))

    @entrypoint()
    def plain(n: int) -> Any:
        return [f.result() for f in [step(n), step(n + 1)]]

    return plain


@every_way
def test_below_async_code(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, call: Call
) -> None:
    """31: on its event loop, as the plain code between runs in a thread"""
    plain = _plain(call)

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return await plain.ainvoke(n)

    assert within(LIMIT_S, lambda: drive.invoke(workflow, 1, config)) == [6, 10]


@pytest.mark.parametrize("call", [_invoked, _streamed])
def test_below_plain_code_that_the_loop_waits_for(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, call: Call
) -> None:
    """31, 44: refused, as it could never begin"""
    plain = _plain(call)

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return plain.invoke(n)

    with pytest.raises(OutsideRunError, match="await workflow.ainvoke"):
        within(LIMIT_S, lambda: drive.invoke(workflow, 1, config))


def test_an_async_task_below_plain_code_that_the_loop_waits_for(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """41, 44: refused in the same way"""

    @entrypoint()
    def plain(n: int) -> int:
        return double(n).result()

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return plain.invoke(n)

    with pytest.raises(OutsideRunError, match="await workflow.ainvoke"):
        within(LIMIT_S, lambda: drive.invoke(workflow, 1, config))


@pytest.mark.parametrize("call", [_invoked, _streamed])
def test_where_its_caller_keeps_the_loop(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, call: Call
) -> None:
    """42: async code awaits it"""

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return call(doubles, n)

    with pytest.raises(OutsideRunError, match="await doubles.ainvoke"):
        within(LIMIT_S, lambda: drive.invoke(workflow, 1, config))


def _endless(saver: BaseCheckpointSaver, call: Call, ended: list[str]) -> Any:
    @entrypoint()
    async def for_ever(n: int) -> None:
        get_stream_writer()("begun")
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cleaned up")

    @task
    def step(n: int) -> Any:
        return call(for_ever, n)

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return step(n).result()

    return workflow


@every_way
def test_leaving_the_stream_ends_it(saver: BaseCheckpointSaver, config: Config, call: Call) -> None:
    """177"""
    ended: list[str] = []
    workflow = _endless(saver, call, ended)

    def leave() -> None:
        chunks = workflow.stream(1, config, stream_mode="custom", subgraphs=True)
        assert next(chunks)[1] == "begun"
        chunks.close()

    within(LIMIT_S, leave)
    assert (workflow.get_state(config).status, ended) == ("cancelled", ["cleaned up"])
    assert kinds_of(saver, "for_ever") == []


@every_way
def test_cancelling_the_waiter_ends_it(
    saver: BaseCheckpointSaver, config: Config, call: Call
) -> None:
    """217"""
    ended: list[str] = []
    workflow = _endless(saver, call, ended)

    async def leave() -> None:
        chunks = workflow.astream(1, config, stream_mode="custom", subgraphs=True)
        assert (await anext(chunks))[1] == "begun"
        await chunks.aclose()

    within(LIMIT_S, lambda: asyncio.run(leave()))
    assert (workflow.get_state(config).status, ended) == ("cancelled", ["cleaned up"])
    assert kinds_of(saver, "for_ever") == []


@every_way
def test_the_stop_button_ends_it(saver: BaseCheckpointSaver, config: Config, call: Call) -> None:
    """218"""
    ended: list[str] = []

    @entrypoint()
    async def for_ever(n: int) -> None:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cleaned up")

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return call(for_ever, n)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            workflow.invoke(1, config)
    finally:
        signal.signal(signal.SIGINT, before)
    assert (workflow.get_state(config).status, ended) == ("cancelled", ["cleaned up"])
