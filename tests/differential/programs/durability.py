"""When results are written: ``durability=`` and values that cannot be (55, 64, 85, 86)."""

import threading
from typing import Any

from tests.differential.library import Library
from tests.differential.registry import program
from tests.differential.steps import on, outcome


@program(
    85,
    differs={85: "the task itself fails, and nothing after it runs"},
    expected={"outcome": {"raises": "TypeError"}, "ran": ["make"], "next": ["workflow"]},
)
def a_result_that_cannot_be_stored(lib: Library, saver: Any) -> Any:
    """LangGraph tells only when everything has run, and counts the run as finished."""
    ran: list[str] = []

    @lib.task
    def make() -> Any:
        ran.append("make")
        return threading.Lock()

    @lib.task
    def pay() -> str:
        ran.append("pay")
        return "paid"

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        make().result()
        return pay().result()

    result = outcome(workflow.invoke, 1, on())
    return {"outcome": result, "ran": ran, "next": list(workflow.get_state(on()).next)}


@program(86)
def durability_per_call(lib: Library, saver: Any) -> Any:
    """sync, async and exit give the same values and history."""

    @lib.task
    def step(n: int) -> int:
        return n + 1

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int, *, previous: Any = None) -> Any:
        return [step(n).result(), previous]

    seen = {}
    for durability in ("sync", "async", "exit"):
        config = on(durability)
        values = [workflow.invoke(n, config, durability=durability) for n in (1, 2)]
        sources = [s.metadata["source"] for s in workflow.get_state_history(config)]
        seen[durability] = {"values": values, "newest": sources[0]}
    return seen


@program(
    86,
    differs={86: "a run's opening checkpoint is always kept: it owns the thread"},
    expected=[
        ["loop", 2, [2, [1, None]], []],
        ["input", 1, [1, None], ["workflow"]],
        ["loop", 0, [1, None], []],
        ["input", -1, None, ["workflow"]],
    ],
)
def checkpoints_with_durability_exit(lib: Library, saver: Any) -> Any:
    """Only the last one of a run is written."""

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int, *, previous: Any = None) -> Any:
        return [n, previous]

    for n in (1, 2):
        workflow.invoke(n, on(), durability="exit")
    return [[s.metadata["source"], s.metadata["step"], s.values, list(s.next)]
            for s in workflow.get_state_history(on())]  # fmt: skip


@program(86, 65)
def an_error_with_durability_exit(lib: Library, saver: Any) -> Any:
    """What was finished is written when the run stops."""
    ran: list[str] = []

    @lib.task
    def step(name: str) -> str:
        ran.append(name)
        if name == "b" and ran.count("b") == 1:
            raise ValueError("b")
        return name

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [step("a").result(), step("b").result()]

    failed = outcome(workflow.invoke, 1, on(), durability="exit")
    return {"failed": failed, "value": workflow.invoke(None, on()), "ran": ran}


@program(86, 89)
def a_question_with_durability_exit(lib: Library, saver: Any) -> Any:
    """It can be answered; finished tasks are reused."""
    ran: list[str] = []

    @lib.task
    def step() -> str:
        ran.append("step")
        return "step"

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [step().result(), lib.interrupt("?")]

    asked = workflow.invoke(1, on(), durability="exit")
    value = workflow.invoke(lib.Command(resume="!"), on(), durability="exit")
    return {"asked": asked, "value": value, "ran": ran}


@program(64)
def replay_writes_nothing_again(lib: Library, saver: Any) -> Any:
    """The history is the same after invoke(None) on an interrupted thread."""

    @lib.task
    def step() -> str:
        return "step"

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [step().result(), lib.interrupt("?")]

    workflow.invoke(1, on())
    before = list(workflow.get_state_history(on()))
    workflow.invoke(None, on())
    return before == list(workflow.get_state_history(on()))


@program(
    88,
    differs={88: "a result is taken when its task ends"},
    expected=[[1], "!"],
)
def a_result_changed_after_its_task_ended(lib: Library, saver: Any) -> Any:
    """With durability="exit" LangGraph stores what became of it later."""

    @lib.task
    def make() -> list[int]:
        return [1]

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        made = make().result()
        seen = list(made)
        made.append(2)
        return [seen, lib.interrupt("?")]

    workflow.invoke(1, on(), durability="exit")
    return workflow.invoke(lib.Command(resume="!"), on(), durability="exit")
