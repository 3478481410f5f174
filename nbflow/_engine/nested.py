"""Workflows that a workflow calls: the state of one under way, and what one keeps from run to run.

A nested workflow is a step of its caller's run, and its calls and questions are part of that
run's record. With ``checkpointer=True`` what it saves lies in a namespace of its own, as a
checkpoint stored in the same commit as its result.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from nbflow import serde
from nbflow._engine.ids import ROOT, public_id
from nbflow._engine.questions import question_of
from nbflow._engine.replay import Call, Journal
from nbflow._engine.threads import new_checkpoint
from nbflow.checkpoint.base import BaseCheckpointSaver, CheckpointRow, RunRow
from nbflow.types import PregelTask, StateSnapshot

if TYPE_CHECKING:
    from nbflow._engine.execution import Execution
    from nbflow._engine.op import Op

__all__ = ["mark_of", "open_workflow", "place_of", "previous_of", "saved_before",
           "to_keep"]  # fmt: skip


def mark_of(op: Op) -> bytes | None:
    """What the start of a nested workflow stores, so that its state can be shown."""
    if not op.is_workflow or not op.recorded:
        return None
    return serde.dumps({"ns": "|".join(op.ns), "keeps": op.keeps})


def open_workflow(row: CheckpointRow, run: RunRow, journal: Journal) -> StateSnapshot | None:
    """The nested workflow that a run is in, if it is in one (144)."""
    for call in journal:
        if call.start is not None and not call.finished and _is_under_way(call, journal):
            return _state(call, row, run, journal)
    return None


def place_of(state: StateSnapshot) -> dict[str, Any]:
    """The configuration that ``get_state`` finds a nested workflow by."""
    configurable = state.config["configurable"]
    return {"configurable": {k: configurable[k] for k in ("thread_id", "checkpoint_ns")}}


def _is_under_way(call: Call, journal: Journal) -> bool:
    """Whether everything that it was called in is unfinished, too."""
    while call.parent != ROOT:
        above = journal.get(call.parent)
        if above is None:
            return True
        if above.finished:
            return False
        call = above
    return True


def _state(call: Call, row: CheckpointRow, run: RunRow, journal: Journal) -> StateSnapshot:
    assert call.start is not None and call.name is not None
    mark = serde.loads(call.start)
    inner = next(
        (c for c in _below(call.key, journal) if c.start is not None and not c.finished), None
    )
    questions = tuple(
        question_of(run.id, c)
        for c in _below(call.key, journal)
        if c.outcome == "ask" and c.answer is None
    )
    task = PregelTask(
        public_id(run.id, call.key),
        call.name,
        ("__pregel_pull", call.name),
        interrupts=questions,
        state=None if inner is None else _state(inner, row, run, journal),
    )
    configurable = {
        "thread_id": row.thread_id,
        "checkpoint_ns": mark["ns"],
        "checkpoint_id": public_id(run.id, call.key + b"state"),
    }
    return StateSnapshot(
        values=None, next=(call.name,), config={"configurable": configurable},
        metadata={"source": "input", "step": -1, "parents": {row.ns: row.id}},
        created_at=_iso(row.ts), parent_config=None, tasks=(task,), interrupts=questions,
        status="interrupted" if questions else "running",
    )  # fmt: skip


def _iso(ts: float) -> str:
    return datetime.fromtimestamp(ts, UTC).isoformat()


def _below(key: bytes, journal: Journal) -> list[Call]:
    found: list[Call] = []
    for child in journal.children(key):
        found += [child, *_below(child.key, journal)]
    return found


def previous_of(execution: Execution, op: Op) -> Any:
    """What a workflow saved last: the run's own, or a nested one's, which mostly keeps nothing."""
    if not op.is_workflow:
        return execution.runtime.previous
    saved = saved_before(op)
    return None if saved is None else serde.loads(saved)


def saved_before(op: Op) -> bytes | None:
    """What a nested workflow saved last, encoded; None when there is nothing."""
    if op.last_saved is not None:
        return op.last_saved[0]
    row = _kept_before(op.execution, op)
    return None if row is None else row.saved


def _kept_before(execution: Execution, op: Op) -> CheckpointRow | None:
    """The newest checkpoint in a nested workflow's namespace that this branch made (156, 199)."""
    saver, run, ns = execution.saver, execution.run, op.keeps
    if saver is None or run is None or ns is None:
        return None
    line: dict[str, int | None] | None = None
    for row in saver.list_checkpoints(run.thread_id, ns):
        if row.run == run.id:
            return row
        line = line if line is not None else _line_of(saver, run)
        if row.run in line and _was_kept(saver, row, line[row.run]):
            return row
    return None


def _line_of(saver: BaseCheckpointSaver, run: RunRow) -> dict[str, int | None]:
    """The runs that this one comes after on its branch, and the last op that counts of each.

    Of a run that another one is a fork of, only what the fork kept counts; None counts all.
    """
    above = {row.id: row for row in saver.list_checkpoints(run.thread_id, run.ns)}
    ended: list[str] = []
    at = run.base
    while at is not None and (row := above.get(at)) is not None:
        if row.source == "loop" and row.run is not None:
            ended.append(row.run)
        at = row.parent
    found: dict[str, int | None] = dict.fromkeys(ended)
    for one in (run, *saver.get_runs(ended).values()):
        forked: RunRow | None = one
        while forked is not None and forked.parent_run is not None and forked.upto:
            found.setdefault(forked.parent_run, forked.upto)
            forked = saver.get_run(forked.parent_run)
    return found


def _was_kept(saver: BaseCheckpointSaver, row: CheckpointRow, upto: int | None) -> bool:
    """Whether the step that made a checkpoint is among the ops that count."""
    if upto is None or row.run is None:
        return True
    made_by = bytes.fromhex(serde.loads(row.meta)["made_by"])
    ops = saver.get_ops(row.run, upto)
    return any(op.key == made_by and op.kind == "result" for op in ops)


def to_keep(execution: Execution, op: Op, saved: bytes, returned: bytes) -> CheckpointRow:
    """The checkpoint that a nested workflow leaves behind when it ends."""
    run = execution.run
    assert run is not None and op.keeps is not None
    before = _kept_before(execution, op)
    meta: dict[str, Any] = {
        "parents": {run.ns: execution.checkpoint_id},
        "made_by": op.key.hex(),
    }
    row = new_checkpoint(
        (run.thread_id, op.keeps), before, "loop", before.step + 2 if before else 0,
        serde.dumps(meta), run=run.id,
    )  # fmt: skip
    row.saved, row.returned, row.ts = saved, returned, time.time()
    return row
