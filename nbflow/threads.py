"""Every thread of a database: which workflow ran on it, how it stands, when it last changed.

Reading changes nothing, and needs no code: what a thread holds can be read where the workflow that
wrote it is not defined.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbflow._engine.history import head_of, record_of, snapshots
from nbflow._engine.past import is_at_work, past_events
from nbflow._engine.replay import Journal
from nbflow._engine.threads import current_run, refuse_damaged, refuse_lost
from nbflow.checkpoint.base import BaseCheckpointSaver, ThreadRow
from nbflow.errors import CorruptDataError, MissingSaverError, UnknownThreadError

if TYPE_CHECKING:
    from nbflow.base_workflow import BaseWorkflow
    from nbflow.events import Event
    from nbflow.types import StateSnapshot

__all__ = ["ThreadInfo", "events_of", "history_of", "row_of", "saver_of", "thread_of", "threads"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadInfo:
    """How one thread stands.

    >>> ThreadInfo(thread_id="1", workflow="review", status="done", run_id="0" * 32,
    ...            questions=0, changed_at=0.0).status
    'done'
    """

    thread_id: str
    """As ``configurable`` has it."""
    workflow: str
    """Name of the workflow whose run is the thread's newest; empty when it holds no run."""
    status: str
    """``running``, ``interrupted``, ``done``, ``error`` or ``cancelled``; ``crashed`` when the
    process that ran it is gone, ``ready`` when nobody has let it go on yet."""
    run_id: str | None
    """Id of the newest run; None when there is none, and a state was only written by hand."""
    questions: int
    """How many wait for an answer."""
    changed_at: float
    """When something was last stored of it, in seconds since the epoch."""


def threads(
    source: BaseCheckpointSaver | BaseWorkflow,
    *,
    workflow: str | None = None,
    status: str | None = None,
) -> list[ThreadInfo]:
    """The threads of a saver or of a workflow, the most recently changed first.

    A thread that is damaged is left out, with a RuntimeWarning that says why.

    Args:
        source: a saver, or a workflow, whose own threads are given.
        workflow: only those of the workflow of this name.
        status: only those that stand so.

    Raises:
        MissingSaverError: the workflow keeps nothing.

    >>> from nbflow.checkpoint.memory import InMemorySaver
    >>> from nbflow.func import entrypoint
    >>> from nbflow.types import interrupt
    >>> @entrypoint(checkpointer=InMemorySaver())
    ... def review(name: str) -> str:
    ...     return interrupt(f"Publish {name}?")
    >>> _ = review.invoke("a", {"configurable": {"thread_id": "1"}})
    >>> [(one.thread_id, one.workflow, one.status, one.questions) for one in threads(review)]
    [('1', 'review', 'interrupted', 1)]
    """
    saver, name = saver_of(source)
    return [
        info
        for info in _all(saver)
        if name in (None, info.workflow)
        and workflow in (None, info.workflow)
        and status in (None, info.status)
    ]


def thread_of(saver: BaseCheckpointSaver, thread_id: str | int) -> ThreadInfo:
    """How one thread stands.

    Raises:
        UnknownThreadError: the saver holds no such thread.
        CorruptDataError: it is damaged.

    >>> from nbflow.checkpoint.memory import InMemorySaver
    >>> try:
    ...     thread_of(InMemorySaver(), "tea")
    ... except UnknownThreadError as error:
    ...     print(error)
    There is no thread 'tea' here. nbflow.threads.threads(saver) lists those that there are.
    """
    return _info(saver, row_of(saver, thread_id))


def events_of(saver: BaseCheckpointSaver, thread_id: str | int) -> list[Event]:
    """The newest run of a thread told as events, as a view gets them that was not there.

    Raises:
        UnknownThreadError: the saver holds no such thread, or it holds no run.
        CorruptDataError: the run is damaged.

    >>> from nbflow.checkpoint.memory import InMemorySaver
    >>> from nbflow.func import entrypoint
    >>> saver = InMemorySaver()
    >>> @entrypoint(checkpointer=saver)
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> _ = double.invoke(4, {"configurable": {"thread_id": "1"}})
    >>> [type(event).__name__ for event in events_of(saver, "1")]
    ['RunStarted', 'CheckpointSaved', 'CheckpointSaved', 'RunEnded']
    """
    events = list(past_events(saver, row_of(saver, thread_id)))
    for at, event in enumerate(events):
        event.seq = at
    return events


def history_of(
    saver: BaseCheckpointSaver, thread_id: str | int, limit: int | None = None
) -> list[StateSnapshot]:
    """The checkpoints of a thread, newest first, as ``workflow.get_state_history`` gives them.

    Raises:
        UnknownThreadError: the saver holds no such thread.

    >>> from nbflow.checkpoint.memory import InMemorySaver
    >>> from nbflow.func import entrypoint
    >>> saver = InMemorySaver()
    >>> @entrypoint(checkpointer=saver)
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> _ = double.invoke(4, {"configurable": {"thread_id": "1"}})
    >>> [snapshot.values for snapshot in history_of(saver, "1")]
    [8, None]
    """
    row = row_of(saver, thread_id)
    rows = saver.list_checkpoints(row.thread_id, row.ns, limit=limit)
    return list(snapshots(saver, rows, None, None))


def saver_of(
    source: BaseCheckpointSaver | BaseWorkflow, lacks: str = "it has no thread to look at"
) -> tuple[BaseCheckpointSaver, str | None]:
    """The saver that is meant, and the name of the workflow whose threads alone are.

    Args:
        lacks: what follows where nothing is kept, for the message.

    Raises:
        MissingSaverError: a workflow that keeps nothing.

    >>> from nbflow.checkpoint.memory import InMemorySaver
    >>> saver_of(InMemorySaver())[1] is None
    True
    """
    if isinstance(source, BaseCheckpointSaver):
        return source, None
    if source.saver is None and source.keeps_threads:
        raise MissingSaverError(
            f"{source.name!r} keeps its threads in LangGraph's saver, of which nbflow can show one "
            f"after another: {source.name}.thread(thread_id)."
        )
    if source.saver is None:
        raise MissingSaverError(
            f"{source.name!r} keeps nothing, so {lacks}. Declare "
            "@entrypoint(checkpointer=SqliteSaver('runs.db'))."
        )
    return source.saver, source.name


def row_of(saver: BaseCheckpointSaver, thread_id: str | int) -> ThreadRow:
    """A thread as the saver holds it.

    Raises:
        UnknownThreadError: it holds no such thread.
        CorruptDataError: it holds the thread's checkpoints, and not its row.

    >>> from nbflow.checkpoint.memory import InMemorySaver
    >>> try:
    ...     row_of(InMemorySaver(), "tea")
    ... except UnknownThreadError as error:
    ...     print(error)
    There is no thread 'tea' here. nbflow.threads.threads(saver) lists those that there are.
    """
    row = saver.get_thread(str(thread_id))
    if row is None:
        refuse_lost(saver, str(thread_id), "")
        raise UnknownThreadError(
            f"There is no thread {str(thread_id)!r} here. nbflow.threads.threads(saver) lists "
            "those that there are."
        )
    return row


def _all(saver: BaseCheckpointSaver) -> Iterator[ThreadInfo]:
    for row in saver.list_threads():
        if row.ns != "":
            continue
        try:
            yield _info(saver, row)
        except CorruptDataError as exc:
            fault = f"Thread {row.thread_id!r} is left out: {exc}"
            warnings.warn(fault, RuntimeWarning, stacklevel=3)


def _info(saver: BaseCheckpointSaver, row: ThreadRow) -> ThreadInfo:
    refuse_damaged(row)
    run = None if row.run is None else current_run(saver, row)
    head = head_of(saver, row)
    times = [one.ts for one in (run, head) if one is not None]
    questions = 0
    if run is not None and row.status != "idle":
        ops = record_of(saver, row, run)
        questions = len(Journal(ops).open_questions())
        times += [op.ts + op.dur for op in ops]
    status = {"idle": "done"}.get(row.status, row.status)
    return ThreadInfo(
        thread_id=row.thread_id,
        workflow="" if run is None else run.workflow,
        status="crashed" if status == "running" and not is_at_work(row) else status,
        run_id=row.run,
        questions=questions,
        changed_at=max(times, default=0.0),
    )
