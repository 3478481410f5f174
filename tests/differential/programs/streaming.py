"""Streams of updates, values and custom chunks, and lists of modes (159-177)."""

import asyncio
import threading
from typing import TYPE_CHECKING, Any

from tests.differential.library import Library
from tests.differential.registry import program
from tests.differential.shapes import both, sequence, three_steps
from tests.differential.steps import acollect, collect, on, outcome

if TYPE_CHECKING:
    from nbflow.types import StreamWriter

ALL_MODES = ["values", "updates", "custom", "messages", "tasks", "checkpoints", "debug"]
LIMIT_S = 5.0


@program(159)
def updates_are_the_default_mode(lib: Library, saver: Any) -> Any:
    """Each task that finishes gives {task: result}, then the entrypoint."""
    return collect(sequence(lib, saver).stream(1, on()))


@program(159)
def updates_with_arguments_of_every_kind(lib: Library, saver: Any) -> Any:
    """Results keep their shape in the stream: tuple, None, dict, list."""

    @lib.task
    def pair(n: int) -> tuple[int, int]:
        return n, n

    @lib.task
    def nothing() -> None: ...

    @lib.task
    def table(rows: list[int], *, name: str = "t") -> dict[str, Any]:
        return {name: rows}

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        a = pair(n).result()
        nothing().result()
        return table(list(a), name="x").result()

    return collect(workflow.stream(1, on()))


@program(160)
def updates_come_while_the_run_goes_on(lib: Library, saver: Any) -> Any:
    """The second task waits until the first one's chunk was read."""
    read = threading.Event()

    @lib.task
    def first() -> str:
        return "first"

    @lib.task
    def second() -> bool:
        return read.wait(LIMIT_S)

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        first().result()
        return second().result()

    seen = []
    for chunk in workflow.stream(1, on()):
        seen.append(chunk)
        read.set()
    return seen


@program(160)
async def async_updates_come_while_the_run_goes_on(lib: Library, saver: Any) -> Any:
    """As above, in an event loop."""
    read = asyncio.Event()

    @lib.task
    async def first() -> str:
        return "first"

    @lib.task
    async def second() -> str:
        await asyncio.wait_for(read.wait(), LIMIT_S)
        return "second"

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        await first()
        return await second()

    seen = []
    async for chunk in workflow.astream(1, on()):
        seen.append(chunk)
        read.set()
    return seen


@program(161)
def updates_of_nested_tasks_come_child_first(lib: Library, saver: Any) -> Any:
    """Three levels deep."""

    @lib.task
    def low(n: int) -> int:
        return n + 1

    @lib.task
    def middle(n: int) -> int:
        return int(low(n).result()) + 10

    @lib.task
    def high(n: int) -> int:
        return int(middle(n).result()) + 100

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return high(n).result()

    return collect(workflow.stream(1, on()))


@program(162, 175)
def a_failed_task_gives_no_update(lib: Library, saver: Any) -> Any:
    """A caught failure leaves the rest of the stream as it is."""
    return both(lib, three_steps(lib, saver), "updates")


@program(162, 175)
def an_uncaught_failure_ends_the_stream(lib: Library, saver: Any) -> Any:
    """Chunks before the failure are delivered, then the exception."""

    @lib.task
    def good(n: int) -> int:
        return n

    @lib.task
    def bad(n: int) -> int:
        raise ValueError("bad")

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return bad(good(n).result()).result()

    return {
        mode: collect(workflow.stream(1, on(mode), stream_mode=mode))
        for mode in ("updates", "values", "custom")
    }


@program(163)
def values_come_once_at_the_end(lib: Library, saver: Any) -> Any:
    """Only what the entrypoint returned."""
    return collect(sequence(lib, saver).stream(1, on(), stream_mode="values"))


@program(
    163,
    differs={163: "no stray None before a resumed run's value"},
    expected={
        "asked": [{"__interrupt__": {"tuple": [{"interrupt": {"question": 20}, "id": "<id 1>"}]}}],
        "resumed": [{"made": 20, "answer": "yes"}],
    },
)
def values_up_to_a_question_and_after(lib: Library, saver: Any) -> Any:
    """LangGraph begins a resumed stream with the thread's last value: None on a first run."""
    return both(lib, three_steps(lib, saver), "values")


@program(
    163,
    differs={163: "no stray last value before a resumed run's value"},
    expected=[[10], [{"__interrupt__": {"tuple": [{"interrupt": "?", "id": "<id 1>"}]}}], [3]],
)
def values_of_a_second_run_that_asks(lib: Library, saver: Any) -> Any:
    """The thread has a value from its first run."""

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return n if n == 10 else lib.interrupt("?")

    return [
        collect(workflow.stream(given, on(), stream_mode="values"))
        for given in (10, 1, lib.Command(resume=3))
    ]


@program(164)
def custom_chunks_from_every_kind_of_writer(lib: Library, saver: Any) -> Any:
    """Injected, looked up, and through the runtime, in the entrypoint and in tasks."""

    @lib.task
    def by_name(n: int, writer: "StreamWriter") -> int:
        writer(["task", "writer", n])
        return n

    @lib.task
    def by_function(n: int) -> int:
        lib.get_stream_writer()(["task", "get_stream_writer", n])
        return n

    @lib.task
    def by_runtime(n: int, runtime: Any) -> int:
        runtime.stream_writer(["task", "runtime", n])
        return n

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int, *, writer: "StreamWriter", runtime: Any) -> Any:
        writer(["entrypoint", "writer", n])
        by_name(n).result()
        by_function(n).result()
        by_runtime(n).result()
        runtime.stream_writer(["entrypoint", "runtime", n])
        lib.get_stream_writer()(None)
        return n

    return collect(workflow.stream(1, on(), stream_mode="custom"))


@program(164)
async def async_custom_chunks(lib: Library, saver: Any) -> Any:
    """From async tasks, in the order in which they are written."""

    @lib.task
    async def speak(n: int, writer: "StreamWriter") -> int:
        writer(n)
        await asyncio.sleep(0)
        writer(n + 1)
        return n

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int, writer: "StreamWriter") -> Any:
        writer("before")
        await speak(n)
        writer("after")
        return n

    return await acollect(workflow.astream(1, on(), stream_mode="custom"))


@program(
    165,
    differs={165: "what the body wrote before the question is not written again on resume"},
    expected={
        "asked": ["body before", "task"],
        "resumed": ["body after"],
    },
)
def custom_chunks_of_a_resumed_body(lib: Library, saver: Any) -> Any:
    """LangGraph emits the body's chunks again, those of finished tasks not."""

    @lib.task
    def work() -> int:
        lib.get_stream_writer()("task")
        return 1

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        writer = lib.get_stream_writer()
        writer("body before")
        work().result()
        answer = lib.interrupt("?")
        writer("body after")
        return answer

    return both(lib, workflow, "custom")


@program(172)
def several_modes_come_as_pairs(lib: Library, saver: Any) -> Any:
    """In the order in which things happen; equal moments in one fixed order."""
    modes = ["updates", "custom", "values"]
    return collect(three_steps(lib, saver).stream(1, on(), stream_mode=modes))


@program(172)
def a_list_of_one_mode_still_gives_pairs(lib: Library, saver: Any) -> Any:
    """Not a bare chunk."""
    return collect(sequence(lib, saver).stream(1, on(), stream_mode=["updates"]))


@program(172, 169, 166)
def all_modes_at_once(lib: Library, saver: Any) -> Any:
    """Only the modes, in order of arrival."""
    return [mode for mode, _ in sequence(lib, saver).stream(1, on(), stream_mode=ALL_MODES)]


@program(172)
def modes_and_namespaces_come_as_triples(lib: Library, saver: Any) -> Any:
    """subgraphs=True puts the namespace first."""
    chunks = sequence(lib, saver).stream(1, on(), stream_mode=["updates", "values"], subgraphs=True)
    return collect(chunks)


@program(173)
def one_mode_with_namespaces_comes_as_pairs(lib: Library, saver: Any) -> Any:
    """(namespace, chunk)."""
    return collect(sequence(lib, saver).stream(1, on(), subgraphs=True))


@program(90)
def a_question_in_the_stream(lib: Library, saver: Any) -> Any:
    """A tuple of questions in updates and in values."""
    workflow = three_steps(lib, saver)
    return {
        mode: collect(workflow.stream(1, on(mode), stream_mode=mode))
        for mode in ("updates", "values")
    }


@program(
    174,
    differs={174: "an unknown mode is refused"},
    expected={"raises": "ValueError"},
)
def an_unknown_mode(lib: Library, saver: Any) -> Any:
    """LangGraph gives an empty stream."""
    return outcome(lambda: list(sequence(lib, saver).stream(1, on(), stream_mode="vales")))


@program(176)
async def leaving_an_async_stream_cancels_the_run(lib: Library, saver: Any) -> Any:
    """What is finished is kept; the run can be continued."""
    calls: list[str] = []
    go_on = asyncio.Event()

    @lib.task
    async def quick() -> str:
        calls.append("quick")
        return "quick"

    @lib.task
    async def slow() -> str:
        calls.append("slow")
        await go_on.wait()
        return "slow"

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return [await quick(), await slow()]

    stream = workflow.astream(1, on())
    first = await anext(stream)
    await stream.aclose()
    open_at = (await workflow.aget_state(on())).next
    go_on.set()
    value = await workflow.ainvoke(None, on())
    return {"first": first, "open at": open_at, "value": value, "quick ran": calls.count("quick")}


@program(
    177,
    differs={177: "leaving a sync stream stops the run at its next task"},
    expected={"first": {"first": "first"}, "ran": ["first"], "next": {"tuple": ["workflow"]}},
)
def leaving_a_sync_stream(lib: Library, saver: Any) -> Any:
    """LangGraph runs it to the end all the same, and makes the caller wait."""
    ran: list[str] = []
    read = threading.Event()

    @lib.task
    def first() -> str:
        ran.append("first")
        return "first"

    @lib.task
    def second() -> str:
        ran.append("second")
        return "second"

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        first().result()
        read.wait(LIMIT_S)
        return second().result()

    stream = workflow.stream(1, on())
    chunk = next(stream)
    threading.Timer(0.1, read.set).start()
    stream.close()
    return {"first": chunk, "ran": ran, "next": workflow.get_state(on()).next}


@program(159, 2)
def streams_without_a_checkpointer(lib: Library, saver: Any) -> Any:
    """updates, values, tasks."""
    workflow = sequence(lib, None)
    return {
        mode: collect(workflow.stream(1, stream_mode=mode))
        for mode in ("updates", "values", "custom", "tasks")
    }
