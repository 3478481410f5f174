"""Durable replay: what is run again and what is taken from the record (61-70, 82, 83)."""

import asyncio
import threading
from typing import Any

from tests.differential.library import Library
from tests.differential.registry import program
from tests.differential.steps import aoutcome, collect, on, outcome, warned

LIMIT_S = 5.0


@program(61)
def the_body_runs_again_and_finished_tasks_do_not(lib: Library, saver: Any) -> Any:
    """Over two questions."""
    ran: list[str] = []

    @lib.task
    def step(name: str) -> str:
        ran.append(name)
        return name.upper()

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        ran.append("body")
        seen = [step("a").result()]
        seen.append(lib.interrupt("first"))
        seen.append(step("b").result())
        seen.append(lib.interrupt("second"))
        return [*seen, step("c").result()]

    results = [
        workflow.invoke(given, on()) for given in (1, lib.Command(resume=1), lib.Command(resume=2))
    ]
    return {"results": results, "ran": ran}


@program(61)
async def async_finished_tasks_do_not_run_again(lib: Library, saver: Any) -> Any:
    """In an event loop."""
    ran: list[str] = []

    @lib.task
    async def step(name: str) -> str:
        ran.append(name)
        return name.upper()

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        seen = await asyncio.gather(step("a"), step("b"))
        answer = lib.interrupt("?")
        return [*seen, answer, await step("c")]

    await workflow.ainvoke(1, on())
    value = await workflow.ainvoke(lib.Command(resume="!"), on())
    return {"value": value, "ran": sorted(ran)}


@program(61, 1)
def another_object_of_the_same_workflow_continues(lib: Library, saver: Any) -> Any:
    """As after a restart of the process."""
    ran: list[str] = []

    def declare() -> Any:
        @lib.task
        def step() -> str:
            ran.append("step")
            return "step"

        @lib.entrypoint(checkpointer=saver)
        def workflow(n: int) -> Any:
            return [step().result(), lib.interrupt("?")]

        return workflow

    declare().invoke(1, on())
    return {"value": declare().invoke(lib.Command(resume="!"), on()), "ran": ran}


@program(62)
def a_finished_parent_is_not_entered_again(lib: Library, saver: Any) -> Any:
    """Nor are its children."""
    ran: list[str] = []

    @lib.task
    def child() -> str:
        ran.append("child")
        return "child"

    @lib.task
    def parent() -> Any:
        ran.append("parent")
        return [child().result(), child().result()]

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [parent().result(), lib.interrupt("?")]

    workflow.invoke(1, on())
    return {"value": workflow.invoke(lib.Command(resume="!"), on()), "ran": ran}


@program(62, 92)
def children_of_an_unfinished_parent_are_reused(lib: Library, saver: Any) -> Any:
    """The parent asks between two children."""
    ran: list[str] = []

    @lib.task
    def child(name: str) -> str:
        ran.append(name)
        return name

    @lib.task
    def parent() -> Any:
        ran.append("parent")
        return [child("before").result(), lib.interrupt("?"), child("after").result()]

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return parent().result()

    workflow.invoke(1, on())
    return {"value": workflow.invoke(lib.Command(resume="!"), on()), "ran": ran}


@program(65)
def continue_after_an_error_in_a_task(lib: Library, saver: Any) -> Any:
    """invoke(None): finished tasks are reused, the failed one runs again."""
    ran: list[str] = []

    @lib.task
    def good() -> str:
        ran.append("good")
        return "good"

    @lib.task
    def flaky() -> str:
        ran.append("flaky")
        if ran.count("flaky") == 1:
            raise ValueError("flaky")
        return "flaky"

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [good().result(), flaky().result(), n]

    failed = outcome(workflow.invoke, 7, on())
    return {"failed": failed, "value": workflow.invoke(None, on()), "ran": ran}


@program(65)
def continue_after_an_error_in_the_body(lib: Library, saver: Any) -> Any:
    """Between two tasks."""
    ran: list[str] = []

    @lib.task
    def step(name: str) -> str:
        ran.append(name)
        return name

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        first = step("a").result()
        ran.append("body")
        if ran.count("body") == 1:
            raise KeyError("body")
        return [first, step("b").result()]

    failed = outcome(workflow.invoke, 1, on())
    return {"failed": failed, "value": workflow.invoke(None, on()), "ran": ran}


@program(65)
def continue_twice_after_errors(lib: Library, saver: Any) -> Any:
    """Each time one task further."""
    ran: list[str] = []

    @lib.task
    def step(name: str) -> str:
        ran.append(name)
        if ran.count(name) == 1:
            raise ValueError(name)
        return name

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [step(name).result() for name in ("a", "b")]

    return {
        "outcomes": [outcome(workflow.invoke, given, on()) for given in (1, None, None)],
        "ran": ran,
    }


@program(65)
async def async_continue_after_an_error(lib: Library, saver: Any) -> Any:
    """ainvoke(None)."""
    ran: list[str] = []

    @lib.task
    async def step(name: str) -> str:
        ran.append(name)
        if name == "b" and ran.count("b") == 1:
            raise ValueError(name)
        return name

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return [await step(name) for name in ("a", "b")]

    failed = await aoutcome(workflow.ainvoke(1, on()))
    return {"failed": failed, "value": await workflow.ainvoke(None, on()), "ran": ran}


@program(66)
def none_on_a_fresh_thread(lib: Library, saver: Any) -> Any:
    """EmptyInputError, from invoke and from stream."""

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: Any) -> Any:
        return n

    return [outcome(workflow.invoke, None, on()), collect(workflow.stream(None, on()))]


@program(66, 2)
def none_without_a_checkpointer(lib: Library, saver: Any) -> Any:
    """There is nothing to continue."""

    @lib.entrypoint()
    def workflow(n: Any) -> Any:
        return [n]

    return outcome(workflow.invoke, None)


@program(67)
def none_on_a_finished_thread(lib: Library, saver: Any) -> Any:
    """The last value; nothing runs."""
    ran: list[int] = []

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        ran.append(n)
        return n * 10

    workflow.invoke(1, on())
    workflow.invoke(2, on())
    return {"value": workflow.invoke(None, on()), "ran": ran}


@program(67)
def streams_of_a_finished_thread(lib: Library, saver: Any) -> Any:
    """stream(None): what the modes show."""

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return n * 10

    workflow.invoke(1, on())
    return {m: collect(workflow.stream(None, on(), stream_mode=m)) for m in ("updates", "values")}


@program(68)
def none_while_interrupted(lib: Library, saver: Any) -> Any:
    """The same question, its tasks not run again."""
    ran: list[str] = []

    @lib.task
    def step() -> str:
        ran.append("step")
        return "step"

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [step().result(), lib.interrupt({"n": n})]

    asked = [workflow.invoke(given, on()) for given in (1, None, None)]
    return {"asked": asked, "ran": ran, "value": workflow.invoke(lib.Command(resume=1), on())}


@program(69)
def tasks_that_finish_after_the_body_failed(lib: Library, saver: Any) -> Any:
    """They are kept and reused."""
    ran: list[str] = []
    raised = threading.Event()
    failing: list[bool] = [True]

    @lib.task
    def slow() -> str:
        raised.wait(0.05)
        ran.append("slow")
        return "slow"

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        future = slow()
        if failing[0]:
            raise KeyError("body")
        return future.result()

    failed = outcome(workflow.invoke, 1, on())
    failing[0] = False
    return {"failed": failed, "value": workflow.invoke(None, on()), "ran": ran}


@program(70, 217)
async def a_cancelled_run_is_continued(lib: Library, saver: Any) -> Any:
    """What was finished is kept, the cancelled task runs again."""
    ran: list[str] = []
    started = asyncio.Event()
    go_on = asyncio.Event()

    @lib.task
    async def quick() -> str:
        ran.append("quick")
        return "quick"

    @lib.task
    async def slow() -> str:
        ran.append("slow")
        started.set()
        await go_on.wait()
        return "slow"

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return [await quick(), await slow()]

    running = asyncio.create_task(workflow.ainvoke(1, on()))
    await asyncio.wait_for(started.wait(), LIMIT_S)
    running.cancel()
    try:
        await running
        ended = "finished"
    except asyncio.CancelledError:
        ended = "cancelled"
    go_on.set()
    return {"ended": ended, "value": await workflow.ainvoke(None, on()), "ran": ran}


@program(
    82,
    differs={82: "the caller is warned"},
    expected={
        "second": {"result": {"__interrupt__": [{"interrupt": 2, "id": "<id 1>"}]}, "warned": True},
        "answered": [2, "second"],
    },
)
def new_input_while_interrupted(lib: Library, saver: Any) -> Any:
    """A new run; what was pending is dropped."""

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [n, lib.interrupt(n)]

    workflow.invoke(1, on())
    return {
        "second": warned(workflow.invoke, 2, on()),
        "answered": workflow.invoke(lib.Command(resume="second"), on()),
    }


@program(82, 61)
def new_input_does_not_reuse_old_tasks(lib: Library, saver: Any) -> Any:
    """After an error: the new run is its own."""
    ran: list[int] = []

    @lib.task
    def step(n: int) -> int:
        ran.append(n)
        return n

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        seen = step(5).result()
        if n == 1:
            raise ValueError("first")
        return [n, seen]

    failed = outcome(workflow.invoke, 1, on())
    return {"failed": failed, "value": workflow.invoke(2, on()), "ran": ran}


@program(83)
def earlier_checkpoints_stay_readable(lib: Library, saver: Any) -> Any:
    """Each by its own configuration, after later runs."""

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return n * 10

    configs = []
    for n in (1, 2, 3):
        workflow.invoke(n, on())
        configs.append(workflow.get_state(on()).config)
    return [workflow.get_state(config).values for config in configs]


@program(
    55,
    differs={55: "the failure is reported"},
    expected={"result": "returned", "warned": True},
)
def a_failure_nobody_asks_for(lib: Library, saver: Any) -> Any:
    """In LangGraph it vanishes."""

    @lib.task
    def bad() -> None:
        raise ValueError("bad")

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        bad()
        return "returned"

    return warned(workflow.invoke, 1, on())
