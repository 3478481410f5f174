"""Which recorded call a call is: the decisions of the pure core, without a run."""

from __future__ import annotations

import pytest

from nbflow._engine.frame_log import FrameLog
from nbflow._engine.ids import ROOT
from nbflow._engine.replay import Call, Divergence, Journal, pause_value
from nbflow._engine.replayed import waits
from nbflow.checkpoint.base import OpRow


def recorded(*calls: tuple[str, str, str, int], kind: str = "result") -> list[Call]:
    """Calls by name, arguments, lane and number, in the order in which they were stored."""
    ops = [
        OpRow(kind, bytes([at]), ROOT, name, args.encode(), lane, n)
        for at, (name, args, lane, n) in enumerate(calls)
    ]
    return Journal(ops).children(ROOT)


def taken(log: FrameLog, name: str, args: str, lane: str = "0") -> int | None:
    call = log.take(name, args.encode(), lane)
    return None if call is None else call.key[0]


def test_calls_in_the_recorded_order_and_then_new_ones() -> None:
    log = FrameLog(recorded(("a", "x", "0", 0), ("b", "x", "0", 0)), strict=True)
    assert [taken(log, "a", "x"), taken(log, "b", "x"), taken(log, "a", "x")] == [0, 1, None]
    assert log.number("a", b"x") == 1


def test_calls_that_finished_in_another_order() -> None:
    calls = recorded(("a", "z", "0", 0), ("a", "x", "0", 0), ("a", "y", "0", 0))
    log = FrameLog(calls, strict=True)
    assert [taken(log, "a", args) for args in "xyz"] == [1, 2, 0]


def test_equal_calls_are_told_apart_by_their_number() -> None:
    calls = recorded(("a", "x", "0", 2), ("a", "x", "0", 0), ("a", "x", "0", 1))
    log = FrameLog(calls, strict=True)
    assert [taken(log, "a", "x") for _ in range(4)] == [1, 2, 0, None]
    assert log.number("a", b"x") == 3


def test_equal_calls_go_to_their_own_lane_first() -> None:
    calls = recorded(("a", "x", "0.1", 0), ("a", "x", "0.0", 1))
    log = FrameLog(calls, strict=True)
    assert [taken(log, "a", "x", "0.0"), taken(log, "a", "x", "0.1")] == [1, 0]


def test_another_call_is_refused_while_recorded_ones_are_due() -> None:
    log = FrameLog(recorded(("a", "x", "0", 0), ("b", "x", "0", 0)), strict=True)
    assert taken(log, "a", "x") == 0
    with pytest.raises(Divergence) as refused:
        taken(log, "c", "x")
    assert refused.value.due.name == "b"
    assert taken(log, "c", "x", "0.0") is None


def test_changed_code_may_make_another_call() -> None:
    log = FrameLog(recorded(("a", "x", "0", 0), ("b", "x", "0", 0)), strict=False)
    assert [taken(log, "c", "x"), taken(log, "b", "x", "0.0")] == [None, 1]
    left = log.next_unused()
    assert left is not None
    assert left.name == "a"


def test_calls_that_only_began_are_not_missed() -> None:
    log = FrameLog(recorded(("a", "x", "0", 0), kind="start"), strict=True)
    assert log.next_unused() is None
    assert taken(log, "a", "x") == 0


def test_a_task_waits_when_nothing_is_new_below_it_since_the_pause() -> None:
    task, child, first, second, third = (bytes([at]) * 16 for at in range(1, 6))
    fp = b"f" * 16
    facts = [
        OpRow("start", task, ROOT, "task", b"", "0"),
        OpRow("start", child, task, "child", b"", "0"),
        OpRow("ask", first, child, "", b"1", "0"),
        OpRow("ask", second, child, "", b"2", "0"),
        OpRow("pause", ROOT, b"", "workflow", b"", "0", value=fp),
        OpRow("answer", first, child, "", b"1", "0", value=b"yes"),
        OpRow("pause", ROOT, b"", "workflow", b"", "0", value=fp, gen=1),
        OpRow("ask", third, child, "", b"3", "0"),
        OpRow("answer", second, child, "", b"2", "0", value=b"no"),
        OpRow("pause", ROOT, b"", "workflow", b"", "0", value=pause_value(fp, [second]), gen=2),
        OpRow("pause", ROOT, b"", "workflow", b"", "0", value=fp, gen=3),
    ]
    waiting = []
    for upto in range(len(facts)):
        journal = Journal(facts[: upto + 1])
        call = journal.get(task)
        assert call is not None
        waiting.append(waits(journal, call))
    assert waiting == [
        *(False, False, False, False, True),
        *(False, True),
        *(False, False, False, True),
    ]
