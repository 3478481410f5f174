"""Which recorded call a call is: helpers in any order, policies on divergence, recorded chance.

Numbers 60, 71 to 74, and what unawaited tasks leave behind (55, 56).
"""

import asyncio
import itertools
import random as chance
import warnings
from datetime import UTC, datetime
from typing import Any

import pytest

import nbflow
from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.errors import NonDeterminismError, OutsideRunError
from nbflow.func import entrypoint, task
from nbflow.types import Command, interrupt
from tests.unit.drive import Config, Drive


@task
async def first(name: str) -> str:
    return name + "1"


@task
async def second(name: str) -> str:
    return name + "2"


async def helper(name: str) -> str:
    return await second(await first(name))


async def test_as_completed_takes_helpers_from_a_set(saver: BaseCheckpointSaver) -> None:
    """60: asyncio.as_completed numbers its helpers in the order of a set."""

    @entrypoint(checkpointer=saver)
    async def workflow(names: str) -> list[Any]:
        done = [await one for one in asyncio.as_completed([helper(n) for n in names])]
        done.append(interrupt("more?"))
        done += [await one for one in asyncio.as_completed([helper(n) for n in names.upper()])]
        return sorted([*done, interrupt("enough?")])

    for turn in range(20):
        config = {"configurable": {"thread_id": f"{turn}"}}
        await workflow.ainvoke("abcdefgh", config)
        await workflow.ainvoke(Command(resume="!"), config)
        expected = sorted(["!", "?", *(n + "12" for n in "abcdefghABCDEFGH")])
        assert await workflow.ainvoke(Command(resume="?"), config) == expected


async def test_helpers_in_another_order_are_found_out(saver: BaseCheckpointSaver) -> None:
    """60, 71: the code makes its helpers in one order; another one comes from outside."""
    order = list("abc")

    @entrypoint(checkpointer=saver)
    async def workflow(_: str) -> Any:
        found = await asyncio.gather(*(helper(name) for name in order))
        return [dict(zip(order, found, strict=True)), interrupt("?")]

    for turn, names in enumerate(itertools.permutations("abc")):
        config = {"configurable": {"thread_id": f"{turn}"}}
        order[:] = "abc"
        await workflow.ainvoke("", config)
        order[:] = names
        if turn:
            with pytest.raises(NonDeterminismError, match="The code is unchanged"):
                await workflow.ainvoke(Command(resume=1), config)
        else:
            value, _ = await workflow.ainvoke(Command(resume=1), config)
            assert value == {"a": "a12", "b": "b12", "c": "c12"}


async def test_equal_calls_of_helpers_are_told_apart_in_any_timing(
    saver: BaseCheckpointSaver,
) -> None:
    """60: another helper is the faster one after the answer."""
    accounts = itertools.count(100)
    slow = {"alice": 0, "bob": 3}

    @task
    async def new_account() -> int:
        return next(accounts)

    async def branch(name: str) -> Any:
        for _ in range(slow[name]):
            await asyncio.sleep(0)
        return name, await new_account(), interrupt(f"{name}?")

    @entrypoint(checkpointer=saver)
    async def workflow(_: str) -> Any:
        return await asyncio.gather(branch("alice"), branch("bob"))

    config = {"configurable": {"thread_id": "1"}}
    reply = await workflow.ainvoke("", config)
    slow.update(alice=3, bob=0)
    while isinstance(reply, dict):
        answers = {question.id: "yes" for question in reply["__interrupt__"]}
        reply = await workflow.ainvoke(Command(resume=answers), config)
    assert reply == [("alice", 100, "yes"), ("bob", 101, "yes")]


async def test_a_branch_that_went_on_after_a_question_may_come_another_way(
    saver: BaseCheckpointSaver,
) -> None:
    """60, 72: what a helper called while another one waited for an answer is no duty."""

    @entrypoint(checkpointer=saver)
    async def workflow(_: str) -> Any:
        queue: asyncio.Queue[str] = asyncio.Queue()

        async def asks() -> None:
            try:
                await queue.put(interrupt("what?"))
            finally:
                await queue.put("end")

        async def takes() -> list[str]:
            taken: list[str] = []
            while (item := await queue.get()) != "end":
                taken.append(await first(item))
            return [*taken, await second("closed")]

        return (await asyncio.gather(asks(), takes()))[1]

    config = {"configurable": {"thread_id": "1"}}
    await workflow.ainvoke("", config)
    assert await workflow.ainvoke(Command(resume="x"), config) == ["x1", "closed2"]


def reordered(saver: BaseCheckpointSaver, policy: Any, names: list[str], ran: list[str]) -> Any:
    @task
    def step(name: str) -> str:
        ran.append(name)
        return f"result of {name}"

    @entrypoint(checkpointer=saver, on_divergence=policy)
    def workflow(_: str) -> Any:
        return [[step(name).result() for name in names], interrupt("?")]

    return workflow


def test_on_divergence_error(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """71, 72: the default."""
    names = ["a", "b"]
    workflow = reordered(saver, "error", names, [])
    drive.invoke(workflow, "", config)
    names[0] = "z"

    with pytest.raises(NonDeterminismError, match="The code is unchanged"):
        drive.invoke(workflow, Command(resume=1), config)


def test_on_divergence_warn(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """72: new calls run, known ones are taken, nothing is swapped."""
    names, ran = ["a", "b"], ["-"]
    workflow = reordered(saver, "warn", names, ran)
    drive.invoke(workflow, "", config)
    names.insert(0, "z")

    with pytest.warns(UserWarning, match="on_divergence='warn'"):
        value = drive.invoke(workflow, Command(resume=1), config)
    assert value == [["result of z", "result of a", "result of b"], 1]
    assert ran == ["-", "a", "b", "z"]


def test_on_divergence_reuse(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """72: LangGraph's rule, for those who want it: the n-th call gets the n-th result."""
    names, ran = ["a", "b"], ["-"]
    workflow = reordered(saver, "reuse", names, ran)
    drive.invoke(workflow, "", config)
    names[:] = ["b", "a", "c"]

    value = drive.invoke(workflow, Command(resume=1), config)
    assert value == [["result of a", "result of b", "result of c"], 1]
    assert ran == ["-", "a", "b", "c"]


def test_an_unknown_policy_is_refused() -> None:
    """71"""
    with pytest.raises(TypeError, match="on_divergence='ignore'"):
        entrypoint(on_divergence="ignore")  # type: ignore[arg-type]  # what a user may write


def test_now_uuid_and_random_are_the_same_on_replay(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """74, fault 24: they decide what is asked and called, and the replay takes the same way."""
    seen: list[Any] = []

    @task
    def name(text: str) -> str:
        return text

    @entrypoint(checkpointer=saver)
    def workflow(_: str) -> Any:
        taken = [nbflow.now(), nbflow.uuid(), nbflow.random(), nbflow.random()]
        seen.append(taken)
        called = name(str(taken[1])).result()
        answer = interrupt({"at": taken[0], "dice": taken[2]})
        return [*taken, called, answer]

    chunks = drive.stream(workflow, "", config, stream_mode=["updates", "tasks"])
    value = drive.invoke(workflow, Command(resume="ok"), config)

    assert seen[0] == seen[1] == value[:4]
    assert value[4:] == [str(value[1]), "ok"]
    assert value[2] != value[3]
    assert abs((datetime.now(UTC) - value[0]).total_seconds()) < 60
    named = {chunk["name"] for mode, chunk in chunks if mode == "tasks"}
    assert named == {"workflow", "name"}


def test_chance_of_the_body_is_found_out(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """74, fault 24: without them, what changes an op is an error."""

    @task
    def name(text: float) -> float:
        return text

    @entrypoint(checkpointer=saver)
    def workflow(_: str) -> Any:
        return [name(chance.random()).result(), interrupt("?")]

    drive.invoke(workflow, "", config)
    with pytest.raises(NonDeterminismError, match="a random number"):
        drive.invoke(workflow, Command(resume=1), config)


def test_recorded_values_need_a_run() -> None:
    """24, 74"""
    for take in (nbflow.now, nbflow.uuid, nbflow.random):
        with pytest.raises(OutsideRunError, match=r"nbflow\.\w+\(\) was called where no run"):
            take()


def test_a_task_is_not_done_before_the_tasks_that_it_called(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """55, 56: an answer to a question that nobody awaits is not lost."""
    paid: list[Any] = []

    @task
    def pay() -> None:
        paid.append(interrupt("pay?"))

    @task
    def order() -> str:
        pay()
        return "ordered"

    @entrypoint(checkpointer=saver)
    def workflow(_: str) -> str:
        return order().result()

    asked = drive.invoke(workflow, "", config)
    assert [q.value for q in asked["__interrupt__"]] == ["pay?"]
    assert drive.invoke(workflow, Command(resume=5), config) == "ordered"
    assert paid == [5]


async def test_a_cancelled_run_leaves_no_task_behind(saver: BaseCheckpointSaver) -> None:
    """70: also while it waits for tasks that nobody awaited."""
    begun = asyncio.Event()
    ran: list[str] = []

    @task
    async def slow() -> None:
        ran.append("begun")
        begun.set()
        await asyncio.Event().wait()

    @entrypoint(checkpointer=saver)
    async def workflow(_: str) -> str:
        slow()
        return "done"

    config = {"configurable": {"thread_id": "1"}}
    run = asyncio.ensure_future(workflow.ainvoke("", config))
    await begun.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError), warnings.catch_warnings():
        await run

    others = asyncio.all_tasks() - {asyncio.current_task()}
    assert [t for t in others if "drive" in repr(t.get_coro())] == []
    assert workflow.get_state(config).status == "cancelled"
