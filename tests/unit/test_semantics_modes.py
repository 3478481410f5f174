"""What the stream modes add to LangGraph's, and what they refuse. Numbers 159 to 182.

The modes' shapes and order stand in ``tests/differential``.
"""

import asyncio
import itertools
from typing import Any

import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.config import get_token_writer
from nbflow.errors import RunPendingError
from nbflow.func import entrypoint, task
from nbflow.types import Command, GraphOutput, Interrupt, Token, interrupt
from tests.unit.drive import HEX, Config, Drive


def asking(saver: BaseCheckpointSaver | None) -> Any:
    """A task, a task that fails and is caught, a task that asks."""

    @task
    def good(n: int) -> int:
        return n + 1

    @task
    def bad() -> None:
        raise ValueError("no")

    @task
    def asks(n: int) -> Any:
        return interrupt(n)

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        made = good(n).result()
        try:
            bad().result()
        except ValueError as exc:
            return [made, str(exc), asks(made).result()]

    return workflow


def tasks_of(chunks: list[Any]) -> list[tuple[Any, ...]]:
    """Name, kind, and marks of each chunk."""
    return [
        (c["name"], "start" if "triggers" in c else "end", c.get("replayed"), c.get("error"))
        for c in chunks
    ]


def test_every_start_has_an_end_also_on_replay(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """166, 167: a replayed task starts and ends, marked."""
    workflow = asking(saver)
    first = drive.stream(workflow, 1, config, stream_mode="tasks")
    error = {"type": "ValueError", "message": "no"}

    shown = tasks_of(first)
    assert [(name, kind, mark) for name, kind, mark, _ in shown] == [
        ("workflow", "start", None),
        ("good", "start", None), ("good", "end", None),
        ("bad", "start", None), ("bad", "end", None),
        ("asks", "start", None), ("asks", "end", None),
        ("workflow", "end", None),
    ]  # fmt: skip
    assert {k: shown[4][3][k] for k in error} == error
    assert 'raise ValueError("no")' in shown[4][3]["traceback"]
    assert [q["value"] for q in first[6]["interrupts"]] == [2]

    again = drive.stream(workflow, Command(resume="!"), config, stream_mode="tasks")
    assert [(name, kind, mark) for name, kind, mark, _ in tasks_of(again)] == [
        ("workflow", "start", None),
        ("good", "start", True), ("good", "end", True),
        ("bad", "start", True), ("bad", "end", True),
        ("asks", "start", None), ("asks", "end", None),
        ("workflow", "end", None),
    ]  # fmt: skip
    assert (again[1]["input"], again[2]["result"]) == (((1,), {}), {"__return__": 2})


def test_a_task_that_still_waits_is_shown_as_such(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """102, 167"""
    workflow = asking(saver)
    drive.invoke(workflow, 1, config)
    chunks = drive.stream(workflow, None, config, stream_mode="tasks")
    waiting = [c for c in chunks if c["name"] == "asks"]
    assert [c.get("replayed") for c in waiting] == [True, True]
    assert [q["value"] for q in waiting[1]["interrupts"]] == [2]


def endless(saver: BaseCheckpointSaver) -> Any:
    """Calls tasks for ever."""

    @task
    def step(n: int) -> int:
        return n

    @entrypoint(checkpointer=saver)
    def workflow(_: str) -> int:
        return sum(1 for n in itertools.count() if step(n).result() == n)

    return workflow


def test_a_run_that_is_left_early_stops(saver: BaseCheckpointSaver, config: Config) -> None:
    """177"""
    workflow = endless(saver)
    stream = workflow.stream("", config, stream_mode="tasks")
    assert [next(stream)["name"] for _ in range(5)][:2] == ["workflow", "step"]
    stream.close()

    assert workflow.get_state(config).status == "cancelled"


@pytest.mark.parametrize("modes", ["update", ["updates", "x"], ["tasks", "Values"]])
def test_an_unknown_mode_is_refused(saver: BaseCheckpointSaver, modes: Any, drive: Drive) -> None:
    """174"""
    with pytest.raises(ValueError, match="Unknown stream mode"):
        drive.stream(asking(saver), 1, {"configurable": {"thread_id": "1"}}, stream_mode=modes)
    assert saver.list_threads() == []


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("output_keys", ["a"], "one value"),
        ("interrupt_before", ["workflow"], "call interrupt"),
        ("interrupt_after", "*", "call interrupt"),
        ("debug", True, "print_mode"),
    ],
)
def test_what_a_workflow_has_no_use_for(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, name: str, value: Any, why: str
) -> None:
    """159: refused with the reason, not ignored."""
    with pytest.raises(TypeError, match=f"{name}= is not part of nbflow, because .*{why}"):
        drive.stream(asking(saver), 1, config, **{name: value})


def test_an_argument_that_does_not_exist(saver: BaseCheckpointSaver, config: Config) -> None:
    """159"""
    with pytest.raises(TypeError, match="'steam_mode'"):
        asking(saver).invoke(1, config, steam_mode="updates")


def test_print_mode_prints_besides(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    """172"""
    chunks = drive.stream(asking(saver), 1, config, stream_mode="values", print_mode="updates")
    assert chunks == [{"__interrupt__": (Interrupt(2, HEX),)}]
    assert capsys.readouterr().out.splitlines()[0] == "updates {'good': 2}"


def test_text_that_a_task_writes_itself(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """171: piece by piece, and not again on replay."""

    @task
    def tell(name: str) -> str:
        write = get_token_writer()
        for word in ("Hello", " ", name):
            write(word, id="greeting", tone="kind")
        return f"Hello {name}"

    @entrypoint(checkpointer=saver)
    def workflow(name: str) -> Any:
        get_token_writer()("...")
        return [tell(name).result(), interrupt("?")]

    chunks = drive.stream(workflow, "Ada", config, stream_mode="messages")
    about = {"langgraph_node": "tell", "thread_id": "some_thread_id", "tone": "kind"}
    assert chunks == [
        (Token("..."), {"langgraph_node": "workflow", "thread_id": "some_thread_id"}),
        (Token("Hello", "greeting"), about),
        (Token(" ", "greeting"), about),
        (Token("Ada", "greeting"), about),
    ]
    assert drive.stream(workflow, Command(resume=1), config, stream_mode="messages") == []


def test_output_of_version_2(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """178, 179"""
    workflow = asking(saver)
    asked = drive.invoke(workflow, 1, config, version="v2")
    assert asked == GraphOutput({}, (Interrupt(2, HEX),))
    with pytest.warns(DeprecationWarning, match=r"output\.value"):
        assert asked["__interrupt__"] == (Interrupt(2, HEX),)
    with pytest.warns(DeprecationWarning, match=r"output\.interrupts"):
        assert "__interrupt__" in asked

    assert drive.invoke(workflow, Command(resume=0), config, version="v2") == GraphOutput(
        [2, "no", 0]
    )
    with pytest.raises(ValueError, match="Unknown version 'v9'"):
        drive.invoke(workflow, 1, config, version="v9")


def test_a_nested_workflow_streamed_inside_a_run(
    saver: BaseCheckpointSaver, config: Config
) -> None:
    """173, 31: its own stream, and its steps are the run's."""
    ran: list[int] = []

    @task
    def step(n: int) -> int:
        ran.append(n)
        return n + 1

    @entrypoint()
    def child(n: int) -> int:
        return step(step(n).result()).result()

    @entrypoint(checkpointer=saver)
    def parent(n: int) -> Any:
        inner = list(child.stream(n, stream_mode=["updates", "values"]))
        return [inner, interrupt("?")]

    first = list(parent.stream(1, config, subgraphs=True))
    assert [(len(ns), chunk) for ns, chunk in first[:3]] == [
        (1, {"step": 2}), (1, {"step": 3}), (1, {"child": 3})
    ]  # fmt: skip
    replayed, _ = parent.invoke(Command(resume=1), config)
    assert ran == [1, 2]
    assert replayed == [("updates", {"child": 3}), ("values", 3)]


async def test_a_nested_async_workflow_streamed_inside_a_run(saver: BaseCheckpointSaver) -> None:
    """173, 31"""

    @task
    async def step(n: int) -> int:
        return n + 1

    @entrypoint()
    async def child(n: int) -> int:
        return await step(n)

    @entrypoint(checkpointer=saver)
    async def parent(n: int) -> Any:
        return [chunk async for chunk in child.astream(n)]

    config = {"configurable": {"thread_id": "1"}}
    assert await parent.ainvoke(1, config) == [{"step": 2}, {"child": 2}]


def test_channels_of_a_run(saver: BaseCheckpointSaver, config: Config) -> None:
    """180, 182: numbered without gaps; each channel once, in order."""
    workflow = asking(saver)
    with workflow.stream_events(1, config, version="v3") as run:
        mixed = list(run.interleave("updates", "custom"))
        events = list(run)
        assert run.interrupted and run.interrupts == [Interrupt(2, HEX)] and run.output == {}
        with pytest.raises(ValueError, match="being read already"):
            list(run.updates)
        with pytest.raises(AttributeError, match="no channel 'valves'"):
            _ = run.valves
        with pytest.raises(ValueError, match="'valves' is no channel"):
            run.interleave("valves")
    assert mixed == [
        ("updates", {"good": 2}),
        ("updates", {"__interrupt__": (Interrupt(2, HEX),)}),
    ]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert {e["method"] for e in events} == {"checkpoints", "tasks", "updates", "values"}
    with pytest.raises(NotImplementedError, match="not part of nbflow, because"):
        workflow.stream_events(1, config, version="v2")


def test_a_run_that_is_aborted_stops(saver: BaseCheckpointSaver, config: Config) -> None:
    """180"""
    workflow = endless(saver)
    run = workflow.stream_events("", config)
    assert next(iter(run.updates)) == {"step": 0}
    run.abort()
    run.abort()
    assert workflow.get_state(config).status == "cancelled"


async def test_channels_of_an_async_run(saver: BaseCheckpointSaver) -> None:
    """180, 182"""
    config = {"configurable": {"thread_id": "1"}}
    async with await asking(saver).astream_events(1, config) as run:
        assert await anext(run.updates) == {"good": 2}
        assert await run.output() == {}
    async with await asking(saver).astream_events(Command(resume=1), config) as run:
        assert [name async for name, _ in run.interleave("values", "updates")] == [
            "updates", "updates", "values"
        ]  # fmt: skip
        await run.abort()


def test_a_workflow_called_like_a_function(saver: BaseCheckpointSaver, config: Config) -> None:
    """89: what a caller of functions cannot answer is an error."""

    @entrypoint()
    def double(n: int) -> int:
        return 2 * n

    assert double(4) == 8
    with pytest.raises(RunPendingError, match="asks"):
        asking(saver)(1, config)
    assert asking(saver).get_state(config).status == "interrupted"


async def test_two_streams_of_one_workflow_do_not_mix(saver: BaseCheckpointSaver) -> None:
    """200"""
    workflow = asking(saver)

    async def stream(n: int) -> list[Any]:
        config = {"configurable": {"thread_id": f"{n}"}}
        return [chunk async for chunk in workflow.astream(n, config)]

    found = await asyncio.gather(*(stream(n) for n in range(8)))
    assert [chunks[0] for chunks in found] == [{"good": n + 1} for n in range(8)]
