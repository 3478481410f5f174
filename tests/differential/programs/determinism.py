"""Code that does on replay what it did not do before (71-81)."""

import collections
from typing import Any

from tests.differential.library import Library
from tests.differential.registry import program
from tests.differential.steps import on, outcome


def edited(lib: Library, saver: Any, *bodies: Any) -> list[Any]:
    """Versions of one workflow, as a notebook cell run again makes them."""
    made = []
    for body in bodies:
        body.__name__ = "workflow"
        made.append(lib.entrypoint(checkpointer=saver)(body))
    return made


@program(
    71,
    differs={71: "a result goes only to the call that made it"},
    expected={"a": "A", "c": "C"},
)
def calls_in_another_order(lib: Library, saver: Any) -> Any:
    """LangGraph hands them out by position."""
    order = ["a", "c"]

    @lib.task
    def step(name: str) -> str:
        return name.upper()

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        results = {name: step(name).result() for name in order}
        lib.interrupt("?")
        return results

    workflow.invoke(1, on())
    order.reverse()
    return workflow.invoke(lib.Command(resume="!"), on())


@program(
    72,
    differs={72: "unchanged code that asks for something else is refused; nothing is paid twice"},
    expected={"outcome": {"raises": "NonDeterminismError"}, "paid": ["first", "second"]},
)
def a_call_added_in_front(lib: Library, saver: Any) -> Any:
    """LangGraph gives it the first result and pays the last one twice."""
    names = ["first", "second"]
    paid: list[str] = []

    @lib.task
    def pay(name: str) -> str:
        paid.append(name)
        return f"paid {name}"

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [[pay(name).result() for name in names], lib.interrupt("?")]

    workflow.invoke(1, on())
    names.insert(0, "new")
    return {"outcome": outcome(workflow.invoke, lib.Command(resume="!"), on()), "paid": paid}


@program(
    73,
    differs={73: "unchanged code that leaves a call out is refused"},
    expected={"outcome": {"raises": "NonDeterminismError"}, "paid": ["first", "second"]},
)
def a_call_removed(lib: Library, saver: Any) -> Any:
    """LangGraph gives the next call the removed one's result."""
    names = ["first", "second"]
    paid: list[str] = []

    @lib.task
    def pay(name: str) -> str:
        paid.append(name)
        return f"paid {name}"

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [[pay(name).result() for name in names], lib.interrupt("?")]

    workflow.invoke(1, on())
    names.remove("first")
    return {"outcome": outcome(workflow.invoke, lib.Command(resume="!"), on()), "paid": paid}


@program(
    72,
    differs={72: "in changed code a new call runs, and a recorded result goes to its own call"},
    expected={
        "value": [["paid new", "paid second"], "!"],
        "paid": ["first", "second", "new"],
    },
)
def a_call_replaced_in_changed_code(lib: Library, saver: Any) -> Any:
    """LangGraph gives the new call the old one's result."""
    paid: list[str] = []

    @lib.task
    def pay(name: str) -> str:
        paid.append(name)
        return f"paid {name}"

    def before(n: int) -> Any:
        return [[pay("first").result(), pay("second").result()], lib.interrupt("?")]

    def after(n: int) -> Any:
        return [[pay("new").result(), pay("second").result()], lib.interrupt("?")]

    old, new = edited(lib, saver, before, after)
    old.invoke(1, on())
    return {"value": new.invoke(lib.Command(resume="!"), on()), "paid": paid}


@program(
    74,
    differs={74: "chance in the body that changes a call is found"},
    expected={"raises": "NonDeterminismError"},
)
def chance_in_the_body(lib: Library, saver: Any) -> Any:
    """LangGraph answers with the result for another argument."""
    dice = [1]

    @lib.task
    def double(n: int) -> int:
        return n * 2

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        rolled = dice[0]
        return {"rolled": rolled, "doubled": double(rolled).result(), "ok": lib.interrupt("?")}

    workflow.invoke(1, on())
    dice[0] = 6
    return outcome(workflow.invoke, lib.Command(resume="!"), on())


@program(
    75,
    differs={75: "a replayed result has the type of the first one"},
    expected=[["tuple", "OrderedDict", "Counter"], ["tuple", "OrderedDict", "Counter"]],
)
def types_of_replayed_results(lib: Library, saver: Any) -> Any:
    """LangGraph's come back as list and dict."""
    types: list[Any] = []

    @lib.task
    def give() -> Any:
        return (1, 2)

    @lib.task
    def order() -> Any:
        return collections.OrderedDict(a=1)

    @lib.task
    def count() -> Any:
        return collections.Counter("aab")

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        types.append([type(f.result()).__name__ for f in (give(), order(), count())])
        return lib.interrupt("?")

    workflow.invoke(1, on())
    workflow.invoke(lib.Command(resume="!"), on())
    return types


@program(
    76,
    differs={76: "a task gets a copy of its arguments"},
    expected=[[1], [1]],
)
def a_task_that_changes_its_argument(lib: Library, saver: Any) -> Any:
    """In LangGraph the change is there on the first run and gone on replay."""
    seen: list[Any] = []

    @lib.task
    def change(values: list[int]) -> int:
        values.append(2)
        return len(values)

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        values = [1]
        change(values).result()
        seen.append(values)
        return lib.interrupt("?")

    workflow.invoke(1, on())
    workflow.invoke(lib.Command(resume="!"), on())
    return seen


@program(
    77,
    differs={77: "the body gets a copy of the input"},
    expected=[1],
)
def a_body_that_changes_its_input(lib: Library, saver: Any) -> Any:
    """In LangGraph it is the caller's own object."""
    given = [1]

    @lib.entrypoint(checkpointer=saver)
    def workflow(values: list[int]) -> Any:
        values.append(2)
        return len(values)

    workflow.invoke(given, on())
    return given


@program(
    78,
    differs={78: "an entrypoint that is retried reuses its finished tasks"},
    expected={"value": 1, "charged": 1},
)
def tasks_of_a_retried_entrypoint(lib: Library, saver: Any) -> Any:
    """LangGraph charges three times."""
    charged: list[int] = []
    attempts: list[int] = []

    @lib.task
    def charge(n: int) -> int:
        charged.append(n)
        return n

    policy = lib.RetryPolicy(initial_interval=0.01, jitter=False, retry_on=ValueError)

    @lib.entrypoint(checkpointer=saver, retry_policy=policy)
    def workflow(n: int) -> Any:
        paid = charge(n).result()
        attempts.append(n)
        if len(attempts) < 3:
            raise ValueError("again")
        return paid

    return {"value": workflow.invoke(1, on()), "charged": len(charged)}


@program(
    79,
    differs={79: "a parent that is retried reuses its finished children"},
    expected={"value": 1, "charged": 1},
)
def children_of_a_retried_task(lib: Library, saver: Any) -> Any:
    """LangGraph charges three times."""
    charged: list[int] = []
    attempts: list[int] = []

    @lib.task
    def charge(n: int) -> int:
        charged.append(n)
        return n

    policy = lib.RetryPolicy(initial_interval=0.01, jitter=False, retry_on=ValueError)

    @lib.task(retry_policy=policy)
    def parent(n: int) -> int:
        paid = int(charge(n).result())
        attempts.append(n)
        if len(attempts) < 3:
            raise ValueError("again")
        return paid

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return parent(n).result()

    return {"value": workflow.invoke(1, on()), "charged": len(charged)}


@program(
    80,
    differs={80: "another workflow's run is not continued"},
    expected={"raises": "WorkflowMismatchError"},
)
def another_workflow_continues_the_run(lib: Library, saver: Any) -> Any:
    """LangGraph runs it with the first one's input and answer."""

    @lib.entrypoint(checkpointer=saver)
    def transfer(n: int) -> Any:
        return ["transferred", n, lib.interrupt("transfer?")]

    @lib.entrypoint(checkpointer=saver)
    def delete(n: int) -> Any:
        return ["deleted", n, lib.interrupt("delete?")]

    transfer.invoke(1, on())
    return outcome(delete.invoke, lib.Command(resume="yes"), on())
