"""Checkpoints of the past: looked at and run again (142-156)."""

from typing import Any

from tests.differential.library import Library
from tests.differential.registry import program
from tests.differential.shapes import adder, asker, at_source, history, tree
from tests.differential.steps import after, collect, on, outcome


def outline(workflow: Any) -> list[Any]:
    """Source, step, value and open nodes of every checkpoint, newest first."""
    return [
        [s.metadata["source"], s.metadata["step"], s.values, list(s.next)]
        for s in workflow.get_state_history(on())
    ]


@program(142, 143, 138)
def the_history_of_two_runs(lib: Library, saver: Any) -> Any:
    """Four snapshots, newest first."""
    workflow = adder(lib, saver)
    workflow.invoke(1, on())
    workflow.invoke(2, on())
    return history(workflow)


@program(142)
def history_limit_before_and_filter(lib: Library, saver: Any) -> Any:
    """One at a time and together."""
    workflow = adder(lib, saver)
    for n in (1, 2, 3):
        workflow.invoke(n, on(metadata={"n": n}))
    third = history(workflow)[2]

    def steps(**choice: Any) -> list[Any]:
        return [s.metadata["step"] for s in history(workflow, **choice)]

    return {
        "all": steps(),
        "limit 2": steps(limit=2),
        "before": steps(before=third.config),
        "before, limit 1": steps(before=third.config, limit=1),
        "source": steps(filter={"source": "input"}),
        "source and step": steps(filter={"source": "loop", "step": 2}),
        "own key": steps(filter={"n": 2}),
        "own key, limit 1": steps(filter={"n": 2}, limit=1),
        "nothing": steps(filter={"n": 4}),
    }


@program(147, 148)
def run_again_from_an_input_checkpoint(lib: Library, saver: Any) -> Any:
    """The body runs again with the same input; the old branch stays."""
    calls: list[Any] = []
    workflow = adder(lib, saver, calls)
    workflow.invoke(1, on())
    workflow.invoke(2, on())
    past = at_source(workflow, "input", 0)
    value = workflow.invoke(None, after(past))
    return {"value": value, "ran": calls, "tree": tree(workflow), "now": workflow.get_state(on())}


@program(147, 148)
def run_again_from_the_newest_input_checkpoint(lib: Library, saver: Any) -> Any:
    """previous is that of the moment."""
    calls: list[Any] = []
    workflow = adder(lib, saver, calls)
    for n in (1, 2, 3):
        workflow.invoke(n, on())
    value = workflow.invoke(None, after(at_source(workflow, "input", 1)))
    return {"value": value, "ran": calls, "tree": tree(workflow)}


@program(147, 67, 152)
def run_again_from_a_final_checkpoint(lib: Library, saver: Any) -> Any:
    """Nothing runs; its value is given."""
    calls: list[Any] = []
    workflow = adder(lib, saver, calls)
    for n in (1, 2):
        workflow.invoke(n, on())
    ran = len(calls)
    values = [workflow.invoke(None, after(at_source(workflow, "loop", at))) for at in (0, 1)]
    return {"values": values, "ran": len(calls) - ran, "tree": tree(workflow)}


@program(147)
def a_stream_from_a_past_checkpoint(lib: Library, saver: Any) -> Any:
    """Modes updates and checkpoints."""
    workflow = adder(lib, saver)
    for n in (1, 2):
        workflow.invoke(n, on())
    past = at_source(workflow, "input", 0)
    return {
        "updates": collect(workflow.stream(None, after(past))),
        "checkpoints": collect(workflow.stream(None, after(past), stream_mode="checkpoints")),
    }


@program(
    147, 163,
    differs={163: "no stray value before the run's own"},
    expected=[3],
)  # fmt: skip
def values_from_a_past_checkpoint(lib: Library, saver: Any) -> Any:
    """LangGraph begins with the value of the moment."""
    workflow = adder(lib, saver)
    for n in (1, 2):
        workflow.invoke(n, on())
    past = at_source(workflow, "input", 1)
    return collect(workflow.stream(None, after(past), stream_mode="values"))


@program(147)
def new_input_at_a_past_checkpoint(lib: Library, saver: Any) -> Any:
    """A run that begins at an old value, on a branch of its own."""
    workflow = adder(lib, saver)
    for n in (1, 10):
        workflow.invoke(n, on())
    past = at_source(workflow, "loop", 0)
    value = workflow.invoke(100, after(past))
    return {"value": value, "tree": tree(workflow), "next run": workflow.invoke(1000, on())}


@program(147)
def new_input_at_an_open_checkpoint(lib: Library, saver: Any) -> Any:
    """At the input checkpoint of a finished run."""
    workflow = adder(lib, saver)
    for n in (1, 10):
        workflow.invoke(n, on())
    value = workflow.invoke(100, after(at_source(workflow, "input", 1)))
    return {"value": value, "tree": tree(workflow)}


@program(149, 103)
def a_question_is_asked_again(lib: Library, saver: Any) -> Any:
    """From the input checkpoint of an answered run: asked, tasks run again."""
    calls: list[Any] = []
    workflow = asker(lib, saver, calls)
    workflow.invoke(1, on())
    workflow.invoke(lib.Command(resume="old"), on())
    again = workflow.invoke(None, after(at_source(workflow, "input")))
    return {"again": again, "ran": calls, "tree": tree(workflow), "now": workflow.get_state(on())}


@program(150)
def an_answer_continues_the_fork(lib: Library, saver: Any) -> Any:
    """Command(resume) on the thread goes to the newest head."""
    calls: list[Any] = []
    workflow = asker(lib, saver, calls)
    workflow.invoke(1, on())
    workflow.invoke(lib.Command(resume="old"), on())
    workflow.invoke(None, after(at_source(workflow, "input")))
    value = workflow.invoke(lib.Command(resume="new"), on())
    return {"value": value, "ran": calls, "tree": tree(workflow)}


@program(103, 68)
def question_ids_over_replays_of_one_checkpoint(lib: Library, saver: Any) -> Any:
    """invoke(None) while interrupted: one id; again from the same checkpoint."""
    workflow = asker(lib, saver)
    asked = [workflow.invoke(1, on())]
    asked += [workflow.invoke(None, on()) for _ in range(2)]
    past = at_source(workflow, "input")
    asked += [workflow.invoke(None, after(past)) for _ in range(2)]
    ids = [a["__interrupt__"][0].id for a in asked]
    return {
        "values": [a["__interrupt__"][0].value for a in asked],
        "the first three are one": len(set(ids[:3])) == 1,
        "the last two are one": len(set(ids[3:])) == 1,
    }


@program(
    116,
    differs={116: "an answer to a checkpoint whose question is answered is refused"},
    expected={"outcome": {"raises": "UnknownInterruptError"}, "ran": ["before", "after"]},
)
def an_answer_at_an_old_checkpoint(lib: Library, saver: Any) -> Any:
    """LangGraph drops the new answer, reuses the old one and runs the tasks again."""
    calls: list[Any] = []
    workflow = asker(lib, saver, calls)
    workflow.invoke(1, on())
    workflow.invoke(lib.Command(resume="old"), on())
    config = after(at_source(workflow, "input"))
    return {"outcome": outcome(workflow.invoke, lib.Command(resume="new"), config), "ran": calls}


@program(147, 151)
async def async_time_travel(lib: Library, saver: Any) -> Any:
    """ainvoke(None), aupdate_state and aget_state_history at an old checkpoint."""

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int, *, previous: Any = None) -> Any:
        return (previous or 0) + n

    for n in (1, 10):
        await workflow.ainvoke(n, on())
    shots = [s async for s in workflow.aget_state_history(on())]
    again = await workflow.ainvoke(None, shots[-1].config)
    await workflow.aupdate_state(shots[0].config, 500)
    return {
        "again": again,
        "state": (await workflow.aget_state(on())).values,
        "outline": [
            [s.metadata["source"], s.metadata["step"], s.values]
            async for s in workflow.aget_state_history(on())
        ],
    }


@program(156)
def nested_state_at_a_past_checkpoint(lib: Library, saver: Any) -> Any:
    """A remembering child sees its own value of that moment."""

    @lib.entrypoint(checkpointer=True)
    def child(n: int, *, previous: Any = None) -> Any:
        return [*(previous or []), n]

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return child.invoke(n)

    for n in (1, 2, 3):
        workflow.invoke(n, on())
    return {
        "again from the second input": workflow.invoke(
            None, after(at_source(workflow, "input", 1))
        ),
        "next run": workflow.invoke(4, on()),
    }


@program(
    145,
    differs={145: "an unknown checkpoint_id is refused"},
    expected={"state": {"raises": "UnknownCheckpointError"},
              "invoke": {"raises": "UnknownCheckpointError"}},
)  # fmt: skip
def an_unknown_checkpoint_id(lib: Library, saver: Any) -> Any:
    """LangGraph reads an empty snapshot and starts over."""
    workflow = adder(lib, saver)
    workflow.invoke(1, on())
    config = {
        "configurable": {
            "thread_id": "1",
            "checkpoint_id": "1f000000-0000-6000-8000-000000000000",
        }
    }
    return {
        "state": outcome(lambda: workflow.get_state(config).values),
        "invoke": outcome(workflow.invoke, 5, config),
    }


@program(138, 140)
def a_snapshot_by_checkpoint_id(lib: Library, saver: Any) -> Any:
    """get_state of an old checkpoint shows the result of its task."""
    workflow = adder(lib, saver)
    for n in (1, 10):
        workflow.invoke(n, on())
    past = at_source(workflow, "input", 0)
    return {"same": workflow.get_state(after(past)) == past, "past": past}
