"""Streams and results with ``version="v2"`` (178, 179)."""

from typing import TYPE_CHECKING, Any

from tests.differential.library import Library
from tests.differential.registry import program
from tests.differential.shapes import asking, both, sequence, three_steps
from tests.differential.steps import acollect, collect, on

if TYPE_CHECKING:
    from nbflow.types import StreamWriter


@program(178)
def parts_of_updates(lib: Library, saver: Any) -> Any:
    """version="v2": {type, ns, data}."""
    return both(lib, three_steps(lib, saver), "updates", version="v2")


@program(178)
def parts_of_values(lib: Library, saver: Any) -> Any:
    """Values carry the interrupts."""
    workflow = asking(lib, saver)
    return collect(workflow.stream(1, on(), stream_mode="values", version="v2"))


@program(
    178, 163,
    differs={163: "no stray value before a resumed run's own"},
    expected=[
        {
            "data": {"answer": "yes", "made": 20},
            "interrupts": {"tuple": []},
            "ns": {"tuple": []},
            "type": "values",
        }
    ],
)  # fmt: skip
def parts_of_values_after_the_answer(lib: Library, saver: Any) -> Any:
    """LangGraph begins with the thread's last value."""
    workflow = asking(lib, saver)
    workflow.invoke(1, on())
    resume = lib.Command(resume="yes")
    return collect(workflow.stream(resume, on(), stream_mode="values", version="v2"))


@program(178)
def parts_of_custom(lib: Library, saver: Any) -> Any:
    """Of a sequence of writes."""

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int, writer: "StreamWriter") -> Any:
        writer(n)
        writer({"n": n})
        return n

    return collect(workflow.stream(1, on(), stream_mode="custom", version="v2"))


@program(178)
def parts_of_tasks(lib: Library, saver: Any) -> Any:
    """Start and end."""
    return collect(sequence(lib, saver).stream(1, on(), stream_mode="tasks", version="v2"))


@program(178)
def parts_of_checkpoints(lib: Library, saver: Any) -> Any:
    """Both of a run."""
    return collect(sequence(lib, saver).stream(1, on(), stream_mode="checkpoints", version="v2"))


@program(178)
def parts_of_debug(lib: Library, saver: Any) -> Any:
    """Wrapped once more."""
    return collect(sequence(lib, saver).stream(1, on(), stream_mode="debug", version="v2"))


@program(
    178, 90,
    differs={90: "the question is in the update, also when values are asked for"},
    expected=[
        {"data": {"inner": 2}, "ns": {"tuple": []}, "type": "updates"},
        {"data": {"outer": 20}, "ns": {"tuple": []}, "type": "updates"},
        {
            "data": {
                "__interrupt__": {"tuple": [{"interrupt": {"question": 20}, "id": "<id 1>"}]}
            },
            "ns": {"tuple": []},
            "type": "updates",
        },
        {
            "data": {},
            "interrupts": {"tuple": [{"interrupt": {"question": 20}, "id": "<id 1>"}]},
            "ns": {"tuple": []},
            "type": "values",
        },
    ],
)  # fmt: skip
def parts_of_updates_and_values(lib: Library, saver: Any) -> Any:
    """LangGraph empties the update, because it takes the question out of a shared dict."""
    modes = ["updates", "values"]
    return collect(asking(lib, saver).stream(1, on(), stream_mode=modes, version="v2"))


@program(178, 172)
def parts_of_several_modes(lib: Library, saver: Any) -> Any:
    """Still one dict each."""

    @lib.task
    def step(n: int) -> int:
        return n + 1

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        lib.get_stream_writer()("body")
        return step(n).result()

    modes = ["updates", "values", "custom", "tasks"]
    parts = workflow.stream(1, on(), stream_mode=modes, version="v2")
    return [part if part["type"] != "tasks" else sorted(part) for part in parts]


@program(178)
async def async_parts(lib: Library, saver: Any) -> Any:
    """astream(version="v2")."""

    @lib.task
    async def step(n: int) -> int:
        return n + 1

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return await step(n)

    modes = ["updates", "values"]
    return await acollect(workflow.astream(1, on(), stream_mode=modes, version="v2"))


@program(178)
def invoke_v2_gives_a_graph_output(lib: Library, saver: Any) -> Any:
    """value and interrupts."""
    workflow = three_steps(lib, saver)
    asked = workflow.invoke(1, on(), version="v2")
    answered = workflow.invoke(lib.Command(resume="yes"), on(), version="v2")
    return [asked, answered, isinstance(answered, lib.GraphOutput)]


@program(178)
async def ainvoke_v2_gives_a_graph_output(lib: Library, saver: Any) -> Any:
    """In an event loop."""

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return [n, lib.interrupt("?")]

    return [
        await workflow.ainvoke(1, on(), version="v2"),
        await workflow.ainvoke(lib.Command(resume=2), on(), version="v2"),
    ]


@program(178)
def invoke_v2_of_a_second_run_that_asks(lib: Library, saver: Any) -> Any:
    """What value stands beside the interrupts when the thread has one already."""

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return n if n == 10 else lib.interrupt("?")

    return [workflow.invoke(n, on(), version="v2") for n in (10, 1)]


@program(178, 172)
def invoke_in_other_modes(lib: Library, saver: Any) -> Any:
    """invoke(stream_mode=...) gives all chunks."""
    workflow = sequence(lib, saver)
    return {
        "updates": workflow.invoke(1, on("a"), stream_mode="updates"),
        "list": workflow.invoke(1, on("b"), stream_mode=["updates", "values"]),
        "v2": workflow.invoke(1, on("c"), stream_mode="updates", version="v2"),
    }


@program(179)
def a_graph_output_reads_like_the_value(lib: Library, saver: Any) -> Any:
    """GraphOutput["key"], with a DeprecationWarning."""
    import warnings

    workflow = sequence(lib, saver)
    output = workflow.invoke(1, on(), version="v2")
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        value = output["n"]
    return {
        "value": value,
        "deprecated": any(issubclass(w.category, DeprecationWarning) for w in heard),
    }
