"""Failures, cancellations and tasks nobody waits for (50-60)."""

import asyncio
import threading
from typing import Any

from tests.differential.library import Library
from tests.differential.registry import program
from tests.differential.steps import aoutcome, collect, on, outcome

LIMIT_S = 5.0


@program(50)
async def cancelling_one_future(lib: Library, saver: Any) -> Any:
    """That task is cancelled; the others finish."""
    heard: list[str] = []
    started = asyncio.Event()

    @lib.task
    async def slow() -> str:
        started.set()
        try:
            await asyncio.sleep(LIMIT_S)
        except asyncio.CancelledError:
            heard.append("cancelled")
            raise
        return "slow"

    @lib.task
    async def quick() -> str:
        return "quick"

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        future = slow()
        other = quick()
        await started.wait()
        future.cancel()
        try:
            await future
        except asyncio.CancelledError:
            return ["caught", await other]

    return {"value": await workflow.ainvoke(1, on()), "heard": heard}


@program(
    51,
    differs={51: "a recorded cancellation is replayed"},
    expected={"value": ["cancelled", "!"], "ran": 1},
)
async def a_cancelled_task_on_resume(lib: Library, saver: Any) -> Any:
    """LangGraph runs it again."""
    calls: list[str] = []

    @lib.task
    async def slow() -> str:
        calls.append("slow")
        await asyncio.sleep(LIMIT_S)
        return "slow"

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        future = slow()
        for _ in range(20):
            await asyncio.sleep(0)
        future.cancel()
        try:
            await future
            seen = "finished"
        except asyncio.CancelledError:
            seen = "cancelled"
        return [seen, lib.interrupt("?")]

    await workflow.ainvoke(1, on())
    return {"value": await workflow.ainvoke(lib.Command(resume="!"), on()), "ran": len(calls)}


@program(52)
def a_failure_arrives_at_result(lib: Library, saver: Any) -> Any:
    """Its own class and arguments."""

    class OwnError(Exception):
        pass

    @lib.task
    def bad() -> None:
        raise OwnError("a", 1)

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        future = bad()
        try:
            future.result()
        except OwnError as exc:
            return [exc.args[0], exc.args[1], type(future.exception()).__name__]

    return workflow.invoke(1, on())


@program(52)
async def a_failure_arrives_at_await(lib: Library, saver: Any) -> Any:
    """Sync and async tasks."""

    @lib.task
    async def bad() -> None:
        raise KeyError("async")

    @lib.task
    def worse() -> None:
        raise LookupError("sync")

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        seen = [await aoutcome(bad()), await aoutcome(worse())]
        return [type(exc).__name__ for exc in seen]

    return await workflow.ainvoke(1, on())


@program(53)
def a_caught_failure_lets_the_run_go_on(lib: Library, saver: Any) -> Any:
    """The run ends well; the thread is closed."""

    @lib.task
    def bad() -> None:
        raise ValueError("bad")

    @lib.task
    def good() -> str:
        return "good"

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        try:
            bad().result()
        except ValueError as exc:
            return [str(exc), good().result()]

    return {"chunks": collect(workflow.stream(1, on())), "next": workflow.get_state(on()).next}


@program(52, 36)
async def gather_with_return_exceptions(lib: Library, saver: Any) -> Any:
    """Failures as values, in place."""

    @lib.task
    async def step(n: int) -> int:
        if n % 2:
            raise ValueError(n)
        return n

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        seen = await asyncio.gather(*[step(i) for i in range(4)], return_exceptions=True)
        return [s if isinstance(s, int) else type(s).__name__ for s in seen]

    return await workflow.ainvoke(1, on())


@program(
    54,
    differs={54: "a recorded failure is replayed, so the branch stays"},
    expected={"asked": "after a failure", "value": ["failed", "yes"], "ran": 1},
)
def a_caught_failure_before_a_question(lib: Library, saver: Any) -> Any:
    """LangGraph runs the failed task again, and the branch changes under the answer."""
    calls: list[int] = []

    @lib.task
    def flaky() -> str:
        calls.append(1)
        if len(calls) == 1:
            raise ValueError("flaky")
        return "worked"

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        try:
            seen = flaky().result()
            asked = "after a success"
        except ValueError:
            seen = "failed"
            asked = "after a failure"
        return [seen, lib.interrupt(asked)]

    asked = workflow.invoke(1, on())["__interrupt__"][0].value
    value = workflow.invoke(lib.Command(resume="yes"), on())
    return {"asked": asked, "value": value, "ran": len(calls)}


@program(56)
def tasks_nobody_waits_for(lib: Library, saver: Any) -> Any:
    """They are finished when the run returns."""
    ran: list[int] = []
    go_on = threading.Event()

    @lib.task
    def step(n: int) -> int:
        go_on.wait(LIMIT_S)
        ran.append(n)
        return n

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        step(1)
        step(2)
        go_on.set()
        return "returned"

    return {"value": workflow.invoke(1, on()), "ran": sorted(ran)}


@program(56)
async def async_tasks_nobody_waits_for(lib: Library, saver: Any) -> Any:
    """They are finished when the run returns."""
    ran: list[int] = []

    @lib.task
    async def step(n: int) -> int:
        await asyncio.sleep(0.01)
        ran.append(n)
        return n

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        step(1)
        step(2)
        return "returned"

    return {"value": await workflow.ainvoke(1, on()), "ran": sorted(ran)}


@program(57, 69)
def one_task_fails_while_others_run(lib: Library, saver: Any) -> Any:
    """The run raises; what finishes is kept and not run again."""
    ran: list[str] = []
    started = threading.Event()
    failed = threading.Event()
    mended: list[bool] = [False]

    @lib.task
    def bad() -> str:
        ran.append("bad")
        if mended[0]:
            return "mended"
        started.wait(LIMIT_S)
        failed.set()
        raise ValueError("bad")

    @lib.task
    def slow() -> str:
        started.set()
        failed.wait(LIMIT_S)
        ran.append("slow")
        return "slow"

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        other, one = slow(), bad()
        return [one.result(), other.result()]

    first = outcome(workflow.invoke, 1, on())
    mended[0] = True
    return {
        "first": first,
        "ran": sorted(ran),
        "continued": workflow.invoke(None, on()),
        "slow ran": ran.count("slow"),
    }


@program(57)
async def async_siblings_of_a_failure_are_cancelled(lib: Library, saver: Any) -> Any:
    """The run does not wait for them."""
    heard: list[str] = []
    started = asyncio.Event()

    @lib.task
    async def slow() -> None:
        started.set()
        try:
            await asyncio.sleep(LIMIT_S)
        except asyncio.CancelledError:
            heard.append("cancelled")
            raise

    @lib.task
    async def bad() -> None:
        await started.wait()
        raise ValueError("bad")

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return await asyncio.gather(slow(), bad())

    return {"outcome": await aoutcome(workflow.ainvoke(1, on())), "heard": heard}


@program(59)
async def a_question_does_not_cancel_other_tasks(lib: Library, saver: Any) -> Any:
    """The other task finishes and is reused."""
    ran: list[str] = []

    @lib.task
    async def slow() -> str:
        await asyncio.sleep(0.02)
        ran.append("slow")
        return "slow"

    @lib.task
    async def ask() -> Any:
        ran.append("ask")
        return lib.interrupt("?")

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return await asyncio.gather(slow(), ask())

    asked = await workflow.ainvoke(1, on())
    value = await workflow.ainvoke(lib.Command(resume="!"), on())
    return {"asked": asked, "value": value, "slow ran": ran.count("slow")}


@program(
    60,
    differs={60: "results stay with the branch that made them"},
    expected=[["A1", "A2"], ["B1", "B2"]],
)
async def branches_that_await_several_tasks(lib: Library, saver: Any) -> Any:
    """On resume LangGraph counts calls across branches, and results cross over."""
    gate = asyncio.Event()

    @lib.task
    async def step(name: str) -> str:
        if name == "A1" and not gate.is_set():
            await gate.wait()
        return name

    async def branch(name: str) -> list[str]:
        first = await step(f"{name}1")
        if name == "B":
            gate.set()
        return [first, await step(f"{name}2")]

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        both = await asyncio.gather(branch("A"), branch("B"))
        lib.interrupt("?")
        return both

    await workflow.ainvoke(1, on())
    return await workflow.ainvoke(lib.Command(resume="!"), on())


@program(58)
def several_failures_at_once(lib: Library, saver: Any) -> Any:
    """One is raised; the run stays open."""
    all_here = threading.Barrier(3)

    @lib.task
    def bad(n: int) -> None:
        all_here.wait(LIMIT_S)
        raise ValueError(n)

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [f.result() for f in [bad(n) for n in range(3)]]

    failed = outcome(workflow.invoke, 1, on())
    return {"failed": failed, "next": workflow.get_state(on()).next}
