"""What a saver does with rows: threads, runs, ops, checkpoints, names."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver, RunRow, ThreadRow
from nbflow.errors import (
    AlreadyAnsweredError,
    InvalidNameError,
    LeaseLostError,
    StorageError,
    ThreadBusyError,
    UnknownCheckpointError,
)
from nbflow.testing._rows import BIG, a_checkpoint, a_run, an_op, begun, contents, shown

__all__ = ["KeepsRows"]

HOSTILE = [
    "", "a\0b", "a\0", "'; DROP TABLE thread; --", '"', "%", "_", "🦉" * 50, "x" * 10_000, "\u202e",
    "NULL", "1", "a b\n",
]  # fmt: skip


class KeepsRows:
    """Rows come back as they were stored, in order, and only their owner stores them."""

    def test_empty(self, saver: BaseCheckpointSaver) -> None:
        assert saver.get_thread("t") is None
        assert saver.list_threads() == []
        assert saver.get_run("0" * 32) is None
        assert saver.list_runs("t") == []
        assert saver.get_ops("0" * 32) == []
        assert saver.get_checkpoint("t") is None
        assert list(saver.list_checkpoints("t")) == []
        saver.delete_thread("t")

    def test_a_run_begins(self, saver: BaseCheckpointSaver) -> None:
        run = a_run(input=BIG, meta=BIG[:2000], base="b", parent_run="f" * 32, upto=7)
        opening = a_checkpoint("c1", run=run.id, saved=BIG, returned=b"\xc0", meta=BIG)

        assert saver.begin_run(run, opening, "me", None) == 1

        assert saver.get_thread("t") == ThreadRow("t", "", "c1", run.id, "running", 1, "me")
        assert saver.get_run(run.id) == run
        assert saver.list_runs("t") == [run]
        assert saver.get_checkpoint("t") == opening
        assert opening.seq > 0

    def test_what_was_read_belongs_to_the_reader(self, saver: BaseCheckpointSaver) -> None:
        run, _ = begun(saver)
        thread, checkpoint = saver.get_thread("t"), saver.get_checkpoint("t")
        assert thread is not None
        assert checkpoint is not None
        before = contents(saver, run)

        thread.status = checkpoint.source = "changed"
        run.workflow = "changed"

        assert contents(saver, run) == before
        stored = saver.get_run(run.id)
        assert stored is not None
        assert stored.workflow == "essay"

    def test_an_epoch_that_moved_on_is_busy(self, saver: BaseCheckpointSaver) -> None:
        run, epoch = begun(saver)
        other = a_run(2)
        before = contents(saver, run)

        for expected in (None, epoch - 1, epoch + 1):
            with pytest.raises(ThreadBusyError, match="'t'"):
                begun(saver, other, expected)
            with pytest.raises(ThreadBusyError):
                saver.update(a_checkpoint("u", source="update"), expected)
        with pytest.raises(ThreadBusyError):
            saver.claim("t", "", "me", epoch + 1)
        with pytest.raises(ThreadBusyError):
            saver.claim("unknown", "", "me", 1)

        assert saver.get_run(other.id) is None
        assert contents(saver, run) == before
        assert saver.get_thread("unknown") is None

    def test_expecting_a_thread_that_is_not_there(self, saver: BaseCheckpointSaver) -> None:
        with pytest.raises(ThreadBusyError):
            begun(saver, expected=1)
        assert saver.list_threads() == []

    def test_claim_keeps_head_and_run(self, saver: BaseCheckpointSaver) -> None:
        run, epoch = begun(saver)
        saver.finish(run, epoch, "interrupted")

        assert saver.claim("t", "", "you", epoch) == epoch + 1

        head = f"open-{run.id[-4:]}"
        assert saver.get_thread("t") == ThreadRow(
            "t", "", head, run.id, "running", epoch + 1, "you"
        )

    def test_the_old_owner_can_store_nothing(self, saver: BaseCheckpointSaver) -> None:
        run, epoch = begun(saver)
        saver.claim("t", "", "you", epoch)
        before = contents(saver, run)

        attempts: list[Callable[[], None]] = [
            lambda: saver.append(run, epoch, [an_op()]),
            lambda: saver.append(run, epoch, [an_op(), an_op(key=2)]),
            lambda: saver.append(run, epoch, [an_op(value=BIG)]),
            lambda: saver.answer(run, epoch, [an_op("answer")]),
            lambda: saver.finish(run, epoch, "idle"),
            lambda: saver.finish(run, epoch, "idle", [an_op()], a_checkpoint("end")),
        ]
        for store in attempts:
            with pytest.raises(LeaseLostError, match="Nothing was stored"):
                store()

        assert contents(saver, run) == before

    def test_a_lease(self, saver: BaseCheckpointSaver) -> None:
        run, epoch = begun(saver)

        def left() -> float | None:
            thread = saver.get_thread("t")
            assert thread is not None
            return thread.lease_s

        if saver.lease_s is None:
            assert left() is None
        else:
            assert 0 < (left() or 0) <= saver.lease_s
            saver.lease_s *= 10
            saver.renew(run, epoch)
            assert saver.lease_s / 2 < (left() or 0) <= saver.lease_s
        saver.claim("t", "", "you", epoch)
        with pytest.raises(LeaseLostError, match="Nothing was stored"):
            saver.renew(run, epoch)
        saver.finish(run, epoch + 1, "idle")
        assert left() is None

    def test_finish(self, saver: BaseCheckpointSaver) -> None:
        run, epoch = begun(saver)
        closing = a_checkpoint("end", run=run.id, source="loop", step=0, saved=BIG, returned=BIG)
        op = an_op("error", value=BIG)

        saver.finish(run, epoch, "idle", [op], closing)

        assert saver.get_thread("t") == ThreadRow("t", "", "end", run.id, "idle", epoch, None)
        assert saver.get_checkpoint("t") == closing
        assert [shown(o) for o in saver.get_ops(run.id)] == [shown(op)]

    def test_update(self, saver: BaseCheckpointSaver) -> None:
        first = a_checkpoint("u1", source="update", step=0, saved=b"\x01", returned=b"\x01")
        saver.update(first, None)
        thread = saver.get_thread("t")
        assert thread == ThreadRow("t", "", "u1", None, "idle", 1, None)

        second = a_checkpoint("u2", source="update", step=1, parent="u1", saved=b"\x02")
        saver.update(second, 1)

        assert saver.get_thread("t") == ThreadRow("t", "", "u2", None, "idle", 2, None)
        assert list(saver.list_checkpoints("t")) == [second, first]
        run, epoch = begun(saver, expected=2)
        assert (epoch, saver.list_runs("t")) == (3, [run])

    def test_threads_latest_change_first(self, saver: BaseCheckpointSaver) -> None:
        runs = {name: begun(saver, a_run(i, name)) for i, name in enumerate("abc")}
        assert [t.thread_id for t in saver.list_threads()] == ["c", "b", "a"]

        saver.finish(*runs["b"], "idle")
        saver.claim("a", "", "me", runs["a"][1])

        assert [t.thread_id for t in saver.list_threads()] == ["a", "b", "c"]

    def test_runs_newest_first(self, saver: BaseCheckpointSaver) -> None:
        epoch = None
        for number in (3, 1, 2):
            _, epoch = begun(saver, a_run(number), epoch)
        assert [int(run.id, 16) for run in saver.list_runs("t")] == [2, 1, 3]

    def test_ops_come_back_as_they_were_in_order(self, saver: BaseCheckpointSaver) -> None:
        run, epoch = begun(saver)
        kinds = ("start", "ask", "answer", "result", "error", "cancel", "void", "pause")
        ops = [
            an_op(kind, key=i, value=value, gen=i, n=2**40, attempt=3, site="", args=BIG)
            for i, (kind, value) in enumerate((k, v) for k in kinds for v in (None, b"\xc0", BIG))
        ]
        for op in ops[:5]:
            saver.append(run, epoch, [op])
        saver.append(run, epoch, ops[5:])

        assert [shown(op) for op in saver.get_ops(run.id)] == [shown(op) for op in ops]
        numbers = [op.seq for op in ops]
        assert numbers == sorted(set(numbers))
        assert [op.seq for op in saver.get_ops(run.id, numbers[6])] == numbers[:7]
        assert saver.get_ops(run.id, 0) == []

    def test_sequence_grows_over_all_threads_and_is_never_given_twice(
        self,
        saver: BaseCheckpointSaver,
    ) -> None:
        a, b = begun(saver, a_run(1, "a")), begun(saver, a_run(2, "b"))
        seen = []
        for number in range(6):
            op = an_op(key=number)
            saver.append(*(a, b)[number % 2], [op])
            seen.append(op.seq)
        saver.delete_thread("b")
        op = an_op(key=99)
        saver.append(*a, [op])
        seen.append(op.seq)

        assert seen == sorted(set(seen))

    def test_no_ops(self, saver: BaseCheckpointSaver) -> None:
        run, epoch = begun(saver)
        saver.append(run, epoch, [])
        with pytest.raises(LeaseLostError):
            saver.append(run, epoch + 1, [])
        assert saver.get_ops(run.id) == []

    @pytest.mark.parametrize("kind", ["result", "error", "cancel", "pause"])
    def test_an_outcome_is_stored_once_per_life(
        self, saver: BaseCheckpointSaver, kind: str
    ) -> None:
        run, epoch = begun(saver)
        saver.append(run, epoch, [an_op("result")])

        with pytest.raises(StorageError, match="already holds"):
            saver.append(run, epoch, [an_op(kind)])
        with pytest.raises(StorageError):
            saver.append(run, epoch, [an_op(key=5), an_op(kind)])
        with pytest.raises(StorageError):
            saver.append(run, epoch, [an_op(kind, key=6), an_op(kind, key=6)])
        saver.append(run, epoch, [an_op("start"), an_op("void"), an_op(kind, gen=1)])

        assert [(op.kind, op.gen) for op in saver.get_ops(run.id)] == [
            ("result", 0), ("start", 0), ("void", 0), (kind, 1),
        ]  # fmt: skip

    def test_an_answer_is_taken_once(self, saver: BaseCheckpointSaver) -> None:
        run, epoch = begun(saver)
        saver.append(run, epoch, [an_op("ask"), an_op("ask", key=2)])
        saver.answer(run, epoch, [an_op("answer", value=b"\x01")])

        for repeated in (
            [an_op("answer", value=b"\x02")],
            [an_op("answer", key=2), an_op("answer", value=b"\x02")],
            [an_op("answer", key=3), an_op("answer", key=3)],
        ):
            with pytest.raises(AlreadyAnsweredError) as error:
                saver.answer(run, epoch, repeated)
            assert error.value.reason == "answered"
        saver.answer(run, epoch, [an_op("answer", key=2), an_op("answer", gen=1)])

        answers = [op for op in saver.get_ops(run.id) if op.kind == "answer"]
        assert [(op.key[-1], op.gen, op.value) for op in answers] == [
            (1, 0, b"\x01"), (2, 0, b"\xa5hello"), (1, 1, b"\xa5hello"),
        ]  # fmt: skip

    def test_of_many_answers_at_once_one_is_taken(self, saver: BaseCheckpointSaver) -> None:
        run, epoch = begun(saver)
        saver.append(run, epoch, [an_op("ask")])
        together = threading.Barrier(8)

        def answer(number: int) -> bool:
            together.wait()
            try:
                saver.answer(run, epoch, [an_op("answer", value=bytes([number]))])
            except AlreadyAnsweredError:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(answer, range(8))) == 1
        assert len(saver.get_ops(run.id)) == 2

    def test_of_many_owners_at_once_one_begins(self, saver: BaseCheckpointSaver) -> None:
        together = threading.Barrier(8)

        def begin(number: int) -> bool:
            together.wait()
            try:
                begun(saver, a_run(number))
            except ThreadBusyError:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(begin, range(8))) == 1
        assert len(saver.list_runs("t")) == 1

    def test_from_threads_and_event_loops(self, saver: BaseCheckpointSaver) -> None:
        run, epoch = begun(saver)

        async def store(first: int) -> None:
            saver.append(run, epoch, [an_op(key=first)])
            await asyncio.to_thread(saver.append, run, epoch, [an_op(key=first + 1)])

        for first in range(0, 8, 2):
            asyncio.run(store(first))
        assert [op.key[-1] for op in saver.get_ops(run.id)] == list(range(8))

    def test_history(self, saver: BaseCheckpointSaver) -> None:
        rows = [a_checkpoint(f"c{i}", step=i, saved=BIG + bytes([i % 7])) for i in range(230)]
        for epoch, row in enumerate(rows):
            saver.update(row, epoch or None)
        newest_first = rows[::-1]

        assert list(saver.list_checkpoints("t")) == newest_first
        assert list(saver.list_checkpoints("t", limit=3)) == newest_first[:3]
        assert list(saver.list_checkpoints("t", limit=100)) == newest_first[:100]
        assert list(saver.list_checkpoints("t", limit=0)) == []
        assert list(saver.list_checkpoints("t", limit=10**18)) == newest_first
        assert list(saver.list_checkpoints("t", before="c150", limit=120)) == newest_first[80:200]
        assert list(saver.list_checkpoints("t", before="c0")) == []
        assert saver.get_checkpoint("t") == rows[-1]
        assert saver.get_checkpoint("t", "", "c7") == rows[7]
        assert saver.get_checkpoint("t", "", "c999") is None
        assert saver.get_checkpoint("t", "other", "c7") is None
        with pytest.raises(UnknownCheckpointError, match="c999"):
            saver.list_checkpoints("t", before="c999")
        with pytest.raises(ValueError, match="limit is -1"):
            saver.list_checkpoints("t", limit=-1)

    def test_names_are_data(self, saver: BaseCheckpointSaver) -> None:
        kept: list[RunRow] = []
        for thread_id in HOSTILE:
            for ns in ("", *HOSTILE[1:4]):
                run = a_run(len(kept), thread_id, ns, workflow=thread_id)
                try:
                    begun(saver, run)
                except InvalidNameError:
                    assert "\0" in thread_id + ns
                    assert saver.get_thread(thread_id, ns) is None
                else:
                    kept.append(run)

        for run in kept:
            thread = saver.get_thread(run.thread_id, run.ns)
            assert thread is not None
            assert (thread.thread_id, thread.ns) == (run.thread_id, run.ns)
            assert saver.list_runs(run.thread_id, run.ns) == [run]
            assert len(list(saver.list_checkpoints(run.thread_id, run.ns))) == 1
        assert len(saver.list_threads()) == len(kept) > len(HOSTILE)

    @pytest.mark.parametrize("name", ["\ud800", "a\udfffb", 7])
    def test_names_that_no_database_holds(self, saver: BaseCheckpointSaver, name: Any) -> None:
        for run in (a_run(1, name), a_run(1, "t", name), a_run(1, workflow=name)):
            with pytest.raises(InvalidNameError, match="Use another"):
                begun(saver, run)
        with pytest.raises(ValueError, match="cannot be stored"):
            saver.update(a_checkpoint("u", name), None)
        if isinstance(name, str):
            assert saver.get_thread(name) is None
        assert saver.list_threads() == []

    def test_delete_thread(self, saver: BaseCheckpointSaver) -> None:
        kept = begun(saver, a_run(1, "kept", input=BIG))
        saver.append(*kept, [an_op(value=BIG)])
        gone = [begun(saver, a_run(2 + i, "gone", ns, input=BIG)) for i, ns in enumerate(("", "x"))]
        for run, epoch in gone:
            saver.append(run, epoch, [an_op(value=BIG), an_op("ask", value=BIG + b"more")])
        before = contents(saver, kept[0])

        saver.delete_thread("gone")
        saver.delete_thread("gone")

        assert contents(saver, kept[0]) == before
        assert saver.get_run(kept[0].id) == kept[0]
        for run, epoch in gone:
            assert (saver.get_run(run.id), saver.list_runs("gone", run.ns)) == (None, [])
            assert contents(saver, run) == (None, [], [])
            with pytest.raises(LeaseLostError):
                saver.append(run, epoch, [an_op()])

    def test_a_deleted_thread_begins_anew(self, saver: BaseCheckpointSaver) -> None:
        old, epoch = begun(saver)
        saver.delete_thread("t")
        new, _ = begun(saver, a_run(2))

        with pytest.raises(LeaseLostError):
            saver.append(old, epoch, [an_op()])
        with pytest.raises(LeaseLostError):
            saver.finish(old, epoch, "idle")
        assert saver.list_runs("t") == [new]

    def test_close_twice(self, saver: BaseCheckpointSaver) -> None:
        saver.close()
        saver.close()
