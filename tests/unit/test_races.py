"""Two things at once: whichever comes first counts, and nothing hangs or is lost."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from nbflow._engine.op import Op
from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.events import Event, RunEnded
from nbflow.func import entrypoint, task
from nbflow.types import Command, RetryPolicy, interrupt
from tests.unit.drive import Config, Drive, within

LIMIT_S = 8.0


@pytest.mark.parametrize("plain", [True, False], ids=["plain task", "async task"])
@pytest.mark.parametrize("how", ["wait_for", "timeout"])
def test_a_time_out_is_replayed(
    saver: BaseCheckpointSaver, config: Config, plain: bool, how: str
) -> None:
    """54: the branch that the code took is the branch of the replay"""
    let_go = threading.Event()

    @task
    def block() -> str:
        let_go.wait(LIMIT_S)
        return "late"

    @task
    async def never() -> str:
        await asyncio.Event().wait()
        return "late"

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        future = block() if plain else never()
        try:
            if how == "wait_for":
                found = await asyncio.wait_for(future, 0.02)
            else:
                async with asyncio.timeout(0.02):
                    found = await future
        except TimeoutError:
            found = "timed out"
        return found, interrupt("?")

    async def main() -> Any:
        asked = await workflow.ainvoke(1, config)
        let_go.set()
        return asked, await workflow.ainvoke(Command(resume="!"), config)

    asked, answered = within(LIMIT_S, lambda: asyncio.run(main()))
    assert "__interrupt__" in asked
    assert answered == ("timed out", "!")


def test_time_outs_that_meet_the_end_of_the_task(
    saver: BaseCheckpointSaver, config: Config
) -> None:
    @task
    def block(n: int) -> list[int]:
        threading.Event().wait(0.0005)
        return [n] * 1000

    @entrypoint(checkpointer=saver)
    async def workflow(count: int) -> int:
        in_time = 0
        for n in range(count):
            try:
                in_time += len(await asyncio.wait_for(block(n), 0.0005 + n % 5 * 0.0003)) == 1000
            except TimeoutError:
                continue
        return in_time

    assert 0 <= within(LIMIT_S, lambda: asyncio.run(workflow.ainvoke(100, config))) <= 100


def test_cancelling_at_any_moment_ends_the_run() -> None:
    @task
    def step(n: int) -> int:
        return n

    @entrypoint(checkpointer=InMemorySaver())
    def workflow(n: int) -> int:
        return sum(step(i).result() for i in range(n))

    def rounds() -> set[str]:
        seen = set()
        for at in range(60):
            run = workflow.start(400, thread_id=at)
            for _ in range(at * 40):
                pass
            run.cancel()
            seen.add(run.wait(LIMIT_S))
        return seen

    assert within(60.0, rounds) <= {"cancelled", "done"}


def test_an_answer_while_the_run_opens_again(config: Config) -> None:
    class Slow(InMemorySaver):
        claiming = threading.Event()
        go_on = threading.Event()

        def claim(self, thread_id: str, ns: str, owner: str, expected_epoch: int) -> int:
            self.claiming.set()
            self.go_on.wait(0.05)
            return super().claim(thread_id, ns, owner, expected_epoch)

    saver, work = Slow(), threading.Event()

    @task
    def ask(n: int) -> Any:
        return interrupt(f"q{n}")

    @task
    def works() -> None:
        work.wait(LIMIT_S)

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        futures = [ask(1), ask(2), works()]
        return [f.result() for f in futures[:2]]

    run = workflow.start(1, thread_id="x")
    both = threading.Event()
    run.subscribe(lambda _: both.set() if len(run.interrupts) == 2 else None)
    assert len(run.interrupts) == 2 or both.wait(LIMIT_S)
    first, second = sorted(run.interrupts, key=lambda q: str(q.value))
    run.answer(first.id, 1)
    work.set()
    assert saver.claiming.wait(LIMIT_S)
    run.answer(second.id, 2)
    assert run.result(LIMIT_S) == [1, 2]


def test_a_listener_that_answers() -> None:
    @entrypoint(checkpointer=InMemorySaver())
    def workflow(n: int) -> Any:
        return [interrupt(i) for i in range(n)]

    run = workflow.start(0, thread_id="x")
    assert run.result(LIMIT_S) == []
    run = workflow.start(5, thread_id="y")

    def answer(event: Event) -> None:
        if isinstance(event, RunEnded) and event.status == "interrupted":
            run.answer(event.interrupts[0].id, event.interrupts[0].value)

    first = run.wait(LIMIT_S) and run.interrupts[0]
    run.subscribe(answer)
    assert first
    run.answer(first.id, first.value)
    for _ in range(5):
        if run.wait(LIMIT_S) == "done":
            break
    assert run.result(LIMIT_S) == [0, 1, 2, 3, 4]


def test_a_retried_parent_takes_all_its_children_back(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """79: parallel ones, too"""
    calls: dict[int, int] = {}

    @task
    def child(n: int) -> int:
        calls[n] = calls.get(n, 0) + 1
        if calls[n] == 1:
            raise ConnectionError(n)
        return n

    @task(retry_policy=RetryPolicy(initial_interval=0.001, jitter=False))
    def parent() -> list[int]:
        return [f.result() for f in [child(n) for n in range(5)]]

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return parent().result()

    assert drive.invoke(workflow, 1, config) == [0, 1, 2, 3, 4]
    assert set(calls.values()) == {2}


def test_a_class_as_input_is_refused_by_name(saver: BaseCheckpointSaver, config: Config) -> None:
    @entrypoint(checkpointer=saver)
    def workflow(kind: Any) -> None:
        return None

    with pytest.raises(TypeError, match=r"\$ "):
        workflow.invoke(int, config)


def test_a_cancellation_that_meets_the_outcome(
    saver: BaseCheckpointSaver, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """54: the code that cancels a task gets the outcome that is on record, not the other one"""
    begun, let_go = threading.Event(), threading.Event()

    @task
    def block() -> str:
        begun.set()
        let_go.wait(LIMIT_S)
        return "in time"

    is_given_up: Any = vars(Op)["is_given_up"]

    def meanwhile(op: Op) -> bool:
        """The task ends as it is about to be cancelled."""
        let_go.set()
        while not op.decided:
            threading.Event().wait(0.001)
        return bool(is_given_up.fget(op))

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        future = block()
        await asyncio.to_thread(begun.wait, LIMIT_S)
        with monkeypatch.context() as patch:
            patch.setattr(Op, "is_given_up", property(meanwhile))
            given_up = future.cancel()
        try:
            found = await future
        except asyncio.CancelledError:
            found = "cancelled"
        seen.append((given_up, found))
        return interrupt("?")

    async def main() -> Any:
        await workflow.ainvoke(1, config)
        return await workflow.ainvoke(Command(resume="!"), config)

    seen: list[Any] = []
    assert within(LIMIT_S, lambda: asyncio.run(main())) == "!"
    assert seen == [(False, "in time")] * 2
