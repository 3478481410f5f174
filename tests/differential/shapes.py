"""Workflows that several programs run, and how they look at them."""

from __future__ import annotations

from typing import Any

from tests.differential.library import Library
from tests.differential.steps import collect, on

__all__ = [
    "adder",
    "asker",
    "asking",
    "at_source",
    "both",
    "history",
    "parent_and_child",
    "policy",
    "quiet_parent_and_child",
    "sequence",
    "three_steps",
    "tree",
]


def three_steps(lib: Library, saver: Any) -> Any:
    """A workflow of a nested task, a caught failure, custom events and a question."""

    @lib.task
    def inner(n: int) -> int:
        lib.get_stream_writer()({"inner": n})
        return n + 1

    @lib.task
    def outer(n: int) -> int:
        return int(inner(n).result()) * 10

    @lib.task
    def bad(n: int) -> int:
        raise ValueError("bad")

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        made = outer(n).result()
        try:
            bad(made).result()
        except ValueError:
            lib.get_stream_writer()("caught")
        return {"made": made, "answer": lib.interrupt({"question": made})}

    return workflow


def asking(lib: Library, saver: Any) -> Any:
    """A workflow of a nested task and a question."""

    @lib.task
    def inner(n: int) -> int:
        return n + 1

    @lib.task
    def outer(n: int) -> int:
        return int(inner(n).result()) * 10

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        made = outer(n).result()
        return {"made": made, "answer": lib.interrupt({"question": made})}

    return workflow


def sequence(lib: Library, saver: Any) -> Any:
    """A workflow of two tasks, one after the other, without a question."""

    @lib.task
    def first(n: int) -> int:
        return n + 1

    @lib.task
    def second(n: int, *, times: int = 2) -> dict[str, int]:
        return {"n": n * times}

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return second(first(n).result(), times=3).result()

    return workflow


def both(lib: Library, workflow: Any, mode: Any, **options: Any) -> Any:
    """The chunks up to the question, and those of the rest."""
    return {
        "asked": collect(workflow.stream(1, on(), stream_mode=mode, **options)),
        "resumed": collect(
            workflow.stream(lib.Command(resume="yes"), on(), stream_mode=mode, **options)
        ),
    }


def parent_and_child(lib: Library, saver: Any, **child_options: Any) -> Any:
    """A workflow whose task calls another one, which runs a task and asks."""

    @lib.task
    def child_step(n: int) -> int:
        lib.get_stream_writer()({"child": n})
        return n + 1

    @lib.entrypoint(**child_options)
    def child(n: int) -> Any:
        stepped = child_step(n).result()
        return [stepped, lib.interrupt({"child asks": stepped})]

    @lib.task
    def call_child(n: int) -> Any:
        return child.invoke(n)

    @lib.entrypoint(checkpointer=saver)
    def parent(n: int) -> Any:
        return {"child": call_child(n * 10).result()}

    return parent


def quiet_parent_and_child(lib: Library, saver: Any) -> Any:
    """As above without a question."""

    @lib.task
    def child_step(n: int) -> int:
        lib.get_stream_writer()({"child": n})
        return n + 1

    @lib.entrypoint()
    def child(n: int) -> Any:
        return child_step(n).result()

    @lib.task
    def call_child(n: int) -> Any:
        return child.invoke(n)

    @lib.entrypoint(checkpointer=saver)
    def parent(n: int) -> Any:
        return {"child": call_child(n * 10).result()}

    return parent


def adder(lib: Library, saver: Any, calls: list[Any] | None = None) -> Any:
    """Adds the input to ``previous`` through a task."""

    @lib.task
    def add(a: int, b: int) -> int:
        if calls is not None:
            calls.append([a, b])
        return a + b

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int, *, previous: Any = None) -> Any:
        return add(previous or 0, n).result()

    return workflow


def asker(lib: Library, saver: Any, calls: list[Any] | None = None) -> Any:
    """Runs a task, asks, runs a task."""

    @lib.task
    def work(name: str) -> str:
        if calls is not None:
            calls.append(name)
        return name

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int, *, previous: Any = None) -> Any:
        before = work("before").result()
        answer = lib.interrupt({"n": n})
        return [before, answer, work("after").result(), previous]

    return workflow


def history(workflow: Any, **choice: Any) -> list[Any]:
    """Newest first."""
    return list(workflow.get_state_history(on(), **choice))


def tree(workflow: Any) -> list[Any]:
    """Every checkpoint's source, step, value and the position of its parent, oldest first."""
    shots = history(workflow)[::-1]
    at = {s.config["configurable"]["checkpoint_id"]: n for n, s in enumerate(shots)}
    return [
        {
            "source": s.metadata["source"],
            "step": s.metadata["step"],
            "value": s.values,
            "next": list(s.next),
            "parent": s.parent_config and at[s.parent_config["configurable"]["checkpoint_id"]],
        }
        for s in shots
    ]


def at_source(workflow: Any, source: str, nth: int = 0) -> Any:
    """The nth oldest checkpoint of a source."""
    found = [s for s in history(workflow)[::-1] if s.metadata["source"] == source]
    return found[nth]


def policy(lib: Library, **options: Any) -> Any:
    """Without waiting."""
    return lib.RetryPolicy(**{"initial_interval": 0.0, "jitter": False, **options})
