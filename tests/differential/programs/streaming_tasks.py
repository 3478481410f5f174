"""Streams of tasks, checkpoints and debug events (166-170)."""

from typing import TYPE_CHECKING, Any

from tests.differential.library import Library
from tests.differential.registry import program
from tests.differential.shapes import asking, sequence
from tests.differential.steps import acollect, collect, on

if TYPE_CHECKING:
    pass


@program(166, 161)
def tasks_start_and_end(lib: Library, saver: Any) -> Any:
    """Start: id, name, input, triggers. End: id, name, error, result, interrupts."""
    return collect(sequence(lib, saver).stream(1, on(), stream_mode="tasks"))


@program(166)
def tasks_of_a_nested_call(lib: Library, saver: Any) -> Any:
    """The child begins after its parent and ends before it."""

    @lib.task
    def child(n: int) -> int:
        return n + 1

    @lib.task
    def parent(n: int) -> int:
        return int(child(n).result()) * 2

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return parent(n).result()

    return collect(workflow.stream(1, on(), stream_mode="tasks"))


@program(166)
def tasks_carry_metadata_and_tags(lib: Library, saver: Any) -> Any:
    """What the caller's configuration adds to a start."""
    config = on(metadata={"user": "ada"}, tags=["blue"])
    return collect(sequence(lib, saver).stream(1, config, stream_mode="tasks"))


@program(166)
async def async_tasks_start_and_end(lib: Library, saver: Any) -> Any:
    """As for sync tasks."""

    @lib.task
    async def step(n: int, *, by: int = 1) -> int:
        return n + by

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return await step(await step(n), by=2)

    return await acollect(workflow.astream(1, on(), stream_mode="tasks"))


@program(169)
def checkpoints_of_a_run(lib: Library, saver: Any) -> Any:
    """Two: after the input, and at the end."""
    return collect(sequence(lib, saver).stream(1, on(), stream_mode="checkpoints"))


@program(169)
def checkpoints_of_a_second_run(lib: Library, saver: Any) -> Any:
    """Steps go on; each names the one before it."""
    workflow = sequence(lib, saver)
    return [collect(workflow.stream(n, on(), stream_mode="checkpoints")) for n in (1, 2)]


@program(169)
def checkpoints_without_a_checkpointer(lib: Library, saver: Any) -> Any:
    """Nothing is kept; what the mode shows then."""
    return collect(sequence(lib, None).stream(1, stream_mode="checkpoints"))


@program(170)
def debug_wraps_checkpoints_and_tasks(lib: Library, saver: Any) -> Any:
    """Each as {step, timestamp, type, payload}."""
    return collect(sequence(lib, saver).stream(1, on(), stream_mode="debug"))


@program(170)
def debug_steps_of_a_second_run(lib: Library, saver: Any) -> Any:
    """Only type and step."""
    workflow = sequence(lib, saver)
    workflow.invoke(1, on())
    return [[c["type"], c["step"]] for c in workflow.stream(2, on(), stream_mode="debug")]


@program(166, 98)
def tasks_up_to_a_question(lib: Library, saver: Any) -> Any:
    """The entrypoint's end lists its questions."""
    return collect(asking(lib, saver).stream(1, on(), stream_mode="tasks"))


@program(
    166, 167,
    differs={167: "a task taken from the record is marked, and ends"},
    expected=[
        {"id": "<id 1>", "input": 1, "name": "workflow", "triggers": {"tuple": ["__start__"]}},
        {
            "id": "<id 2>",
            "input": {"tuple": [{"tuple": [1]}, {}]},
            "name": "outer",
            "replayed": True,
            "triggers": {"tuple": ["__pregel_push"]},
        },
        {
            "error": None,
            "id": "<id 2>",
            "interrupts": [],
            "name": "outer",
            "replayed": True,
            "result": {"__return__": 20},
        },
        {
            "error": None,
            "id": "<id 1>",
            "interrupts": [],
            "name": "workflow",
            "result": {"__end__": {"answer": "yes", "made": 20}},
        },
    ],
)  # fmt: skip
def tasks_after_the_answer(lib: Library, saver: Any) -> Any:
    """LangGraph starts a reused task again and never ends it."""
    workflow = asking(lib, saver)
    workflow.invoke(1, on())
    return collect(workflow.stream(lib.Command(resume="yes"), on(), stream_mode="tasks"))


@program(
    166, 167,
    differs={167: "a task that asks ends too, with its questions"},
    expected=[
        {"id": "<id 1>", "input": 1, "name": "workflow", "triggers": {"tuple": ["__start__"]}},
        {
            "id": "<id 2>",
            "input": {"tuple": [{"tuple": [1]}, {}]},
            "name": "ask",
            "triggers": {"tuple": ["__pregel_push"]},
        },
        {
            "error": None,
            "id": "<id 2>",
            "interrupts": [{"id": "<id 3>", "response_schema": None, "value": {"n": 1}}],
            "name": "ask",
            "result": {},
        },
        {
            "error": None,
            "id": "<id 1>",
            "interrupts": [{"id": "<id 3>", "response_schema": None, "value": {"n": 1}}],
            "name": "workflow",
            "result": {},
        },
    ],
)  # fmt: skip
def tasks_with_a_question_inside(lib: Library, saver: Any) -> Any:
    """LangGraph lists the question at the entrypoint's end alone; the task never ends."""

    @lib.task
    def ask(n: int) -> Any:
        return lib.interrupt({"n": n})

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return ask(n).result()

    return collect(workflow.stream(1, on(), stream_mode="tasks"))


def failure(*notes: str) -> dict[str, Any]:
    """A ValueError as data."""
    return {
        "message": "bad", "notes": list(notes), "traceback": "<traceback>", "type": "ValueError",
    }  # fmt: skip


@program(
    166, 168,
    differs={168: "an error is data: its type, message, traceback and notes"},
    expected=[
        {"id": "<id 1>", "input": 1, "name": "workflow", "triggers": {"tuple": ["__start__"]}},
        {
            "id": "<id 2>",
            "input": {"tuple": [{"tuple": [1]}, {}]},
            "name": "bad",
            "triggers": {"tuple": ["__pregel_push"]},
        },
        {
            "error": failure("During task 'bad'."),
            "id": "<id 2>",
            "interrupts": [],
            "name": "bad",
            "result": {},
        },
        {
            "error": failure("During task 'bad'.", "During entrypoint 'workflow'."),
            "id": "<id 1>",
            "interrupts": [],
            "name": "workflow",
            "result": {},
        },
        {"raises": "ValueError"},
    ],
)  # fmt: skip
def tasks_that_fail(lib: Library, saver: Any) -> Any:
    """LangGraph sends the live exception."""

    @lib.task
    def bad(n: int) -> int:
        raise ValueError("bad")

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return bad(n).result()

    return collect(workflow.stream(1, on(), stream_mode="tasks"))


@program(169)
def checkpoints_up_to_a_question(lib: Library, saver: Any) -> Any:
    """One: the run is open."""
    return collect(asking(lib, saver).stream(1, on(), stream_mode="checkpoints"))


@program(
    169,
    differs={169: "an answered question is not pending, in no checkpoint"},
    expected=[
        {
            "config": {
                "configurable": {"checkpoint_id": "<id 1>", "checkpoint_ns": "", "thread_id": "1"}
            },
            "metadata": {"parents": {}, "source": "input", "step": -1},
            "next": ["workflow"],
            "parent_config": None,
            "tasks": [
                {"id": "<id 2>", "interrupts": {"tuple": []}, "name": "workflow", "state": None}
            ],
            "values": None,
        },
        {
            "config": {
                "configurable": {"checkpoint_id": "<id 3>", "checkpoint_ns": "", "thread_id": "1"}
            },
            "metadata": {"parents": {}, "source": "loop", "step": 0},
            "next": [],
            "parent_config": {
                "configurable": {"checkpoint_id": "<id 1>", "checkpoint_ns": "", "thread_id": "1"}
            },
            "tasks": [],
            "values": {"answer": "yes", "made": 20},
        },
    ],
)
def checkpoints_after_the_answer(lib: Library, saver: Any) -> Any:
    """The open checkpoint is shown again, with the question; then the last one."""
    workflow = asking(lib, saver)
    workflow.invoke(1, on())
    return collect(workflow.stream(lib.Command(resume="yes"), on(), stream_mode="checkpoints"))


@program(
    169,
    differs={169: "the caller's metadata is there at once, as in get_state"},
    expected=[
        {"parents": {}, "source": "input", "step": -1, "user": "ada"},
        {"parents": {}, "source": "loop", "step": 0, "user": "ada"},
    ],
)
def metadata_of_checkpoints(lib: Library, saver: Any) -> Any:
    """LangGraph adds it only when a checkpoint is read again."""
    config = on(metadata={"user": "ada"})
    chunks = sequence(lib, saver).stream(1, config, stream_mode="checkpoints")
    return [chunk["metadata"] for chunk in chunks]


@program(170)
def debug_up_to_a_question(lib: Library, saver: Any) -> Any:
    """Order of checkpoints and tasks."""
    return collect(asking(lib, saver).stream(1, on(), stream_mode="debug"))


@program(
    170, 167,
    differs={167: "a task taken from the record ends"},
    expected=[
        ["checkpoint", -1, None],
        ["task", 0, "workflow"],
        ["task", 0, "outer"],
        ["task_result", 0, "outer"],
        ["task_result", 0, "workflow"],
        ["checkpoint", 0, None],
    ],
)  # fmt: skip
def debug_after_the_answer(lib: Library, saver: Any) -> Any:
    """Type, step and name."""
    workflow = asking(lib, saver)
    workflow.invoke(1, on())
    chunks = workflow.stream(lib.Command(resume="yes"), on(), stream_mode="debug")
    return [[c["type"], c["step"], c["payload"].get("name")] for c in chunks]
