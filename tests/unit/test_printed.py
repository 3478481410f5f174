"""What tasks print is in the run's log: under the task, in whole lines, within bounds."""

from __future__ import annotations

import asyncio

import pytest

from nbflow.checkpoint.memory import InMemorySaver
from nbflow.config import get_print_writer
from nbflow.errors import OutsideRunError
from nbflow.events import Printed, RunEnded, TaskFinished, TaskStarted
from nbflow.func import entrypoint, task
from nbflow.run import Run
from nbflow.types import interrupt


def said(*pieces: str, stream: str = "stdout") -> None:
    for piece in pieces:
        get_print_writer()(piece, stream)


def printed(run: Run) -> list[tuple[str | None, str, str]]:
    """Who printed what, in order."""
    names = {event.id: event.name for event in run.events() if isinstance(event, TaskStarted)}
    return [
        (None if event.task is None else names[event.task], event.text, event.stream)
        for event in run.events()
        if isinstance(event, Printed)
    ]


def test_lines_are_whole_and_belong_to_their_task() -> None:
    @task
    def inner(name: str) -> None:
        said(name, " ", "begins", "\n", "and goes on")

    @task
    def outer() -> None:
        said("one\ntwo\nthr")
        inner("inner").result()
        said("ee\n")
        said("oh\n", stream="stderr")

    @entrypoint()
    def workflow(_: int) -> None:
        said("first, ")
        outer().result()
        said("last")

    run = workflow.start(0)
    run.result()

    assert printed(run) == [
        ("outer", "one\ntwo\n", "stdout"),
        ("inner", "inner begins\n", "stdout"),
        ("inner", "and goes on", "stdout"),
        ("outer", "three\n", "stdout"),
        ("outer", "oh\n", "stderr"),
        (None, "first, last", "stdout"),
    ]
    assert isinstance(run.events()[-1], RunEnded)
    ends = [event for event in run.events() if isinstance(event, TaskFinished | Printed)]
    assert [type(event).__name__ for event in ends[1:4]] == ["Printed", "Printed", "TaskFinished"]


async def test_tasks_side_by_side_on_one_loop_keep_their_lines_apart() -> None:
    @task
    async def count(name: str) -> None:
        for n in range(3):
            said(name)
            await asyncio.sleep(0)
            said(f"{n}\n")

    @entrypoint()
    async def workflow(_: int) -> None:
        await asyncio.gather(count("a"), count("b"))

    run = workflow.start(0)
    await run

    lines = [text for _, text, _ in printed(run)]
    assert sorted(lines) == ["a0\n", "a1\n", "a2\n", "b0\n", "b1\n", "b2\n"]


def test_a_stream_mode_shows_no_print() -> None:
    @entrypoint()
    def workflow(_: int) -> str:
        said("to the log alone\n")
        return "done"

    assert list(workflow.stream(0, stream_mode=["custom", "messages", "updates"])) == [
        ("updates", {"workflow": "done"})
    ]


def test_what_was_printed_before_a_replay_is_not_there_twice() -> None:
    @entrypoint(checkpointer=InMemorySaver())
    def workflow(_: int) -> str:
        said("before\n")
        answer: str = interrupt("Well?")
        said(f"after {answer}\n")
        return answer

    run = workflow.start(0)
    assert run.wait(10) == "interrupted"
    run.resume("yes")
    run.result()

    assert [text for _, text, _ in printed(run)] == ["before\n", "after yes\n"]


def test_what_is_kept_of_a_task_has_an_end() -> None:
    @task
    def talk(times: int) -> None:
        for n in range(times):
            said(f"{n:>99}\n")

    @entrypoint()
    def workflow(_: int) -> None:
        talk(3_000).result()
        talk(1).result()

    run = workflow.start(0)
    run.result()
    texts = [text for _, text, _ in printed(run)]

    assert sum(map(len, texts)) < 101_000
    assert texts[-2] == "… what was printed after this is not kept\n"
    assert texts[-1].strip() == "0"


def test_outside_a_run_there_is_no_writer() -> None:
    with pytest.raises(OutsideRunError, match="get_print_writer"):
        get_print_writer()
