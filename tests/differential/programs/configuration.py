"""Which configuration code sees, and that of a nested entrypoint (193, 195)."""

from typing import Any

from tests.differential.library import Library
from tests.differential.registry import program
from tests.differential.steps import on


@program(195, 16, 63)
def an_entrypoint_called_with_its_callers_config(lib: Library, saver: Any) -> Any:
    """It is a step of the caller's run, whether the thread is named by a text or a number."""

    @lib.entrypoint()
    def asks(n: int) -> Any:
        return lib.interrupt("ok?")

    @lib.entrypoint(checkpointer=True)
    def counts(n: int, *, previous: Any = None) -> int:
        return (previous or 0) + n

    @lib.entrypoint(checkpointer=saver)
    def parent(n: int) -> Any:
        config = lib.get_config()
        return [counts.invoke(n, config), asks.invoke(n, config)]

    return [
        parent.invoke(given, on(thread_id))
        for thread_id in ("a", 1)
        for given in (1, lib.Command(resume="yes"))
    ]


@program(193)
def configurable_without_a_config(lib: Library, saver: Any) -> Any:
    """It is there, and empty."""

    @lib.task
    def model() -> Any:
        return lib.get_config()["configurable"].get("model", "the usual one")

    @lib.entrypoint()
    def workflow(n: int) -> Any:
        return model().result()

    return [workflow.invoke(1, given) for given in (None, {"tags": ["a"]}, {"configurable": None})]
