"""Checkpoints as LangGraph's snapshots, with what LangGraph's leave out: status and ops (141)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from functools import partial
from itertools import islice
from typing import Any, overload

from nbflow import serde
from nbflow._engine.failures import stored_failure
from nbflow._engine.ids import ROOT, parent_id, public_id
from nbflow._engine.nested import open_workflow, place_of
from nbflow._engine.owners import is_alive
from nbflow._engine.questions import question_of
from nbflow._engine.replay import Call, Journal
from nbflow._engine.stored_snapshot import StoredSnapshot, metadata_of
from nbflow._engine.threads import damaged, missing, refuse_damaged, refuse_lost
from nbflow.checkpoint._questions import StoredAnswer
from nbflow.checkpoint.base import BaseCheckpointSaver, CheckpointRow, OpRow, RunRow, ThreadRow
from nbflow.checkpoint.refusals import lost_run
from nbflow.errors import CorruptDataError, UnknownCheckpointError
from nbflow.types import Interrupt, OpSnapshot, PregelTask, StateSnapshot

__all__ = [
    "checkpoint_at",
    "closed_by",
    "head_of",
    "kept_by",
    "ops_of",
    "record_of",
    "refuse_strays",
    "run_of",
    "snapshot",
    "snapshots",
    "still_asks",
]

_OPENS = ("input", "fork")
_PAUSED = ("interrupted", "error")
"""A run that stands so has stored why, unless that was dropped."""
_PAGE = 100


def ops_of(saver: BaseCheckpointSaver, run: RunRow, after: int = 0) -> list[OpRow]:
    """The record of a run: what it keeps of the run it is a fork of, then its own.

    Args:
        after: how many are known already; those are left out.

    Raises:
        CorruptDataError: as :func:`kept_by`.
    """
    own = saver.get_ops(run.id)
    if run.parent_run is None or run.upto == 0:
        return own[after:]
    return [*kept_by(saver, run, run.ts), *own][after:]


def kept_by(saver: BaseCheckpointSaver, run: RunRow, at: float) -> list[OpRow]:
    """What a run keeps of the run it is a fork of.

    Args:
        at: when it was forked; a question gets as long as before from then on.

    Raises:
        CorruptDataError: one of its ops is damaged, or that other run is not there.
    """
    if run.parent_run is None or run.upto == 0:
        return []
    parent = saver.get_run(run.parent_run)
    if parent is None and saver.get_run(run.id) is not None:
        lost_run(f"Run {run.id} of thread {run.thread_id!r} is a fork of", run.parent_run)
    kept = [] if parent is None else ops_of(saver, parent)
    return _asked_anew([op for op in kept if op.seq <= run.upto], at)


def _asked_anew(ops: list[OpRow], at: float) -> list[OpRow]:
    """With the time of a fork on the questions that it opens again: they get as long as before."""
    answered = {call.key for call in Journal(ops) if call.answer is not None}
    return [_at(op, at) if op.kind == "ask" and op.key not in answered else op for op in ops]


def _at(op: OpRow, ts: float) -> OpRow:
    again = copy(op)
    again.ts = ts
    return again


def run_of(saver: BaseCheckpointSaver, row: CheckpointRow) -> RunRow | None:
    """The run that a checkpoint opens; None for one that opens none.

    Raises:
        CorruptDataError: it is not there.
    """
    if row.run is None or row.source not in _OPENS:
        return None
    run = saver.get_run(row.run)
    if run is None and saver.get_checkpoint(row.thread_id, row.ns, row.id) is not None:
        lost_run(f"Checkpoint {row.id} of thread {row.thread_id!r} opens", row.run)
    return run


def record_of(saver: BaseCheckpointSaver, thread: ThreadRow, run: RunRow) -> list[OpRow]:
    """The record of a thread's newest run.

    Raises:
        CorruptDataError: as :func:`ops_of`; or all its ops are somewhere else.
    """
    ops = ops_of(saver, run)
    if thread.status in _PAUSED:
        refuse_strays(saver, run, ops)
    return ops


def refuse_strays(saver: BaseCheckpointSaver, run: RunRow, ops: Sequence[OpRow]) -> None:
    """Take no run for one without ops of its own whose ops are not found with it.

    Args:
        ops: its record.

    Raises:
        CorruptDataError: there are some.
    """
    has_own = len(ops) > 0 and ops[-1].seq > run.upto
    if not has_own and saver.stray_ops(run.id):
        raise CorruptDataError(
            f"Run {run.id} of thread {run.thread_id!r} has lost all its ops: column run of table "
            "run is damaged. Nothing was stored. Other runs are not affected. Restore the database "
            "from a copy; nbflow.repair.repair() lists what has lost its place."
        )


def head_of(saver: BaseCheckpointSaver, thread: ThreadRow) -> CheckpointRow | None:
    """The thread's newest checkpoint; None before the first."""
    if thread.head is None:
        return None
    head = saver.get_checkpoint(thread.thread_id, thread.ns, thread.head)
    if head is None:
        raise missing(saver, thread, f"the checkpoint {thread.head}, which is not there")
    return head


def still_asks(saver: BaseCheckpointSaver, thread: ThreadRow) -> bool:
    """Whether an answer would reach a question of the thread's newest run, however that stands."""
    if thread.status == "idle" or thread.run is None:
        return False
    try:
        run = saver.get_run(thread.run)
        return run is not None and bool(Journal(ops_of(saver, run)).open_questions())
    except CorruptDataError:  # nobody can go on with that run, but another may begin
        return False


def checkpoint_at(
    saver: BaseCheckpointSaver, thread_id: str, ns: str, wanted: str | None
) -> CheckpointRow | None:
    """The named checkpoint, or the newest; None for a thread that does not exist.

    Raises:
        UnknownCheckpointError: the thread has none of that name.
        CorruptDataError: it is damaged, or a row is missing that tells of it.
    """
    row = saver.get_checkpoint(thread_id, ns, wanted)
    if row is None and wanted is None:
        thread = saver.get_thread(thread_id, ns)
        if thread is not None:
            return head_of(saver, thread)
        refuse_lost(saver, thread_id, ns)
    if row is None and wanted is not None:
        raise UnknownCheckpointError(
            f"Thread {thread_id!r} has no checkpoint {wanted!r}. get_state_history(config) "
            "lists those it has."
        )
    return row


def closed_by(saver: BaseCheckpointSaver, row: CheckpointRow) -> dict[str, CheckpointRow]:
    """What closed the run of an opening checkpoint, by run id; empty while it is open."""
    thread = saver.get_thread(row.thread_id, row.ns)
    if row.source not in _OPENS or thread is None or thread.head == row.id:
        return {}
    for later in saver.list_checkpoints(row.thread_id, row.ns):
        if later.id == row.id:
            break
        if later.source == "loop" and later.run == row.run and later.run is not None:
            return {later.run: later}
    return {}


def snapshots(
    saver: BaseCheckpointSaver,
    rows: Iterator[CheckpointRow],
    metadata_filter: dict[str, Any] | None,
    newer: CheckpointRow | None,
) -> Iterator[StateSnapshot]:
    """Snapshots newest first, those whose metadata has every entry of the filter.

    Args:
        newer: the checkpoint after the first of the rows, when that is not the newest: a run is
            closed by the checkpoint after the one that opened it.
    """
    closed: dict[str, CheckpointRow] = {}
    if newer is not None and newer.run is not None and newer.source == "loop":
        closed[newer.run] = newer
    runs: dict[str, RunRow] = {}
    for row in _with_runs(saver, rows, runs):
        if row.run is not None and row.source == "loop":
            closed[row.run] = row
        if metadata_filter:
            metadata = metadata_of(row)
            if any(metadata.get(k) != v for k, v in metadata_filter.items()):
                continue
        yield snapshot(saver, row, closed, runs)


def _with_runs(
    saver: BaseCheckpointSaver, rows: Iterator[CheckpointRow], runs: dict[str, RunRow]
) -> Iterator[CheckpointRow]:
    """The rows, with the runs that they open read before, a page of them at a time."""
    size = 2
    while page := list(islice(rows, size)):
        opened = [row.run for row in page if row.source in _OPENS and row.run is not None]
        runs.update(saver.get_runs(opened))
        yield from page
        size = _PAGE


def snapshot(
    saver: BaseCheckpointSaver,
    row: CheckpointRow,
    closed: dict[str, CheckpointRow] | None = None,
    runs: dict[str, RunRow] | None = None,
    *,
    subgraphs: bool = False,
) -> StateSnapshot:
    """One checkpoint.

    Args:
        closed: what runs are known to have closed with, by run id.
        runs: those that are read already, by id.
        subgraphs: with the state of a nested workflow that is under way (144).
    """
    task: Callable[[], PregelTask] | None = None
    name, status = "", "done"
    interrupts: tuple[Interrupt, ...] = ()
    ops: Sequence[OpSnapshot] = ()
    run = (runs or {}).get(row.run or "") if row.source in _OPENS else None
    run = run or run_of(saver, row)
    if run is not None:
        name, ops = run.workflow, _LazyOps(saver, run)
        if closed is not None and run.id in closed:
            task = partial(_closed_task, run, closed[run.id])
        else:
            record = ops_of(saver, run)
            journal = Journal(record)
            open_task = _open_task(run, journal)
            inner = open_workflow(row, run, journal)
            if inner is not None:
                open_task = open_task._replace(state=inner if subgraphs else place_of(inner))
            interrupts = open_task.interrupts
            status = _status(saver, row, run, open_task, record)
            task = partial(_as_it_is, open_task)
    return StoredSnapshot(row, task, name, interrupts, status, ops)


def _as_it_is(task: PregelTask) -> PregelTask:
    return task


def _closed_task(run: RunRow, closing: CheckpointRow) -> PregelTask:
    result = None if closing.returned is None else serde.loads(closing.returned)
    return PregelTask(
        public_id(run.id, ROOT), run.workflow, ("__pregel_pull", run.workflow), result=result
    )


def _open_task(run: RunRow, journal: Journal) -> PregelTask:
    root = journal.get(ROOT)
    error = None
    if root is not None and root.outcome == "error" and root.value is not None:
        failure = stored_failure(root.value)
        error = f"{failure.type}({failure.message!r})"
    return PregelTask(
        public_id(run.id, ROOT),
        run.workflow,
        ("__pregel_pull", run.workflow),
        error=error,
        interrupts=tuple([question_of(run.id, call) for call in journal.open_questions()]),
    )


def _status(
    saver: BaseCheckpointSaver,
    row: CheckpointRow,
    run: RunRow,
    task: PregelTask,
    record: list[OpRow],
) -> str:
    """How the run of a checkpoint stands that nothing is known to have closed."""
    thread = saver.get_thread(row.thread_id, row.ns)
    if thread is None:
        refuse_lost(saver, row.thread_id, row.ns)
    elif thread.head == row.id:
        refuse_damaged(thread)
        if thread.status in _PAUSED:
            refuse_strays(saver, run, record)
        if thread.run != run.id:
            raise damaged(thread, f"the run {thread.run}, and its checkpoint is of {run.id}")
        if thread.status == "running":
            alive = is_alive(thread)
            return "running" if alive else "crashed"
        return thread.status
    return "error" if task.error is not None else "dropped"


class _LazyOps(Sequence[OpSnapshot]):
    """The ops of a run, read when somebody looks."""

    def __init__(self, saver: BaseCheckpointSaver, run: RunRow) -> None:
        self._saver = saver
        self._run = run
        self._found: tuple[OpSnapshot, ...] | None = None

    def _ops(self) -> tuple[OpSnapshot, ...]:
        if self._found is None:
            journal = Journal(ops_of(self._saver, self._run))
            self._found = tuple(_op_of(self._run.id, c) for c in journal if c.key != ROOT)
        return self._found

    def __len__(self) -> int:
        return len(self._ops())

    @overload
    def __getitem__(self, at: int) -> OpSnapshot: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[OpSnapshot]: ...
    def __getitem__(self, at: int | slice) -> OpSnapshot | Sequence[OpSnapshot]:
        return self._ops()[at]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._ops() == tuple(other)

    def __hash__(self) -> int:
        return hash(self._run.id)

    def __repr__(self) -> str:
        return repr(self._ops())

    def __reduce__(self) -> tuple[Any, ...]:
        return tuple, (self._ops(),)


def _op_of(run_id: str, call: Call) -> OpSnapshot:
    if call.name is None:
        question = question_of(run_id, call)
        status = "withdrawn" if call.is_withdrawn else "open" if call.is_open else "answered"
        given = None if call.answer is None else StoredAnswer.decoded(call.answer)
        return OpSnapshot(
            id=question.id, kind="question", name=None, parent=parent_id(run_id, call.parent),
            status=status, value=question.value,
            answer=None if given is None else given.value, site=call.site,
            answered_by=None if given is None else given.by, key=call.key.hex(),
            response_schema=question.response_schema,
        )  # fmt: skip
    failed = call.outcome == "error" and call.value is not None
    return OpSnapshot(
        id=public_id(run_id, call.key), kind="task", name=call.name,
        parent=parent_id(run_id, call.parent), status=_STATUS[call.outcome],
        value=serde.loads(call.value) if call.outcome == "result" and call.value else None,
        error=stored_failure(call.value) if failed and call.value is not None else None,
        attempt=call.attempt, site=call.site, key=call.key.hex(),
    )  # fmt: skip


_STATUS = {"result": "done", "error": "failed", "cancel": "cancelled", None: "started"}
