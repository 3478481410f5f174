"""State updated by hand: between runs, at past checkpoints, in bulk, as a copy (133-157)."""

from typing import Any

from tests.differential.library import Library
from tests.differential.registry import program
from tests.differential.shapes import adder, asker, at_source, tree
from tests.differential.steps import after, on, outcome


@program(133)
def update_state_sets_previous(lib: Library, saver: Any) -> Any:
    """Before the first run, and between runs."""
    workflow = adder(lib, saver)
    workflow.update_state(on(), 100)
    first = workflow.invoke(1, on())
    workflow.update_state(on(), 1000)
    second = workflow.invoke(1, on())
    return {"values": [first, second], "tree": tree(workflow)}


@program(133)
def the_state_after_update_state(lib: Library, saver: Any) -> Any:
    """What update_state returns, and the snapshot it makes."""
    workflow = adder(lib, saver)
    workflow.invoke(1, on())
    config = workflow.update_state(on(), 50)
    state = workflow.get_state(on())
    return {
        "returned names the newest": config["configurable"]["checkpoint_id"]
        == state.config["configurable"]["checkpoint_id"],
        "state": state,
    }


@program(134)
def update_state_with_none(lib: Library, saver: Any) -> Any:
    """None is saved."""
    workflow = adder(lib, saver)
    workflow.invoke(5, on())
    workflow.update_state(on(), None)
    return {"state": workflow.get_state(on()).values, "next run": workflow.invoke(1, on())}


@program(136)
def update_state_as_a_node(lib: Library, saver: Any) -> Any:
    """Its own name works, an unknown one does not."""
    workflow = adder(lib, saver)
    workflow.invoke(1, on())
    workflow.update_state(on(), 7, as_node="workflow")
    return {
        "unknown": outcome(workflow.update_state, on(), 8, as_node="other"),
        "state": workflow.get_state(on()).values,
    }


@program(151, 148)
def update_state_at_a_past_checkpoint(lib: Library, saver: Any) -> Any:
    """A branch; the newest becomes the thread's state."""
    workflow = adder(lib, saver)
    for n in (1, 10):
        workflow.invoke(n, on())
    workflow.update_state(after(at_source(workflow, "loop", 0)), 500)
    return {
        "state": workflow.get_state(on()).values,
        "next run": workflow.invoke(1, on()),
        "tree": tree(workflow),
    }


@program(151)
def update_state_at_a_past_input_checkpoint(lib: Library, saver: Any) -> Any:
    """As the entrypoint's own result: nothing is left to run."""
    workflow = adder(lib, saver)
    for n in (1, 10):
        workflow.invoke(n, on())
    config = workflow.update_state(after(at_source(workflow, "input", 1)), 500)
    return {
        "continued": outcome(workflow.invoke, None, config),
        "tree": tree(workflow),
    }


@program(151)
def several_forks_from_one_checkpoint(lib: Library, saver: Any) -> Any:
    """Each stays."""
    workflow = adder(lib, saver)
    workflow.invoke(1, on())
    past = at_source(workflow, "loop")
    forks = [workflow.update_state(after(past), n) for n in (10, 20, 30)]
    return {
        "states": [workflow.get_state(fork).values for fork in forks],
        "newest": workflow.get_state(on()).values,
        "runs": [workflow.invoke(1, fork) for fork in forks],
        "tree": tree(workflow),
    }


@program(153)
def copy_an_input_checkpoint(lib: Library, saver: Any) -> Any:
    """update_state(config, None, as_node="__copy__") makes a sibling that can be run."""
    calls: list[Any] = []
    workflow = adder(lib, saver, calls)
    workflow.invoke(1, on())
    past = at_source(workflow, "input")
    copied = workflow.update_state(after(past), None, as_node="__copy__")
    state = workflow.get_state(copied)
    value = workflow.invoke(None, copied)
    return {"state": state, "value": value, "ran": calls, "tree": tree(workflow)}


@program(153)
def copy_a_final_checkpoint(lib: Library, saver: Any) -> Any:
    """Its value becomes the thread's state again."""
    workflow = adder(lib, saver)
    for n in (1, 10):
        workflow.invoke(n, on())
    workflow.update_state(after(at_source(workflow, "loop", 0)), None, as_node="__copy__")
    return {
        "state": workflow.get_state(on()).values,
        "next run": workflow.invoke(100, on()),
        "tree": tree(workflow),
    }


@program(153, 154)
def copy_an_interrupted_checkpoint(lib: Library, saver: Any) -> Any:
    """The old branch's writes and answers are not applied to the copy."""
    calls: list[Any] = []
    workflow = asker(lib, saver, calls)
    workflow.invoke(1, on())
    copied = workflow.update_state(after(at_source(workflow, "input")), None, as_node="__copy__")
    asked = workflow.invoke(None, copied)
    value = workflow.invoke(lib.Command(resume="yes"), on())
    return {"asked": asked, "value": value, "ran": calls, "tree": tree(workflow)}


@program(154)
def a_fork_does_not_apply_pending_writes(lib: Library, saver: Any) -> Any:
    """From the input checkpoint of a run that failed after one task: that task runs again."""
    calls: list[str] = []
    broken = [True]

    @lib.task
    def good() -> str:
        calls.append("good")
        return "good"

    @lib.task
    def flaky() -> str:
        calls.append("flaky")
        if broken[0]:
            raise ValueError("flaky")
        return "flaky"

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [good().result(), flaky().result()]

    failed = outcome(workflow.invoke, 1, on())
    past = at_source(workflow, "input")
    broken[0] = False
    copied = workflow.update_state(after(past), None, as_node="__copy__")
    value = workflow.invoke(None, copied)
    return {"failed": failed, "value": value, "ran": calls}


@program(157)
def bulk_update_applies_supersteps_in_order(lib: Library, saver: Any) -> Any:
    """One checkpoint each."""
    workflow = adder(lib, saver)
    update = lib.StateUpdate
    workflow.bulk_update_state(on(), [[update(values=n, as_node="workflow")] for n in (1, 2, 3)])
    return {"tree": tree(workflow), "next run": workflow.invoke(10, on())}


@program(157)
def bulk_update_with_nothing(lib: Library, saver: Any) -> Any:
    """No supersteps, and a superstep without updates."""
    workflow = adder(lib, saver)
    return {
        "no supersteps": outcome(workflow.bulk_update_state, on(), []),
        "an empty one": outcome(workflow.bulk_update_state, on(), [[]]),
    }


@program(157, 153)
def bulk_update_with_a_copy(lib: Library, saver: Any) -> Any:
    """A copy must stand alone; one with more is refused."""
    workflow = adder(lib, saver)
    workflow.invoke(1, on())
    copy = lib.StateUpdate(values=None, as_node="__copy__")
    value = lib.StateUpdate(values=5, as_node="workflow")
    return {
        "alone": type(outcome(workflow.bulk_update_state, on(), [[copy]])).__name__,
        "with another": outcome(workflow.bulk_update_state, on(), [[copy, value]]),
    }


@program(157)
async def abulk_update_state(lib: Library, saver: Any) -> Any:
    """In an event loop."""

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int, *, previous: Any = None) -> Any:
        return [previous, n]

    update = lib.StateUpdate
    await workflow.abulk_update_state(on(), [[update(values=n)] for n in (1, 2)])
    return {
        "state": (await workflow.aget_state(on())).values,
        "next run": await workflow.ainvoke(5, on()),
    }
