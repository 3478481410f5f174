"""previous, entrypoint.final and get_state (125-144)."""

import threading
from typing import Any

from tests.differential.library import Library
from tests.differential.registry import program
from tests.differential.steps import aoutcome, on, outcome


def failing(lib: Library, saver: Any) -> Any:
    """Collects its inputs; a negative one fails after it was collected."""

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int, *, previous: Any = None) -> Any:
        seen = previous if previous is not None else []
        seen.append(n)
        if n < 0:
            raise ValueError("negative")
        return seen

    return workflow


@program(125)
def previous_is_the_last_saved_value(lib: Library, saver: Any) -> Any:
    """None first; each thread has its own."""

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int, *, previous: Any = None) -> Any:
        return {"n": n, "previous": previous}

    return [workflow.invoke(n, on(t)) for n, t in ((1, "a"), (2, "a"), (3, "b"), (4, "a"))]


@program(125)
async def async_previous(lib: Library, saver: Any) -> Any:
    """ainvoke."""

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int, previous: Any) -> Any:
        return [n, previous]

    return [await workflow.ainvoke(n, on()) for n in (1, 2)]


@program(126)
def final_returns_one_value_and_saves_another(lib: Library, saver: Any) -> Any:
    """invoke, stream and get_state show the returned one."""

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int, *, previous: Any = None) -> Any:
        return lib.final(value={"previous": previous}, save=n * 10)

    return {
        "invoke": [workflow.invoke(n, on()) for n in (1, 2)],
        "updates": list(workflow.stream(3, on())),
        "values": list(workflow.stream(4, on(), stream_mode="values")),
        "state": workflow.get_state(on()).values,
    }


@program(126)
async def async_final(lib: Library, saver: Any) -> Any:
    """In an event loop."""

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int, *, previous: Any = None) -> Any:
        return lib.final(value=previous, save=n)

    return [await workflow.ainvoke(n, on()) for n in (1, 2, 3)]


@program(127)
def final_can_save_none(lib: Library, saver: Any) -> Any:
    """The next previous is None."""

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int, *, previous: Any = None) -> Any:
        return lib.final(value=[n, previous], save=None if n == 2 else n)

    return [workflow.invoke(n, on()) for n in (1, 2, 3)]


@program(127)
def final_can_return_none(lib: Library, saver: Any) -> Any:
    """The value is None, what is saved is not."""

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int, *, previous: Any = None) -> Any:
        return lib.final(value=None, save=n) if n == 1 else previous

    return [workflow.invoke(n, on()) for n in (1, 2)]


@program(126, 2)
def final_without_a_checkpointer(lib: Library, saver: Any) -> Any:
    """The value is returned, nothing is saved."""

    @lib.entrypoint()
    def workflow(n: int, *, previous: Any = None) -> Any:
        return lib.final(value=[n, previous], save=n)

    return [workflow.invoke(n) for n in (1, 2)]


@program(
    128, differs={128: "a default of `previous` is used on the first run"}, expected=[101, 103]
)
def a_default_of_previous(lib: Library, saver: Any) -> Any:
    """LangGraph injects None over it."""

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int, *, previous: int | None = 100) -> Any:
        return n + (-1000 if previous is None else previous)

    return [workflow.invoke(n, on()) for n in (1, 2)]


@program(129)
def previous_after_an_error(lib: Library, saver: Any) -> Any:
    """The last good value."""
    workflow = failing(lib, saver)
    return [outcome(workflow.invoke, n, on()) for n in (1, -1, 2)]


@program(130)
def previous_after_a_question(lib: Library, saver: Any) -> Any:
    """A new input sees the last completed value."""

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int, *, previous: Any = None) -> Any:
        if n == 2:
            lib.interrupt("?")
        return [n, previous]

    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = [workflow.invoke(n, on()) for n in (1, 2, 3)]
    return results


@program(130)
def previous_within_an_interrupted_run(lib: Library, saver: Any) -> Any:
    """The same before the question and after it."""
    seen: list[Any] = []

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int, *, previous: Any = None) -> Any:
        seen.append(previous)
        return [n, lib.interrupt("?") if n > 1 else None]

    workflow.invoke(1, on())
    workflow.invoke(2, on())
    workflow.invoke(lib.Command(resume="!"), on())
    return seen


@program(
    131,
    differs={131: "final inside another value is refused"},
    expected={"raises": "NotSerializableError"},
)
def final_inside_a_list(lib: Library, saver: Any) -> Any:
    """LangGraph stores the object."""

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [lib.final(value=n, save=n)]

    return outcome(workflow.invoke, 1, on())


@program(132)
def changing_previous_in_a_failed_run(lib: Library, saver: Any) -> Any:
    """It does not leak into the next one, nor into old checkpoints."""
    workflow = failing(lib, saver)
    workflow.invoke(1, on())
    outcome(workflow.invoke, -1, on())
    return {
        "state": workflow.get_state(on()).values,
        "next": workflow.invoke(2, on()),
        "history": [s.values for s in workflow.get_state_history(on())],
    }


@program(
    135,
    differs={135: "an update of a waiting thread must be forced"},
    expected={"update": {"raises": "InvalidUpdateError"}, "open": ["?"]},
)
def update_state_while_interrupted(lib: Library, saver: Any) -> Any:
    """LangGraph drops the pending run without a word."""

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return lib.interrupt("?")

    workflow.invoke(1, on())
    update = outcome(workflow.update_state, on(), 5)
    if not isinstance(update, Exception):
        update = "done"
    return {"update": update, "open": [q.value for q in workflow.get_state(on()).interrupts]}


@program(137, 139)
def values_and_next_over_a_runs_life(lib: Library, saver: Any) -> Any:
    """No thread, open, finished, open again."""

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [n, lib.interrupt("?")]

    def look() -> Any:
        state = workflow.get_state(on())
        return [state.values, list(state.next)]

    seen = [look()]
    for given in (1, lib.Command(resume="a"), 2, lib.Command(resume="b")):
        workflow.invoke(given, on())
        seen.append(look())
    return seen


@program(139)
def the_snapshot_of_a_missing_thread(lib: Library, saver: Any) -> Any:
    """Empty, no error."""

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return n

    return {
        "state": workflow.get_state(on("nobody")),
        "history": list(workflow.get_state_history(on("nobody"))),
    }


@program(138, 140)
def the_snapshot_of_a_finished_run(lib: Library, saver: Any) -> Any:
    """All fields."""

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return {"n": n}

    workflow.invoke(1, on())
    return workflow.get_state(on())


@program(138, 140)
async def the_snapshot_of_an_async_run(lib: Library, saver: Any) -> Any:
    """All fields."""

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return lib.interrupt({"n": n})

    await workflow.ainvoke(1, on())
    return await workflow.aget_state(on())


@program(140, 220)
def the_snapshot_of_a_failed_run(lib: Library, saver: Any) -> Any:
    """The kind of error on the entrypoint's task."""

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        raise ValueError("bad")

    outcome(workflow.invoke, 1, on())
    return workflow.get_state(on())


@program(140, 141)
def the_snapshot_of_a_run_whose_task_failed(lib: Library, saver: Any) -> Any:
    """Only the entrypoint's own task is listed."""

    @lib.task
    def good() -> int:
        return 1

    @lib.task
    def bad() -> int:
        raise KeyError("bad")

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return good().result() + bad().result()

    outcome(workflow.invoke, 1, on())
    return workflow.get_state(on())


@program(137, 139)
def the_snapshot_while_the_run_goes_on(lib: Library, saver: Any) -> Any:
    """Asked for from inside a task of a second run."""
    workflow: Any = None
    limit_s = 5.0

    @lib.task
    def look() -> Any:
        seen: list[Any] = []

        def ask() -> None:
            state = workflow.get_state(on())
            seen.append([state.values, list(state.next)])

        thread = threading.Thread(target=ask)
        thread.start()
        thread.join(limit_s)
        return seen

    @lib.entrypoint(checkpointer=saver)
    def body(n: int) -> Any:
        return [n, look().result()] if n > 1 else n

    workflow = body
    return [workflow.invoke(n, on()) for n in (1, 2)]


@program(138)
def metadata_of_the_caller(lib: Library, saver: Any) -> Any:
    """It is kept with each checkpoint and can be filtered by."""

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return n

    for n in (1, 2):
        workflow.invoke(n, on(metadata={"user": f"u{n}", "turn": n}))
    return [s.metadata for s in workflow.get_state_history(on())]


@program(
    146,
    differs={146: "other keys of `configurable` are not stored"},
    expected={"seen inside": "s3cret", "metadata": {"parents": {}, "source": "loop", "step": 0}},
)
def configurable_is_not_stored(lib: Library, saver: Any) -> Any:
    """LangGraph writes a secret into each checkpoint."""

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return lib.get_config()["configurable"]["api_key"]

    config = {"configurable": {"thread_id": "1", "api_key": "s3cret"}}
    return {
        "seen inside": workflow.invoke(1, config),
        "metadata": workflow.get_state(config).metadata,
    }


@program(195)
def thread_ids_as_text_and_number(lib: Library, saver: Any) -> Any:
    """1 and "1" are one thread."""

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int, *, previous: Any = None) -> Any:
        return [previous, n]

    return [
        workflow.invoke(1, on(1)),
        workflow.invoke(2, on("1")),
        workflow.get_state(on(1)).values,
    ]


@program(196)
def a_missing_thread_id(lib: Library, saver: Any) -> Any:
    """ValueError, from every method."""

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return n

    return {
        "invoke": outcome(workflow.invoke, 1),
        "empty": outcome(workflow.invoke, 1, {"configurable": {}}),
        "stream": outcome(lambda: list(workflow.stream(1))),
    }


@program(196)
async def a_missing_thread_id_async(lib: Library, saver: Any) -> Any:
    """ValueError."""

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return n

    return await aoutcome(workflow.ainvoke(1))


@program(158)
def the_latest_is_the_last_written(lib: Library, saver: Any) -> Any:
    """Over many quick runs."""

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int, *, previous: Any = None) -> Any:
        return (previous or 0) + n

    return [workflow.invoke(1, on()) for _ in range(10)]
