"""Time-outs and cancellation (209-219)."""

import asyncio
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.differential.library import Library
from tests.differential.registry import program
from tests.differential.shapes import policy
from tests.differential.steps import aoutcome, on, outcome

if TYPE_CHECKING:
    from nbflow.types import StreamWriter

LIMIT_S = 5.0
SHORT_S = 0.05


@program(209)
def time_outs_are_checked_at_declaration(lib: Library, saver: Any) -> Any:
    """For sync functions, and for values that are no time."""

    async def body(n: int) -> Any:
        return n

    def sync_body(n: int) -> Any:
        return n

    def declare(function: Any, timeout: Any) -> Any:
        made = lib.task(function, timeout=timeout)
        return "declared" if made else None

    def declare_entrypoint(function: Any, timeout: Any) -> Any:
        made = lib.entrypoint(checkpointer=saver, timeout=timeout)(function)
        return "declared" if made else None

    values: list[Any] = [1, 0.5, timedelta(seconds=1), lib.TimeoutPolicy(run_timeout=1), 0, -1]
    return {
        "async task": [outcome(declare, body, v) for v in values],
        "async entrypoint": [outcome(declare_entrypoint, body, v) for v in values],
        "sync task": outcome(declare, sync_body, 1),
        "sync entrypoint": outcome(declare_entrypoint, sync_body, 1),
    }


@program(209, 210)
async def a_task_that_takes_too_long(lib: Library, saver: Any) -> Any:
    """NodeTimeoutError: kind, node, timeout."""

    @lib.task(timeout=SHORT_S)
    async def slow() -> None:
        await asyncio.sleep(LIMIT_S)

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return await slow()

    error = await aoutcome(workflow.ainvoke(1, on()))
    return {
        "error": error,
        "kind": error.kind,
        "node": error.node,
        "timeout": error.timeout,
        "elapsed": error.elapsed >= SHORT_S,
    }


@program(210)
async def a_time_out_is_retried(lib: Library, saver: Any) -> Any:
    """By the default retry_on."""
    ran: list[int] = []

    @lib.task(timeout=timedelta(seconds=SHORT_S), retry_policy=policy(lib))
    async def slow() -> str:
        ran.append(1)
        if len(ran) == 1:
            await asyncio.sleep(LIMIT_S)
        return "done"

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return await slow()

    return {"value": await workflow.ainvoke(1, on()), "ran": len(ran)}


@program(210)
async def a_time_out_cannot_be_swallowed(lib: Library, saver: Any) -> Any:
    """By a task that catches its cancellation."""

    @lib.task(timeout=SHORT_S)
    async def stubborn() -> str:
        try:
            await asyncio.sleep(LIMIT_S)
        except asyncio.CancelledError:
            return "swallowed"
        return "slept"

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return await stubborn()

    return await aoutcome(workflow.ainvoke(1, on()))


@program(210)
async def a_time_out_can_be_caught_by_the_caller(lib: Library, saver: Any) -> Any:
    """The run goes on."""

    @lib.task(timeout=SHORT_S)
    async def slow() -> None:
        await asyncio.sleep(LIMIT_S)

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        try:
            await slow()
        except Exception as exc:
            return type(exc).__name__

    return await workflow.ainvoke(1, on())


@program(211)
async def an_idle_time_out(lib: Library, saver: Any) -> Any:
    """It fires when nothing happens; a heartbeat keeps it away."""

    @lib.task(timeout=lib.TimeoutPolicy(idle_timeout=0.15))
    async def idle() -> None:
        await asyncio.sleep(LIMIT_S)

    @lib.task(timeout=lib.TimeoutPolicy(idle_timeout=0.15))
    async def beats(runtime: Any) -> str:
        for _ in range(6):
            await asyncio.sleep(0.04)
            runtime.heartbeat()
        return "alive"

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        error = await aoutcome(idle())
        return [type(error).__name__, error.kind, await beats()]

    return await workflow.ainvoke(1, on())


@program(211)
async def what_keeps_an_idle_time_out_away(lib: Library, saver: Any) -> Any:
    """Custom chunks do; with refresh_on="heartbeat" only heartbeats."""

    async def talk(writer: Any) -> str:
        for at in range(6):
            await asyncio.sleep(0.04)
            writer(at)
        return "alive"

    @lib.task(timeout=lib.TimeoutPolicy(idle_timeout=0.15))
    async def writes(writer: "StreamWriter") -> str:
        return await talk(writer)

    @lib.task(timeout=lib.TimeoutPolicy(idle_timeout=0.15, refresh_on="heartbeat"))
    async def strict(writer: "StreamWriter") -> str:
        return await talk(writer)

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        error = await aoutcome(strict())
        return [await writes(), type(error).__name__]

    return await workflow.ainvoke(1, on())


@program(212)
async def late_writes_are_dropped(lib: Library, saver: Any) -> Any:
    """Of a task that goes on after its time-out."""

    @lib.task(timeout=SHORT_S)
    async def stubborn(writer: "StreamWriter") -> None:
        writer("in time")
        try:
            await asyncio.sleep(LIMIT_S)
        except asyncio.CancelledError:
            writer("late")
            raise

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return type(await aoutcome(stubborn())).__name__

    modes = ["custom", "updates"]
    return [chunk async for chunk in workflow.astream(1, on(), stream_mode=modes)]


@program(213)
async def an_entrypoint_that_takes_too_long(lib: Library, saver: Any) -> Any:
    """NodeTimeoutError; what was finished is kept for invoke(None)."""
    ran: list[str] = []
    slow = [True]

    @lib.task
    async def step() -> str:
        ran.append("step")
        return "step"

    @lib.entrypoint(checkpointer=saver, timeout=0.2)
    async def workflow(n: int) -> Any:
        value = await step()
        if slow[0]:
            await asyncio.sleep(LIMIT_S)
        return value

    error = await aoutcome(workflow.ainvoke(1, on()))
    slow[0] = False
    return {"error": error, "continued": await workflow.ainvoke(None, on()), "ran": ran}


@program(216)
async def a_task_that_raises_cancelled_error(lib: Library, saver: Any) -> Any:
    """Its own, not the caller's: NodeCancelledError."""

    @lib.task
    async def gives_up() -> None:
        raise asyncio.CancelledError("own")

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return await gives_up()

    return await aoutcome(workflow.ainvoke(1, on()))


@program(216)
async def an_entrypoint_that_raises_cancelled_error(lib: Library, saver: Any) -> Any:
    """NodeCancelledError."""

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        raise asyncio.CancelledError("own")

    return await aoutcome(workflow.ainvoke(1, on()))


@program(217, 70)
async def cancelling_a_run(lib: Library, saver: Any) -> Any:
    """Its running tasks are cancelled; what finished is stored."""
    heard: list[str] = []
    started = asyncio.Event()

    @lib.task
    async def quick() -> str:
        return "quick"

    @lib.task
    async def slow() -> None:
        started.set()
        try:
            await asyncio.sleep(LIMIT_S)
        except asyncio.CancelledError:
            heard.append("cancelled")
            raise

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        await quick()
        await slow()

    running = asyncio.create_task(workflow.ainvoke(1, on()))
    await asyncio.wait_for(started.wait(), LIMIT_S)
    running.cancel()
    ended = await asyncio.gather(running, return_exceptions=True)
    state = await workflow.aget_state(on())
    return {"ended": [type(e).__name__ for e in ended], "heard": heard, "next": list(state.next)}


@program(219)
def system_exit_in_a_task(lib: Library, saver: Any) -> Any:
    """It propagates."""

    @lib.task
    def leave() -> None:
        raise SystemExit(3)

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return leave().result()

    try:
        workflow.invoke(1, on())
    except SystemExit as exc:
        return exc.code


@program(219)
def keyboard_interrupt_in_the_body(lib: Library, saver: Any) -> Any:
    """It propagates; the run can be continued."""
    ran: list[str] = []

    @lib.task
    def step() -> str:
        ran.append("step")
        return "step"

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        value = step().result()
        ran.append("body")
        if ran.count("body") == 1:
            raise KeyboardInterrupt
        return value

    try:
        workflow.invoke(1, on())
        stopped = False
    except KeyboardInterrupt:
        stopped = True
    return {"stopped": stopped, "continued": workflow.invoke(None, on()), "ran": ran}


@program(209, 207)
async def a_time_out_within_limits(lib: Library, saver: Any) -> Any:
    """A quick task with a time-out, a retry policy and a question."""
    unused = threading.Event()

    @lib.task(timeout=LIMIT_S, retry_policy=policy(lib))
    async def ask(n: int) -> Any:
        return [n, lib.interrupt("?"), unused.is_set()]

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return await ask(n)

    asked = await workflow.ainvoke(1, on())
    return [asked, await workflow.ainvoke(lib.Command(resume=2), on())]
