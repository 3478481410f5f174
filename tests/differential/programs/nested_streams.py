"""Streams and state of nested entrypoints (144, 161, 173)."""

from typing import Any

from tests.differential.library import Library
from tests.differential.registry import program
from tests.differential.shapes import parent_and_child, quiet_parent_and_child
from tests.differential.steps import acollect, collect, on


@program(31, 161)
def updates_of_a_nested_entrypoint(lib: Library, saver: Any) -> Any:
    """Without subgraphs=True the child's own updates stay inside."""
    return collect(quiet_parent_and_child(lib, saver).stream(1, on()))


@program(173)
def nested_updates(lib: Library, saver: Any) -> Any:
    """subgraphs=True: (namespace, chunk)."""
    return collect(quiet_parent_and_child(lib, saver).stream(1, on(), subgraphs=True))


@program(173)
def nested_values(lib: Library, saver: Any) -> Any:
    """subgraphs=True, values."""
    workflow = quiet_parent_and_child(lib, saver)
    return collect(workflow.stream(1, on(), stream_mode="values", subgraphs=True))


@program(
    173,
    164,
    differs={173: "what a task writes has the namespace of the task's own updates"},
    expected={
        "with namespaces": [
            {"tuple": [{"tuple": ["parent:<id 1>", "call_child:<id 2>"]}, {"child": 10}]}
        ],
        "without": [],
    },
)
def nested_custom(lib: Library, saver: Any) -> Any:
    """subgraphs=True and without it, custom."""
    workflow = quiet_parent_and_child(lib, saver)
    return {
        "with namespaces": collect(
            workflow.stream(1, on("a"), stream_mode="custom", subgraphs=True)
        ),
        "without": collect(workflow.stream(1, on("b"), stream_mode="custom")),
    }


@program(173, 166)
def nested_tasks(lib: Library, saver: Any) -> Any:
    """subgraphs=True, tasks."""
    workflow = quiet_parent_and_child(lib, saver)
    return collect(workflow.stream(1, on(), stream_mode="tasks", subgraphs=True))


@program(
    173,
    169,
    differs={
        169: "a nested workflow is a step of its caller's run and has no checkpoints of its own"
    },
    expected=[
        {
            "tuple": [
                {"tuple": []},
                {
                    "config": {
                        "configurable": {
                            "checkpoint_id": "<id 1>",
                            "checkpoint_ns": "",
                            "thread_id": "1",
                        }
                    },
                    "metadata": {"parents": {}, "source": "input", "step": -1},
                    "next": ["parent"],
                    "parent_config": None,
                    "tasks": [
                        {
                            "id": "<id 2>",
                            "interrupts": {"tuple": []},
                            "name": "parent",
                            "state": None,
                        }
                    ],
                    "values": None,
                },
            ]
        },
        {
            "tuple": [
                {"tuple": []},
                {
                    "config": {
                        "configurable": {
                            "checkpoint_id": "<id 3>",
                            "checkpoint_ns": "",
                            "thread_id": "1",
                        }
                    },
                    "metadata": {"parents": {}, "source": "loop", "step": 0},
                    "next": [],
                    "parent_config": {
                        "configurable": {
                            "checkpoint_id": "<id 1>",
                            "checkpoint_ns": "",
                            "thread_id": "1",
                        }
                    },
                    "tasks": [],
                    "values": {"child": 11},
                },
            ]
        },
    ],
)
def nested_checkpoints(lib: Library, saver: Any) -> Any:
    """subgraphs=True, checkpoints: the child's have its namespace and name their parent."""
    workflow = quiet_parent_and_child(lib, saver)
    return collect(workflow.stream(1, on(), stream_mode="checkpoints", subgraphs=True))


@program(
    173,
    170,
    differs={
        170: "a nested workflow is a step of its caller's run and has no checkpoints of its own"
    },
    expected=[
        [{"tuple": []}, "checkpoint", -1, None],
        [{"tuple": []}, "task", 0, "parent"],
        [{"tuple": []}, "task", 0, "call_child"],
        [{"tuple": ["parent:<id 1>", "call_child:<id 2>"]}, "task", 0, "child"],
        [{"tuple": ["parent:<id 1>", "call_child:<id 2>"]}, "task", 0, "child_step"],
        [{"tuple": ["parent:<id 1>", "call_child:<id 2>"]}, "task_result", 0, "child_step"],
        [{"tuple": ["parent:<id 1>", "call_child:<id 2>"]}, "task_result", 0, "child"],
        [{"tuple": []}, "task_result", 0, "call_child"],
        [{"tuple": []}, "task_result", 0, "parent"],
        [{"tuple": []}, "checkpoint", 0, None],
    ],
)
def nested_debug(lib: Library, saver: Any) -> Any:
    """subgraphs=True, debug; only type, step and task name."""
    workflow = quiet_parent_and_child(lib, saver)
    return [
        [ns, chunk["type"], chunk["step"], chunk["payload"].get("name")]
        for ns, chunk in workflow.stream(1, on(), stream_mode="debug", subgraphs=True)
    ]


@program(
    173,
    178,
    differs={173: "what a task writes has the namespace of the task's own updates"},
    expected=[
        {
            "data": {"child": 10},
            "ns": {"tuple": ["parent:<id 1>", "call_child:<id 2>"]},
            "type": "custom",
        },
        {
            "data": {"child_step": 11},
            "ns": {"tuple": ["parent:<id 1>", "call_child:<id 2>"]},
            "type": "updates",
        },
        {
            "data": {"child": 11},
            "ns": {"tuple": ["parent:<id 1>", "call_child:<id 2>"]},
            "type": "updates",
        },
        {
            "data": 11,
            "interrupts": {"tuple": []},
            "ns": {"tuple": ["parent:<id 1>", "call_child:<id 2>"]},
            "type": "values",
        },
        {"data": {"call_child": 11}, "ns": {"tuple": []}, "type": "updates"},
        {"data": {"parent": {"child": 11}}, "ns": {"tuple": []}, "type": "updates"},
        {"data": {"child": 11}, "interrupts": {"tuple": []}, "ns": {"tuple": []}, "type": "values"},
    ],
)
def nested_parts(lib: Library, saver: Any) -> Any:
    """subgraphs=True and version="v2": the namespace is in the part."""
    workflow = quiet_parent_and_child(lib, saver)
    modes = ["updates", "values", "custom"]
    return collect(workflow.stream(1, on(), stream_mode=modes, subgraphs=True, version="v2"))


@program(173)
async def nested_updates_async(lib: Library, saver: Any) -> Any:
    """astream(subgraphs=True)."""

    @lib.task
    async def step(n: int) -> int:
        return n + 1

    @lib.entrypoint()
    async def child(n: int) -> Any:
        return await step(n)

    @lib.entrypoint(checkpointer=saver)
    async def parent(n: int) -> Any:
        return await child.ainvoke(n)

    modes = ["updates", "values"]
    return await acollect(parent.astream(1, on(), stream_mode=modes, subgraphs=True))


@program(173)
def nested_namespaces_three_levels_deep(lib: Library, saver: Any) -> Any:
    """Each level adds one part, `name:task id`."""

    @lib.task
    def step(n: int) -> int:
        return n + 1

    @lib.entrypoint()
    def low(n: int) -> Any:
        return step(n).result()

    @lib.entrypoint()
    def middle(n: int) -> Any:
        return low.invoke(n)

    @lib.entrypoint(checkpointer=saver)
    def high(n: int) -> Any:
        return middle.invoke(n)

    return collect(high.stream(1, on(), subgraphs=True))


@program(63, 97, 173)
def a_nested_question_in_the_stream(lib: Library, saver: Any) -> Any:
    """With namespaces: where the question is shown."""
    parent = parent_and_child(lib, saver)
    return {
        "asked": collect(parent.stream(1, on(), subgraphs=True)),
        "resumed": collect(parent.stream(lib.Command(resume="yes"), on(), subgraphs=True)),
    }


def child_state(namespace: str, first: int) -> dict[str, Any]:
    """nbflow's snapshot of the asking child; ``first`` is the next free number of an id."""
    question = {"interrupt": {"child asks": 11}, "id": f"<id {first + 2}>"}
    return {
        "values": None,
        "next": ["child"],
        "config": {
            "configurable": {
                "checkpoint_id": "<id 1>", "checkpoint_ns": namespace, "thread_id": "1",
            }
        },
        "parent_config": None,
        "metadata": {"parents": {"": f"<id {first}>"}, "source": "input", "step": -1},
        "created_at": "<time>",
        "tasks": [
            {
                "id": f"<id {first + 1}>",
                "name": "child",
                "path": ["__pregel_pull", "child"],
                "error": None,
                "interrupts": [question],
                "state": None,
                "result": None,
            }
        ],
        "interrupts": [question],
    }  # fmt: skip


@program(
    144,
    differs={144: "also the state of a child that was called in a task"},
    expected=child_state("parent:<id 2>|call_child:<id 3>", 4),
)
def state_of_an_open_child_in_a_task(lib: Library, saver: Any) -> Any:
    """get_state(subgraphs=True): LangGraph shows only children that the body called."""
    parent = parent_and_child(lib, saver)
    parent.invoke(1, on())
    return parent.get_state(on(), subgraphs=True).tasks[0].state


@program(144)
async def async_state_of_an_open_nested_entrypoint(lib: Library, saver: Any) -> Any:
    """aget_state(subgraphs=True)."""

    @lib.entrypoint()
    async def child(n: int) -> Any:
        return lib.interrupt("?")

    @lib.entrypoint(checkpointer=saver)
    async def parent(n: int) -> Any:
        return await child.ainvoke(n)

    await parent.ainvoke(1, on())
    return await parent.aget_state(on(), subgraphs=True)


@program(144)
def state_of_a_finished_nested_entrypoint(lib: Library, saver: Any) -> Any:
    """Nothing of the child is left to see."""
    parent = parent_and_child(lib, saver)
    parent.invoke(1, on())
    parent.invoke(lib.Command(resume=1), on())
    return parent.get_state(on(), subgraphs=True)


@program(
    144, 16,
    differs={144: "also the state of a child that was called in a task"},
    expected=child_state("parent|call_child", 2),
)  # fmt: skip
def state_of_an_open_child_that_remembers(lib: Library, saver: Any) -> Any:
    """checkpointer=True: a namespace without ids, as it outlives the run."""
    parent = parent_and_child(lib, saver, checkpointer=True)
    parent.invoke(1, on())
    return parent.get_state(on(), subgraphs=True).tasks[0].state


@program(144)
def state_of_a_child_called_by_the_body(lib: Library, saver: Any) -> Any:
    """Without a task between: the child's snapshot, and its own by the config that names it."""

    @lib.entrypoint()
    def child(n: int) -> Any:
        return lib.interrupt({"n": n})

    @lib.entrypoint(checkpointer=saver)
    def parent(n: int) -> Any:
        return child.invoke(n)

    parent.invoke(1, on())
    return {
        "with subgraphs": parent.get_state(on(), subgraphs=True).tasks,
        "without": parent.get_state(on()).tasks,
    }


@program(144)
def the_history_of_a_thread_with_an_open_child(lib: Library, saver: Any) -> Any:
    """Only the parent's checkpoints; the child is named in the task."""

    @lib.entrypoint()
    def child(n: int) -> Any:
        return lib.interrupt({"n": n})

    @lib.entrypoint(checkpointer=saver)
    def parent(n: int) -> Any:
        return child.invoke(n)

    parent.invoke(1, on())
    return list(parent.get_state_history(on()))


@program(61, 173)
def values_of_a_nested_entrypoint_on_resume(lib: Library, saver: Any) -> Any:
    """Streamed in the body, which lives by the last chunk: the same on the replay."""

    @lib.task
    def step(n: int) -> int:
        return n + 1

    @lib.entrypoint()
    def child(n: int) -> Any:
        return step(n).result()

    @lib.entrypoint(checkpointer=saver)
    def parent(n: int) -> Any:
        *_, last = child.stream(n, stream_mode="values")
        return [last, lib.interrupt(last)]

    return [parent.invoke(given, on()) for given in (1, lib.Command(resume="yes"))]


@program(16, 61, 173)
def values_of_an_entrypoint_that_remembers(lib: Library, saver: Any) -> Any:
    """checkpointer=True: its stream, too, in two runs of the parent."""

    @lib.entrypoint(checkpointer=True)
    def child(n: int, *, previous: Any = None) -> Any:
        return (previous or 0) + n

    @lib.entrypoint(checkpointer=saver)
    def parent(n: int) -> Any:
        return list(child.stream(n, stream_mode=["updates", "values"]))

    return [parent.invoke(n, on()) for n in (1, 2)]
