"""How a saver takes care of threads: deleting, copying and pruning; numbers 243 to 246."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.errors import (
    InvalidNameError,
    InvalidUpdateError,
    LeaseLostError,
    ThreadBusyError,
    UnknownInterruptError,
    UnknownOpError,
    UnknownThreadError,
)
from nbflow.func import entrypoint, task
from nbflow.testing._programs import counter, ids_of, newest, on, values_of, with_metadata
from nbflow.types import Command, interrupt

__all__ = ["CaresForThreads"]


class CaresForThreads:
    """What is removed is gone, and what is left works as before."""

    def test_delete_thread(self, saver: BaseCheckpointSaver) -> None:
        """243: all namespaces go, other threads stay, and a missing one is no error."""
        rich(saver, "t")
        rich(saver, "kept")
        before = contents(saver, "kept")

        saver.delete_thread("t")
        saver.delete_thread("t")

        assert contents(saver, "t") == ([], {}, [])
        assert saver.get_tuple(on("t")) is None
        assert list(saver.list(on("t"))) == []
        assert contents(saver, "kept") == before

    def test_copy_thread(self, saver: BaseCheckpointSaver) -> None:
        """244: ids, order, metadata, namespaces and ops are those of the source, which stays."""
        workflow = rich(saver, "t")
        rich(saver, "other")
        before = contents(saver, "t"), contents(saver, "other")

        saver.copy_thread("t", "copy")

        assert contents(saver, "copy") == contents(saver, "t") == before[0]
        assert contents(saver, "other") == before[1]
        assert ids_of(saver, on("copy")) == ids_of(saver, on("t"))
        assert {one.config["configurable"]["thread_id"] for one in saver.list(on("copy"))} == {
            "copy"
        }
        (question,) = workflow.get_state(on("copy")).interrupts
        (original,) = workflow.get_state(on("t")).interrupts
        assert question.id != original.id
        with pytest.raises(UnknownInterruptError):
            workflow.invoke(Command(resume={original.id: "no"}), on("copy"))
        assert workflow.invoke(Command(resume="copy"), on("copy"))[:2] == [4, "copy"]
        assert contents(saver, "t") == before[0]
        assert workflow.invoke(Command(resume="source"), on("t"))[:2] == [4, "source"]
        assert workflow.get_state(on("copy")).values[:2] == [4, "copy"]

    def test_copies_that_are_refused(self, saver: BaseCheckpointSaver) -> None:
        """244: no source, a target that is there, a name that cannot be stored."""
        counter(saver).invoke(1, on("t"))
        counter(saver).invoke(2, on("u"))
        before = contents(saver, "t"), contents(saver, "u")

        with pytest.raises(UnknownThreadError, match="no thread 'x'"):
            saver.copy_thread("x", "y")
        for target in ("u", "t"):
            with pytest.raises(InvalidUpdateError, match=f"thread '{target}' already"):
                saver.copy_thread("t", target)
        with pytest.raises(InvalidNameError):
            saver.copy_thread("t", "\ud800")

        assert (contents(saver, "t"), contents(saver, "u")) == before
        assert {thread.thread_id for thread in saver.list_threads()} == {"t", "u"}

    def test_a_copy_of_a_copy_and_of_a_running_thread(self, saver: BaseCheckpointSaver) -> None:
        """244: a copy of a thread that is running belongs to nobody, and goes on by itself."""

        @task
        def copies() -> int:
            if not made:
                made.append(1)
                saver.copy_thread("t", "copy")
                saver.copy_thread("copy", "second")
            return len(made)

        @entrypoint(checkpointer=saver)
        def workflow(n: int) -> int:
            return copies().result() + n

        made: list[int] = []
        assert workflow.invoke(1, on("t")) == 2
        assert workflow.get_state(on("copy")).status == "crashed"
        assert [workflow.invoke(None, on(name)) for name in ("second", "copy", "t")] == [2, 2, 2]

    def test_delete_for_runs(self, saver: BaseCheckpointSaver) -> None:
        """245: what the runs stored goes, in every thread; the rest goes on from what is left."""
        count = counter(saver)
        for n in (1, 2, 3):
            count.invoke(n, on("t"))
            count.invoke(10 * n, on("u"))
        kept = contents(saver, "u")
        _, second, third = run_ids(saver, "t")

        saver.delete_for_runs([second, "f" * 32])

        assert [v.get("__end__") for v in values_of(saver, on("t"))] == [6, 3, 1, None]
        chain = list(saver.list(on("t")))
        assert [one.parent_config for one in chain] == [*(one.config for one in chain[1:]), None]
        assert contents(saver, "u") == kept
        assert saver.get_run(second) is None
        assert saver.get_ops(second) == []
        saver.delete_for_runs([third])
        assert count.get_state(on("t")).values == 1
        assert count.invoke(None, on("t")) == 1
        assert count.invoke(5, on("t")) == 6
        saver.delete_for_runs(run_ids(saver, "t") + run_ids(saver, "u"))
        assert saver.list_threads() == []
        assert list(saver.list(None)) == []
        with pytest.raises(ValueError, match="expected a list"):
            saver.delete_for_runs("f" * 32)

    def test_nothing_begins_with_what_was_removed_meanwhile(
        self, saver: BaseCheckpointSaver
    ) -> None:
        """Who has read a run of the past before it goes is told that the thread has changed."""
        count = counter(saver)
        for n in (1, 2, 3):
            count.invoke(n, on("t"))
        thread, first = saver.get_thread("t"), saver.list_runs("t")[-1]
        followed = next(saver.list_checkpoints("t", limit=1))
        assert thread is not None

        saver.prune(["t"])

        late = replace(first, id="f" * 32, parent_run=first.id, upto=1)
        opening = replace(followed, id="late", parent=followed.parent, run=late.id, source="fork")
        with pytest.raises(ThreadBusyError, match="has changed since"):
            saver.begin_run(late, opening, "me", thread.epoch)
        assert saver.get_run(late.id) is None
        saver.prune(["t"])
        assert count.invoke(4, on("t")) == 10

    def test_run_ids_of_your_own(self, saver: BaseCheckpointSaver) -> None:
        """234, 245: a ``run_id`` that you gave is kept, and names what is to go."""
        count = counter(saver)
        for n, run_id in ((1, "x"), (2, "y"), (3, "x")):
            count.invoke(n, with_metadata(on("t"), run_id=run_id, source="mine", step=9, parents=7))
        count.update_state(with_metadata(on("t"), run_id="x"), 50)
        count.invoke(4, with_metadata(on("u"), run_id="x"))

        shown = [one.metadata for one in saver.list(on("t"))]
        assert [m["run_id"] for m in shown] == ["x", "x", "x", "y", "y", "x", "x"]
        assert [m["source"] for m in shown] == ["update", *["loop", "input"] * 3]
        assert {str(m["parents"]) for m in shown} == {"{}"}
        saver.delete_for_runs(["x"])

        assert [v.get("__end__") for v in values_of(saver, None)] == [3, 1]
        assert count.invoke(1, on("t")) == 4

    def test_a_thread_goes_back_to_a_run_that_was_left(self, saver: BaseCheckpointSaver) -> None:
        """245: a run that was dropped for the deleted one can be answered again."""
        count = counter(saver)
        count.invoke(-1, on("t"))
        with pytest.warns(UserWarning, match="dropped"):
            count.invoke(3, on("t"))
        saver.delete_for_runs([run_ids(saver, "t")[1]])

        state = count.get_state(on("t"))

        assert (state.status, [q.value for q in state.interrupts]) == ("ready", [{"below": -1}])
        assert count.invoke(Command(resume=20), on("t")) == 19

    def test_a_run_that_is_deleted_while_it_runs(self, saver: BaseCheckpointSaver) -> None:
        """245: it stores nothing more."""

        @task
        def deletes() -> None:
            saver.delete_for_runs(run_ids(saver, "t")[-1:])

        @entrypoint(checkpointer=saver)
        def workflow(n: int) -> int:
            if n == 2:
                deletes().result()
            return n

        workflow.invoke(1, on("t"))
        before = contents(saver, "t")
        with pytest.raises(LeaseLostError):
            workflow.invoke(2, on("t"))

        assert contents(saver, "t") == before
        assert workflow.invoke(3, on("t")) == 3

    def test_a_fork_outlives_its_run(self, saver: BaseCheckpointSaver) -> None:
        """245, 246: the ops that a fork begins with stay when the run that made them goes."""

        @task
        def step(n: int) -> Any:
            calls.append(n)
            return [n, *BIG]

        @entrypoint(checkpointer=saver)
        def workflow(n: int) -> Any:
            return [step(k).result()[0] for k in range(3)] + [interrupt("?")]

        calls: list[int] = []
        workflow.invoke(0, on("t"))
        ops = workflow.get_state(on("t")).ops
        workflow.fork(on("t"), after=ops[1].id)
        workflow.invoke(None, on("t"))
        fork = workflow.fork(on("t"))
        first_run, second_run, third_run = run_ids(saver, "t")
        calls.clear()

        saver.delete_for_runs([first_run])
        saver.delete_for_runs([second_run])

        assert run_ids(saver, "t") == [third_run]
        assert [len(saver.get_ops(run)) > 0 for run in (first_run, second_run)] == [True, True]
        assert [op.value[0] for op in workflow.get_state(fork).ops if op.kind == "task"] == [
            0,
            1,
            2,
        ]
        saver.prune(["t"])
        saver.copy_thread("t", "copy")
        for thread_id in ("t", "copy"):
            assert workflow.invoke(Command(resume="yes"), on(thread_id)) == [0, 1, 2, "yes"]
            workflow.update_state(on(thread_id), "new")
            saver.delete_for_runs(run_ids_with_updates(saver, thread_id))
            assert saver.list_runs(thread_id) == []
            assert workflow.get_state(on(thread_id)).values == "new"
        assert calls == []
        with pytest.raises(UnknownOpError):
            workflow.fork(on("t"), after=ops[1].id)

    def test_prune(self, saver: BaseCheckpointSaver) -> None:
        """246: keep_latest leaves the newest checkpoint, and what it takes to go on."""
        count = counter(saver)
        for thread_id in ("t", "u", "kept"):
            for n in (1, 2, -4):
                count.invoke(n, on(thread_id))
        kept, newest_t = contents(saver, "kept"), newest(saver, on("t"))
        count.invoke(Command(resume=100), on("u"))

        saver.prune(["t", "u", "unknown"])
        saver.prune(["t"], strategy="keep_latest")

        assert list(saver.list(on("t"))) == [newest_t._replace(parent_config=None)]
        assert len(saver.list_runs("t")) == 1
        assert values_of(saver, on("u")) == [{"__end__": 99, "__previous__": 99}]
        assert contents(saver, "kept") == kept
        assert count.invoke(None, on("u")) == 99
        assert count.invoke(Command(resume=100), on("t")) == 99
        assert count.invoke(1, on("t")) == 100
        saver.prune(["t", "u"], strategy="delete")
        assert {thread.thread_id for thread in saver.list_threads()} == {"kept"}
        assert [saver.get_tuple(on(name)) for name in "tu"] == [None, None]
        for wrong in ("keep_newest", None):
            with pytest.raises(ValueError, match="'keep_latest' or 'delete'"):
                saver.prune(["kept"], strategy=wrong)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="expected a list"):
            saver.prune("kept")
        assert contents(saver, "kept") == kept

    @pytest.mark.parametrize("then", ["a new run", "an update", "a fork", "the same run"])
    def test_prune_keeps_what_nested_workflows_saved(
        self, saver: BaseCheckpointSaver, then: str
    ) -> None:
        """246: per namespace, even where the newest runs did not come by the nested workflow."""

        @entrypoint(checkpointer=True)
        def inner(n: int, *, previous: int | None = None) -> int:
            return n + (previous or 0)

        @entrypoint(checkpointer=saver)
        def outer(n: int) -> Any:
            if n == 0:
                return interrupt("?")
            return inner.invoke(n)

        for n in (1, 2, 0):
            outer.invoke(n, on("t"))
        if then == "a new run":
            outer.invoke(Command(resume="ok"), on("t"))
        elif then == "an update":
            outer.update_state(on("t"), "by hand", force=True)
        elif then == "a fork":
            outer.fork(on("t"))
        ns = next(thread.ns for thread in saver.list_threads() if thread.ns)

        saver.prune(["t"])

        assert values_of(saver, on("t", checkpoint_ns=ns)) == [{"__end__": 3, "__previous__": 3}]
        assert len(ids_of(saver, on("t", checkpoint_ns=""))) == 2
        if then in ("a fork", "the same run"):
            assert outer.invoke(Command(resume="ok"), on("t")) == "ok"
        assert outer.invoke(4, on("t")) == 7

    def test_prune_while_a_run_goes_on(self, saver: BaseCheckpointSaver) -> None:
        """246: the run ends as if nothing had happened."""

        @task
        def prunes(n: int) -> int:
            saver.prune(["t"])
            return n

        @entrypoint(checkpointer=saver)
        def workflow(n: int, *, previous: int | None = None) -> int:
            return prunes(n).result() + (previous or 0)

        assert [workflow.invoke(n, on("t")) for n in (1, 2, 3)] == [1, 3, 6]
        assert [v.get("__end__") for v in values_of(saver, on("t"))] == [6, 3]

    def test_prune_keeps_so_many_runs(self, saver: BaseCheckpointSaver) -> None:
        """246: of each thread the newest runs stay whole, and what was changed by hand since."""
        count = counter(saver)
        for thread_id in ("t", "u"):
            for n in (1, 2, 3):
                count.invoke(n, on(thread_id))
            count.update_state(on(thread_id), 50)
            count.invoke(4, on(thread_id))
        whole, other = contents(saver, "t"), contents(saver, "u")

        saver.prune(["t"], keep=9)
        assert contents(saver, "t") == whole
        saver.prune(["t"], keep=2)
        assert [v.get("__end__") for v in values_of(saver, on("t"))] == [54, 50, 50, 6, 3]
        assert contents(saver, "u") == other
        saver.copy_thread("t", "latest")
        saver.prune(["latest"])
        saver.prune(keep=0)
        assert contents(saver, "t") == contents(saver, "latest")
        assert [len(ids_of(saver, on(thread_id))) for thread_id in "tu"] == [1, 1]
        assert count.invoke(1, on("t")) == 55
        for wrong in (-1, 1.5, True):
            with pytest.raises(ValueError, match="number of runs from 0"):
                saver.prune(["t"], keep=wrong)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="removes whole threads"):
            saver.prune(["t"], strategy="delete", keep=1)

    def test_prune_by_age(
        self, saver: BaseCheckpointSaver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """246: what is younger stays, also of nested workflows; delete takes whole threads."""
        now = [1_000_000.0]
        monkeypatch.setattr(time, "time", lambda: now[0])
        workflow = rich(saver, "old")
        now[0] += 86_400
        rich(saver, "t")
        before = contents(saver, "t")
        now[0] += 3_600
        saver.prune(["t"], older_than=7_200)
        assert contents(saver, "t") == before
        saver.copy_thread("old", "latest")
        saver.prune(["latest"])
        saver.prune(older_than=timedelta(hours=2))
        assert contents(saver, "t") == before
        assert contents(saver, "old") == contents(saver, "latest")
        now[0] += 86_400
        workflow.invoke(Command(resume="yes"), on("old"))
        workflow.invoke(1, on("old"))
        saver.prune(["old"], keep=1, older_than=0)
        assert len(ids_of(saver, on("old", checkpoint_ns=""))) == 2
        saver.prune(strategy="delete", older_than=timedelta(hours=2))
        assert {thread.thread_id for thread in saver.list_threads()} == {"old"}
        for wrong in (-1, "a day", float("nan")):
            with pytest.raises(ValueError, match="seconds from 0, or a timedelta"):
                saver.prune(["t"], older_than=wrong)  # type: ignore[arg-type]

    @pytest.mark.parametrize("keep", [1, 2, 3])
    def test_what_prune_keeps_can_be_forked_as_before(
        self, saver: BaseCheckpointSaver, keep: int
    ) -> None:
        """246: each run that stays goes on as it does where nothing was removed."""
        rich(saver, "t")
        workflow = rich(saver, "as it was")
        saver.prune(["t"], keep=keep)

        def forked(thread_id: str) -> list[Any]:
            found: list[Any] = []
            for checkpoint in list(workflow.get_state_history(on(thread_id))):
                if len(found) < 2 * keep and checkpoint.metadata["source"] in ("input", "fork"):
                    workflow.fork(checkpoint.config)
                    try:
                        found.append(workflow.invoke(None, on(thread_id)))
                    except ValueError as error:
                        found.append(str(error))
            return [
                one["__interrupt__"][0].value if isinstance(one, dict) else one for one in found
            ]

        left = forked("t")
        assert left == forked("as it was")[: len(left)]
        assert len(left) >= keep

    def test_prune_of_a_rich_thread(self, saver: BaseCheckpointSaver) -> None:
        """246: what is left answers, runs and nests as before."""
        workflow = rich(saver, "t")
        question = workflow.get_state(on("t")).interrupts

        saver.copy_thread("t", "as it was")
        saver.prune(["t"])

        assert workflow.get_state(on("t")).interrupts == question
        for then in (Command(resume="yes"), 1, 1):
            value = workflow.invoke(then, on("t"))
            assert value == workflow.invoke(then, on("as it was"))
        saver.delete_thread("t")
        assert contents(saver, "t") == ([], {}, [])


def contents(saver: BaseCheckpointSaver, thread_id: str) -> Any:
    """Everything that is kept of a thread, without what a copy has of its own."""
    rows = [t for t in saver.list_threads() if t.thread_id == thread_id]
    found = [run for t in rows for run in reversed(saver.list_runs(thread_id, t.ns))]
    runs = {run.id: f"run {number}" for number, run in enumerate(found)}
    record = {
        runs[run.id]: (
            run.ns, run.base, runs.get(run.parent_run or ""), run.workflow, run.code_fp, run.input,
            run.meta, [(op.kind, op.key, op.gen, op.value) for op in saver.get_ops(run.id)],
            sum(op.seq <= run.upto for other in runs for op in saver.get_ops(other)),
        )
        for run in found
    }  # fmt: skip
    checkpoints = [
        (c.id, c.ns, c.parent, runs.get(c.run or ""), c.source, c.step, c.saved, c.returned, c.meta)
        for c in saver.search_checkpoints(thread_id)
    ]
    threads = sorted((t.ns, t.head, runs.get(t.run or ""), t.status) for t in rows)
    return threads, record, checkpoints


BIG = [f"line {n}: " + str(n * n) for n in range(9_000)]
"""More than 64 KB: stored in parts by the SQLite saver."""


def rich(saver: BaseCheckpointSaver, thread_id: str) -> Any:
    """A thread with nested state, a fork, an update, failures, long values and an open question."""

    @task
    def step(n: int) -> Any:
        return [n, *BIG]

    @entrypoint(checkpointer=True)
    def inner(n: int, *, previous: int | None = None) -> int:
        return n + (previous or 0)

    @entrypoint(checkpointer=saver)
    def workflow(n: int, *, previous: Any = None) -> Any:
        total = inner.invoke(n)
        first = step(n).result()
        if n == 2:
            raise ValueError("two")
        if n >= 3:
            return [total, interrupt("really?"), first]
        return entrypoint.final(value=total, save=[total, *BIG])

    config = on(thread_id)
    workflow.invoke(1, with_metadata(config, own="x"))
    with pytest.raises(ValueError, match="two"):
        workflow.invoke(2, config)
    workflow.invoke(3, config)
    asked = workflow.get_state(config)
    workflow.fork(asked.config, after=asked.ops[-2].id)
    workflow.invoke(None, config)
    return workflow


def run_ids(saver: BaseCheckpointSaver, thread_id: str) -> list[str]:
    """Ids of a thread's runs, the oldest first, as the metadata of its checkpoints has them."""
    found = [one.metadata["run_id"] for one in saver.list(on(thread_id, checkpoint_ns=""))]
    return list(dict.fromkeys(reversed(found)))


def run_ids_with_updates(saver: BaseCheckpointSaver, thread_id: str) -> list[str]:
    found = [one.metadata.get("run_id") for one in saver.list(on(thread_id))]
    return [one for one in dict.fromkeys(found) if one is not None]
