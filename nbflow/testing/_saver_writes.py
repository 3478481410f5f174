"""What a saver shows of the facts of runs, and to whom: numbers 238 to 249."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.errors import AlreadyAnsweredError, ThreadBusyError
from nbflow.func import entrypoint, task
from nbflow.testing._programs import (
    HEX,
    counter,
    newest,
    on,
    with_metadata,
)
from nbflow.types import Command, Interrupt, interrupt

__all__ = ["ShowsWrites"]


class ShowsWrites:
    """The facts of runs are shown as pending writes, to sync and async code alike."""

    def test_writes_of_many_tasks(self, saver: BaseCheckpointSaver) -> None:
        """240: every task's fact, each under its task's id; a fact is stored once."""

        @task
        def child(n: int) -> int:
            return n * 10

        @task
        def works(n: int) -> Any:
            if n == 2:
                raise OSError("no")
            if n == 3:
                return interrupt("go on?")
            return child(n).result()

        @entrypoint(checkpointer=saver)
        def many(count: int) -> Any:
            calls = [works(n) for n in range(count)]
            done = [calls[n].result() for n in (0, 1)]
            with pytest.raises(OSError, match="no"):
                calls[2].result()
            return [*done, calls[3].result()]

        many.invoke(4, on("t"))
        ops = {op.id: op for op in many.get_state(on("t")).ops}
        before = newest(saver, on("t"))
        assert before.pending_writes is not None
        facts = {(task_id, channel) for task_id, channel, _ in before.pending_writes}
        shown = sorted(
            (ops[task_id].name or "", channel, str(value))
            for task_id, channel, value in before.pending_writes
            if channel != "__interrupt__"
        )

        assert shown == [
            ("child", "__return__", "0"), ("child", "__return__", "10"),
            ("works", "__error__", "OSError('no')"), ("works", "__return__", "0"),
            ("works", "__return__", "10"),
        ]  # fmt: skip
        (asked,) = [(i, v) for i, c, v in before.pending_writes if c == "__interrupt__"]
        assert ops[asked[0]].name == "works"
        assert asked[1] == [Interrupt("go on?", HEX)]

        many.invoke(None, on("t"))

        after = newest(saver, on("t"))
        assert after.pending_writes is not None
        assert {(task_id, channel) for task_id, channel, _ in after.pending_writes} == facts
        assert len(after.pending_writes) == len(facts)

    def test_failures_questions_and_answers(self, saver: BaseCheckpointSaver) -> None:
        """241: the newest failure and question stand; outcomes and answers are the first."""

        @task
        def fragile(n: int) -> int:
            if len(attempts) < n:
                attempts.append(n)
                raise OSError(f"attempt {len(attempts)}")
            return n

        @entrypoint(checkpointer=saver)
        def workflow(n: int) -> Any:
            value = fragile(n).result()
            return [value, interrupt("one"), interrupt("two")]

        def writes() -> list[tuple[str, Any]]:
            found = next(t for t in saver.list(on("t")) if t.metadata["source"] == "input")
            return [(channel, value) for _, channel, value in found.pending_writes or ()]

        attempts: list[int] = []
        for attempt in (1, 2):
            with pytest.raises(OSError, match="attempt"):
                workflow.invoke(2, on("t")) if attempt == 1 else workflow.invoke(None, on("t"))
            assert [w for w in writes() if w[0] == "__error__"] == [
                ("__error__", f"OSError('attempt {attempt}')")
            ] * 2
        (first,) = workflow.invoke(None, on("t"))["__interrupt__"]
        assert ("__interrupt__", [first]) in writes()
        assert ("__return__", 2) in writes()
        workflow.invoke(Command(resume={first.id: "a"}), on("t"))
        (second,) = workflow.get_state(on("t")).interrupts

        assert [w for w in writes() if w[0] in ("__interrupt__", "__resume__")] == [
            ("__resume__", ["a"]), ("__interrupt__", [second]),
        ]  # fmt: skip
        with pytest.raises(AlreadyAnsweredError):
            workflow.invoke(Command(resume={first.id: "again"}), on("t"))
        assert workflow.invoke(Command(resume={second.id: None}), on("t")) == [2, "a", None]
        assert [w for w in writes() if w[0] in ("__interrupt__", "__resume__")] == [
            ("__resume__", ["a", None]), ("__interrupt__", [second]),
        ]  # fmt: skip

    def test_writes_belong_to_one_run(self, saver: BaseCheckpointSaver) -> None:
        """242: the next run, and the checkpoint that closes one, show none of them."""
        count = counter(saver)
        count.invoke(-1, on("t"))
        with pytest.warns(UserWarning, match="open questions are dropped"):
            count.invoke(3, on("t"))

        assert [[w[1:] for w in one.pending_writes or ()] for one in saver.list(on("t"))] == [
            [], [("__return__", 3)],
            [("__interrupt__", [Interrupt({"below": -1}, HEX)]), ("__return__", -1)],
        ]  # fmt: skip

    def test_writes_of_a_fork(self, saver: BaseCheckpointSaver) -> None:
        """238: a fork shows what it keeps of the run that it is a fork of, under ids of its own."""

        @task
        def step(n: int) -> int:
            return n

        @entrypoint(checkpointer=saver)
        def workflow(n: int) -> Any:
            return [step(1).result(), step(2).result(), interrupt("?")]

        workflow.invoke(0, on("t"))
        ops = workflow.get_state(on("t")).ops
        forked = workflow.fork(on("t"), after=ops[0].id)
        again = workflow.fork(forked)

        of_forks = [newest(saver, config) for config in (forked, again)]

        for one in of_forks:
            assert [w[1:] for w in one.pending_writes or ()] == [("__return__", 1)]
            assert one.metadata["source"] == "fork"
        assert list(saver.list(on("t"), limit=2)) == of_forks[::-1]
        assert len({one.pending_writes[0][0] for one in of_forks if one.pending_writes}) == 2
        workflow.invoke(None, again)
        assert [w[1:] for w in newest(saver, on("t")).pending_writes or ()] == [
            ("__interrupt__", [Interrupt("?", HEX)]), ("__return__", 1), ("__return__", 2),
        ]  # fmt: skip

    def test_one_saver_for_sync_and_async(self, saver: BaseCheckpointSaver) -> None:
        """248: a saver has no kinds; sync code, async code and threads share one thread's state."""
        count = counter(saver)
        assert count.invoke(1, on("t")) == 1
        assert asyncio.run(count.ainvoke(2, on("t"))) == 3

        async def both() -> tuple[Any, Any]:
            inside = saver.get(on("t"))
            return inside, await asyncio.to_thread(count.invoke, 4, on("t"))

        inside, later = asyncio.run(both())
        assert (inside["channel_values"]["__end__"], later) == (3, 7)

    def test_one_saver_for_many_event_loops(self, saver: BaseCheckpointSaver) -> None:
        """249: a saver belongs to no event loop; sync calls inside one are fine."""
        count = counter(saver)

        async def add(n: int) -> tuple[Any, Any, list[str]]:
            value = await count.ainvoke(n, on("t"))
            with_sync = saver.get(on("t"))
            return value, with_sync, [one.checkpoint["id"] async for one in saver.alist(on("t"))]

        totals = []
        for n in (1, 2, 3):
            value, found, ids = asyncio.run(add(n))
            assert found["channel_values"]["__end__"] == value
            totals.append((value, len(ids)))
        assert totals == [(1, 2), (3, 4), (6, 6)]

    def test_ten_runs_of_one_thread_at_once(self, saver: BaseCheckpointSaver) -> None:
        """261: each is refused or counts; the history is one chain."""
        count, together = counter(saver), threading.Barrier(10)

        def run(_: int) -> bool:
            together.wait()
            try:
                count.invoke(1, on("t"))
            except ThreadBusyError:
                return False
            return True

        for _ in range(3):
            with ThreadPoolExecutor(10) as pool:
                assert sum(pool.map(run, range(10))) >= 1

        chain = list(saver.list(on("t")))
        assert [one.parent_config for one in chain] == [*(one.config for one in chain[1:]), None]
        assert len(chain) == 2 * count.get_state(on("t")).values
        total = count.get_state(on("t")).values
        for n in range(1, 11):
            assert count.invoke(1, on("t")) == total + n

    def test_nul_in_values(self, saver: BaseCheckpointSaver) -> None:
        """252: a NUL survives in values, questions, answers, failures and metadata."""

        @task
        def say(text: str) -> str:
            if text.startswith("fail"):
                raise ValueError(text)
            return text

        @entrypoint(checkpointer=saver)
        def workflow(text: str, *, previous: Any = None) -> Any:
            return {text: [say(text).result(), interrupt(text)], "previous": previous}

        config = with_metadata(on("t"), **{"k\0": "v\0w"})
        workflow.invoke("x\0y", config)
        (question,) = workflow.get_state(config).interrupts
        value = workflow.invoke(Command(resume="\0"), config)

        assert (question.value, value) == ("x\0y", {"x\0y": ["x\0y", "\0"], "previous": None})
        closed, opened = saver.list(config, filter={"k\0": "v\0w"})
        assert closed.checkpoint["channel_values"]["__end__"] == value
        assert [w[1:] for w in opened.pending_writes or ()] == [
            ("__resume__", ["\0"]), ("__interrupt__", [question]), ("__return__", "x\0y"),
        ]  # fmt: skip
        with pytest.raises(ValueError, match="fail\0ure"):
            workflow.invoke("fail\0ure", config)
        assert workflow.get_state(config).tasks[0].error == "ValueError('fail\\x00ure')"
