"""Branches of a thread: a run begun again from a point of the past, and checkpoints by hand.

A fork is a run whose record begins with the record of another, up to one op. Nothing of the past
is changed: the old branch stays in the history, and the fork is the thread's newest run.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from nbflow import serde
from nbflow._engine.history import checkpoint_at, ops_of, run_of, still_asks
from nbflow._engine.ids import public_id
from nbflow._engine.owners import disown, owning
from nbflow._engine.replay import Journal
from nbflow._engine.threads import (
    address_of,
    config_of,
    new_checkpoint,
    refuse_busy,
    refuse_foreign,
)
from nbflow.checkpoint.base import BaseCheckpointSaver, CheckpointRow, OpRow, RunRow, ThreadRow
from nbflow.errors import InvalidUpdateError, UnknownCheckpointError, UnknownOpError
from nbflow.types import StateUpdate

__all__ = ["COPY", "copy_of", "fork", "input_at", "new_fork", "update", "update_in_bulk"]

COPY = "__copy__"
"""As ``as_node``: make a sibling of the checkpoint (153)."""

_SETTLES = frozenset(("result", "error", "cancel", "answer"))


def new_fork(
    row: CheckpointRow,
    run: RunRow,
    code_fp: bytes,
    *,
    parent: CheckpointRow | None,
    upto: int | None = None,
) -> tuple[RunRow, CheckpointRow]:
    """A run that goes another way from one of the past, and its opening; neither is stored yet.

    Args:
        row: the checkpoint that opened ``run``.
        parent: the checkpoint that the new one follows.
        upto: sequence number of the last op that is kept; None takes what ``run`` began with.
    """
    kept = (run.id, upto) if upto is not None else (run.parent_run or run.id, run.upto)
    forked = replace(
        run, id=uuid.uuid4().hex, base=parent.id if parent else None, parent_run=kept[0],
        upto=kept[1], code_fp=run.code_fp if kept[1] else code_fp, ts=time.time(),
    )  # fmt: skip
    opening = new_checkpoint(
        (row.thread_id, row.ns), parent, "fork", row.step + 1, row.meta, run=forked.id, values=row
    )
    return forked, opening


def _keep(
    saver: BaseCheckpointSaver,
    thread: ThreadRow,
    forked: RunRow,
    opening: CheckpointRow,
    status: str,
) -> None:
    """Make a fork the thread's newest run, which nobody runs yet."""
    epoch = thread.epoch + 1
    with owning(saver, forked, epoch) as owner:
        saver.begin_run(forked, opening, owner, thread.epoch)
        saver.finish(forked, epoch, status)
    disown(forked.id, epoch)


def copy_of(
    saver: BaseCheckpointSaver,
    thread: ThreadRow,
    row: CheckpointRow,
    workflow: str,
    code_fp: bytes,
    *,
    parent: CheckpointRow | None,
) -> CheckpointRow:
    """The same checkpoint once more, as the thread's newest: open where that one is open."""
    run = run_of(saver, row)
    if run is None:
        copied = new_checkpoint(
            (row.thread_id, row.ns), parent, "fork", row.step + 1, row.meta, values=row
        )
        saver.update(copied, thread.epoch)
        return copied
    refuse_foreign(run, workflow)
    forked, opening = new_fork(row, run, code_fp, parent=parent)
    _keep(saver, thread, forked, opening, "ready")
    return opening


def fork(
    saver: BaseCheckpointSaver,
    config: dict[str, Any],
    workflow: str,
    code_fp: bytes,
    *,
    after: str | None,
    before: str | None,
) -> dict[str, Any]:
    """Make a run that has everything up to an op; see ``Workflow.fork``."""
    if after is not None and before is not None:
        raise ValueError(
            "fork() was given after= and before=, and a run can end at one op only. Nothing was "
            "stored. Give one of them."
        )
    thread_id, ns = address_of(config)
    thread = saver.get_thread(thread_id, ns)
    row = checkpoint_at(saver, thread_id, ns, config["configurable"].get("checkpoint_id"))
    if thread is None or row is None:
        raise UnknownCheckpointError(f"Thread {thread_id!r} has nothing to fork from.")
    refuse_busy(thread)
    opening = _opening_of(saver, row)
    run = None if opening is None else run_of(saver, opening)
    if opening is None or run is None:
        raise UnknownOpError(
            f"Checkpoint {row.id!r} of thread {thread_id!r} belongs to no run. Nothing was "
            "stored. Fork a checkpoint of a run; get_state_history(config) lists them."
        )
    refuse_foreign(run, workflow)
    ops = ops_of(saver, run)
    upto = _last(ops)
    if after is not None:
        upto = _end_of(after, _ops_of_call(run.id, ops, after))
    elif before is not None:
        upto = _before(_ops_of_call(run.id, ops, before), upto)
    forked, made = new_fork(opening, run, code_fp, parent=opening, upto=upto)
    asks = Journal(op for op in ops if op.seq <= upto).open_questions()
    _keep(saver, thread, forked, made, "interrupted" if asks else "ready")
    return config_of(thread_id, ns, made.id)


def input_at(saver: BaseCheckpointSaver, config: dict[str, Any]) -> Any:
    """The input of the run that a checkpoint opened or closed; see ``Workflow.get_input``."""
    thread_id, ns = address_of(config)
    row = checkpoint_at(saver, thread_id, ns, config["configurable"].get("checkpoint_id"))
    opening = None if row is None else _opening_of(saver, row)
    run = None if opening is None else run_of(saver, opening)
    if run is None:
        raise UnknownCheckpointError(
            f"Thread {thread_id!r} has no run at {'its end' if row is None else row.id!r}: a "
            "checkpoint made by update_state() has no input. Name one of a run; "
            "get_state_history(config) lists them."
        )
    return serde.loads(run.input)


def _opening_of(saver: BaseCheckpointSaver, row: CheckpointRow) -> CheckpointRow | None:
    """The checkpoint that opened the run which this one closed, or itself."""
    if row.source == "loop" and row.parent is not None:
        return saver.get_checkpoint(row.thread_id, row.ns, row.parent)
    return row


def _last(ops: list[OpRow]) -> int:
    return ops[-1].seq if ops else 0


def _ops_of_call(run_id: str, ops: list[OpRow], wanted: str) -> list[OpRow]:
    found = [op for op in ops if public_id(run_id, op.key) == wanted]
    if not found:
        raise UnknownOpError(
            f"{wanted!r} is not one of the run's ops. Nothing was stored. They are: "
            "[op.id for op in workflow.get_state(config).ops]."
        )
    return found


def _end_of(wanted: str, ops: list[OpRow]) -> int:
    """Sequence number of the last outcome, or answer, among the ops of a call."""
    settled = [op for op in ops if op.kind in _SETTLES]
    if not settled:
        raise UnknownOpError(
            f"{wanted!r} has no outcome yet. Nothing was stored. Give after= the id of a "
            "finished task or of an answered question: "
            "[op.id for op in workflow.get_state(config).ops]."
        )
    return settled[-1].seq


def _before(ops: list[OpRow], last: int) -> int:
    """Sequence number of the last op before a call; a question is kept, and what came of it is not.

    Args:
        ops: those of the call.
        last: of the whole record, which is kept when the question is still open.
    """
    if ops[0].kind != "ask":
        return ops[0].seq - 1
    return next((op.seq - 1 for op in ops if op.kind in ("answer", "void")), last)


def update(
    saver: BaseCheckpointSaver,
    config: dict[str, Any],
    values: Any,
    as_node: str | None,
    workflow: str,
    code_fp: bytes,
    *,
    force: bool,
) -> dict[str, Any]:
    """Store a checkpoint made by hand; see ``Workflow.update_state``."""
    if as_node not in (None, workflow, COPY):
        raise InvalidUpdateError(
            f"This workflow has no node {as_node!r}; its only one is {workflow!r}. Leave "
            "as_node out."
        )
    thread_id, ns = address_of(config)
    encoded = serde.dumps(values)
    thread = saver.get_thread(thread_id, ns)
    wanted = config["configurable"].get("checkpoint_id")
    if thread is not None:
        refuse_busy(thread)
        drops = as_node != COPY and wanted in (None, thread.head)
        if drops and not force and still_asks(saver, thread):
            raise InvalidUpdateError(
                f"Thread {thread_id!r} has open questions, which this update would drop. Nothing "
                "was stored. Answer them, or pass force=True."
            )
    base = checkpoint_at(saver, thread_id, ns, wanted)
    if as_node == COPY:
        if thread is None or base is None:
            raise InvalidUpdateError(f"Thread {thread_id!r} has no checkpoint to copy.")
        above = None if base.parent is None else saver.get_checkpoint(thread_id, ns, base.parent)
        copied = copy_of(saver, thread, base, workflow, code_fp, parent=above)
        return config_of(thread_id, ns, copied.id)
    meta = serde.dumps(dict(config.get("metadata") or {}))
    row = new_checkpoint((thread_id, ns), base, "update", base.step + 1 if base else 0, meta)
    row.saved = row.returned = encoded
    saver.update(row, thread.epoch if thread is not None else None)
    return config_of(thread_id, ns, row.id)


def update_in_bulk(
    saver: BaseCheckpointSaver,
    config: dict[str, Any],
    supersteps: Sequence[Sequence[StateUpdate]],
    workflow: str,
    code_fp: bytes,
) -> dict[str, Any]:
    """Several updates in order; see ``Workflow.bulk_update_state``."""
    if not supersteps or not all(supersteps):
        raise ValueError(
            "bulk_update_state was given nothing to do. Give one or more supersteps, each a list "
            "with one StateUpdate."
        )
    crowded = [step for step in supersteps if len(step) > 1]
    if crowded:
        raise InvalidUpdateError(
            f"A superstep has {len(crowded[0])} updates. A workflow has one node, so give one "
            "update each; nothing was stored."
        )
    at = config
    for (one,) in supersteps:
        at = update(saver, at, one.values, one.as_node, workflow, code_fp, force=False)
        at = {**config, "configurable": {**config["configurable"], **at["configurable"]}}
    return at
