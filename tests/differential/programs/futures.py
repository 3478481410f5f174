"""Futures and concurrency (35-49)."""

import asyncio
import contextvars
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.differential.library import Library
from tests.differential.registry import program
from tests.differential.steps import on, outcome

LIMIT_S = 5.0


@program(35)
def tasks_run_at_the_same_time(lib: Library, saver: Any) -> Any:
    """Three wait for each other."""
    barrier = threading.Barrier(3)

    @lib.task
    def meet(n: int) -> int:
        barrier.wait(LIMIT_S)
        return n

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        futures = [meet(i) for i in range(3)]
        return [f.result() for f in futures]

    return workflow.invoke(1, on())


@program(35)
async def async_tasks_run_at_the_same_time(lib: Library, saver: Any) -> Any:
    """Three wait for each other."""
    here: list[int] = []
    all_here = asyncio.Event()

    @lib.task
    async def meet(n: int) -> int:
        here.append(n)
        if len(here) == 3:
            all_here.set()
        await asyncio.wait_for(all_here.wait(), LIMIT_S)
        return n

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        futures = [meet(i) for i in range(3)]
        return [await f for f in futures]

    return await workflow.ainvoke(1, on())


@program(35)
def calling_a_task_returns_at_once(lib: Library, saver: Any) -> Any:
    """The body goes on while the task waits for it."""
    go_on = threading.Event()

    @lib.task
    def waits() -> bool:
        return go_on.wait(LIMIT_S)

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        future = waits()
        done = future.done()
        go_on.set()
        return [done, future.result(), future.done()]

    return workflow.invoke(1, on())


@program(36)
def result_can_be_asked_for_twice(lib: Library, saver: Any) -> Any:
    """The same value."""

    @lib.task
    def step() -> list[int]:
        return [1]

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        future = step()
        return [future.result(), future.result()]

    return workflow.invoke(1, on())


@program(36)
def result_with_a_timeout(lib: Library, saver: Any) -> Any:
    """TimeoutError while it runs; the value later."""
    go_on = threading.Event()

    @lib.task
    def waits() -> str:
        go_on.wait(LIMIT_S)
        return "done"

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        future = waits()
        early = type(outcome(future.result, timeout=0.01)).__name__
        go_on.set()
        return [early, future.result(timeout=LIMIT_S)]

    return workflow.invoke(1, on())


@program(36)
def done_callbacks(lib: Library, saver: Any) -> Any:
    """add_done_callback is called with the future."""

    @lib.task
    def step() -> int:
        return 1

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        heard: list[Any] = []
        called = threading.Event()

        def hear(future: Any) -> None:
            heard.append(future.result())
            called.set()

        future = step()
        future.add_done_callback(hear)
        future.result()
        called.wait(LIMIT_S)
        return heard

    return workflow.invoke(1, on())


@program(37)
async def gather_futures(lib: Library, saver: Any) -> Any:
    """asyncio.gather(*futures), in the order of the calls."""

    @lib.task
    async def step(n: int) -> int:
        return n * 2

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return await asyncio.gather(*[step(i) for i in range(5)])

    return await workflow.ainvoke(1, on())


@program(38)
async def sync_tasks_in_an_async_entrypoint(lib: Library, saver: Any) -> Any:
    """They are awaited, and run in a thread of their own."""
    home = threading.get_ident()

    @lib.task
    def step(n: int) -> Any:
        return [n, threading.get_ident() == home]

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return [await step(n), await asyncio.gather(step(2), step(3))]

    return await workflow.ainvoke(1, on())


@program(38, 25)
async def nested_async_tasks(lib: Library, saver: Any) -> Any:
    """An async task awaits a sync and an async one."""

    @lib.task
    def low(n: int) -> int:
        return n + 1

    @lib.task
    async def middle(n: int) -> int:
        return int(await low(n)) * 10

    @lib.task
    async def high(n: int) -> list[int]:
        return [await middle(n), await low(n)]

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return await high(n)

    return await workflow.ainvoke(1, on())


@program(39)
async def a_sync_entrypoint_under_ainvoke(lib: Library, saver: Any) -> Any:
    """.result() works from its worker thread."""

    @lib.task
    def step(n: int) -> int:
        return n + 1

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [f.result() for f in [step(n), step(n + 1)]]

    return await workflow.ainvoke(1, on())


@program(41)
async def async_tasks_in_a_sync_entrypoint(lib: Library, saver: Any) -> Any:
    """They work under ainvoke."""

    @lib.task
    async def step(n: int) -> int:
        return n + 1

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return step(n).result()

    return await workflow.ainvoke(1, on())


@program(41)
def async_tasks_under_invoke(lib: Library, saver: Any) -> Any:
    """RuntimeError."""

    @lib.task
    async def step(n: int) -> int:
        return n + 1

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return step(n).result()

    return outcome(workflow.invoke, 1, on())


@program(
    42,
    differs={42: "an async entrypoint runs on a loop of its own"},
    expected=2,
)
def invoke_of_an_async_entrypoint(lib: Library, saver: Any) -> Any:
    """LangGraph has no sync function to run."""

    @lib.entrypoint()
    async def workflow(n: int) -> Any:
        return n + 1

    return outcome(workflow.invoke, 1)


@program(
    43,
    differs={43: "a future can be awaited anywhere"},
    expected=2,
)
def await_in_a_sync_entrypoint(lib: Library, saver: Any) -> Any:
    """Under the user's own asyncio.run."""

    @lib.task
    def step(n: int) -> int:
        return n + 1

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        future = step(n)

        async def main() -> Any:
            return await future

        return asyncio.run(main())

    return outcome(workflow.invoke, 1, on())


@program(47)
def max_concurrency_of_sync_tasks(lib: Library, saver: Any) -> Any:
    """At most three of nine at once."""
    lock = threading.Lock()
    now: list[int] = [0]
    most: list[int] = [0]
    unmet = threading.Event()

    @lib.task
    def step(n: int) -> int:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        unmet.wait(0.005)
        with lock:
            now[0] -= 1
        return n

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [f.result() for f in [step(i) for i in range(9)]]

    return {
        "value": workflow.invoke(1, on(max_concurrency=3)),
        "at least two": most[0] >= 2,
        "at most three": most[0] <= 3,
    }


@program(47)
async def max_concurrency_of_async_tasks(lib: Library, saver: Any) -> Any:
    """At most three of nine at once."""
    now: list[int] = [0]
    most: list[int] = [0]

    @lib.task
    async def step(n: int) -> int:
        now[0] += 1
        most[0] = max(most[0], now[0])
        for _ in range(5):
            await asyncio.sleep(0.001)
        now[0] -= 1
        return n

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return await asyncio.gather(*[step(i) for i in range(9)])

    free = await workflow.ainvoke(1, on("a"))
    unlimited = most[0]
    most[0] = 0
    await workflow.ainvoke(1, on("b", max_concurrency=3))
    return {"value": free, "without a limit": unlimited, "at most three": most[0] <= 3}


@program(48)
def contextvars_reach_sync_tasks(lib: Library, saver: Any) -> Any:
    """From the caller and the body; changes inside do not leak out."""
    who: contextvars.ContextVar[str] = contextvars.ContextVar("who", default="nobody")

    @lib.task
    def step() -> str:
        seen = who.get()
        who.set("task")
        return seen

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        first = [who.get(), step().result(), who.get()]
        who.set("body")
        return [first, step().result(), who.get()]

    who.set("caller")
    return {"inside": workflow.invoke(1, on()), "after": who.get()}


@program(48)
async def contextvars_reach_async_tasks(lib: Library, saver: Any) -> Any:
    """The same in an event loop."""
    who: contextvars.ContextVar[str] = contextvars.ContextVar("who", default="nobody")

    @lib.task
    async def step() -> str:
        seen = who.get()
        who.set("task")
        return seen

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        first = [who.get(), await step(), who.get()]
        who.set("body")
        return [first, await step(), who.get()]

    who.set("caller")
    return {"inside": await workflow.ainvoke(1, on()), "after": who.get()}


@program(49)
def a_task_called_in_a_thread_of_the_users(lib: Library, saver: Any) -> Any:
    """RuntimeError: no run is known there."""

    @lib.task
    def step(n: int) -> int:
        return n

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(lambda: step(n).result()).result(LIMIT_S)

    return outcome(workflow.invoke, 1, on())


@program(49)
def a_task_called_in_a_thread_with_the_context(lib: Library, saver: Any) -> Any:
    """contextvars.copy_context().run in the thread."""

    @lib.task
    def step(n: int) -> int:
        return n + 1

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        context = contextvars.copy_context()
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(context.run, lambda: step(n).result()).result(LIMIT_S)

    return outcome(workflow.invoke, 1, on())


@program(
    40,
    differs={40: "the error says to await it"},
    expected=["InvalidStateError", True, 1],
)
async def result_in_an_async_entrypoint(lib: Library, saver: Any) -> Any:
    """An InvalidStateError; LangGraph's only says that the result is not set."""

    @lib.task
    async def step() -> int:
        return 1

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        future = step()
        error = outcome(future.result)
        return [type(error).__name__, "await" in str(error), await future]

    return await workflow.ainvoke(1, on())
