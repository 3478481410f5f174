"""How an execution begins: a new run, an answer, or a continuation; and what is refused.

Everything that can fail is done first; taking the thread over comes last. So whatever is refused,
nothing was stored, and the thread is as free as it was.
"""

from __future__ import annotations

import asyncio
import time
import uuid
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from nbflow import serde
from nbflow._engine import faults
from nbflow._engine.answering import answered_event, answers_for, timed_out
from nbflow._engine.caching import CachedCall
from nbflow._engine.execution import Execution, Listener
from nbflow._engine.forks import copy_of, new_fork
from nbflow._engine.history import (
    checkpoint_at,
    head_of,
    kept_by,
    ops_of,
    refuse_strays,
    run_of,
    still_asks,
)
from nbflow._engine.judging import Judges
from nbflow._engine.options import DEFAULT, Options
from nbflow._engine.owners import owning
from nbflow._engine.recent import journal_of
from nbflow._engine.rehearsal import learn_judges
from nbflow._engine.replay import Journal
from nbflow._engine.root import RootOp
from nbflow._engine.threads import (
    address_of,
    current_run,
    new_checkpoint,
    refuse_busy,
    refuse_foreign,
    refuse_lost,
)
from nbflow.checkpoint.base import BaseCheckpointSaver, CheckpointRow, OpRow, RunRow, ThreadRow
from nbflow.errors import (
    EmptyInputError,
    OutsideRunError,
    UnknownInterruptError,
    UnknownThreadError,
)
from nbflow.events import CheckpointSaved, Event
from nbflow.runtime import Runtime
from nbflow.types import Command

if TYPE_CHECKING:
    from nbflow.workflow import Workflow

__all__ = ["Call", "Opened", "open_run"]

FORMAT = 1
"""Version of the record's format."""


class Opened:
    """A root op ready to be driven, or the value of a run that is over."""

    __slots__ = ("already", "root")

    def __init__(self, root: RootOp | None, already: Any = None) -> None:
        self.root = root
        self.already = already

    def look(self) -> None:
        """Read what is told of the beginning; if that fails the run has failed."""
        if self.root is not None:
            with self.root.or_end():
                self.root.look_at(self.root.execution.checkpoint_id)

    def give_up(self) -> None:
        """Nobody will drive it: it stands as cancelled."""
        if self.root is not None:
            self.root.settle(None, asyncio.CancelledError())


@dataclass(slots=True)
class Call:
    """One call of ``invoke`` or its siblings: everything that opens an execution."""

    workflow: Workflow[Any, Any]
    input: Any
    config: dict[str, Any]
    context: Any
    listeners: Sequence[Listener]
    options: Options = DEFAULT


def open_run(call: Call) -> Opened:
    """Check everything, store what opens the run, and own the thread.

    Raises:
        EmptyInputError, ThreadBusyError, UnknownThreadError, UnknownCheckpointError,
        WorkflowMismatchError, UnknownInterruptError, InvalidAnswerError, NotSerializableError,
        CorruptDataError, StorageError: nothing was stored.
        BaseException: what the ``key_func`` of a cache policy raised; nothing was stored.
    """
    saver = call.workflow.saver
    if saver is None:
        return Opened(_unkept(call))
    address = address_of(call.config)
    thread = saver.get_thread(*address)
    if thread is None:
        refuse_lost(saver, *address)
    wanted = (call.config.get("configurable") or {}).get("checkpoint_id")
    base = None if wanted is None else checkpoint_at(saver, *address, wanted)
    if isinstance(call.input, Command):
        return _continue(call, saver, thread, address[0], _answerable(thread, base))
    if call.input is not None:
        return Opened(_begin(call, saver, thread, address, base))
    if thread is not None and base is not None and not _is_own_branch(thread, base):
        return _again(call, saver, thread, base)
    return _continue(call, saver, thread, address[0], True)


def _answerable(thread: ThreadRow | None, base: CheckpointRow | None) -> bool:
    """Whether an answer sent to a checkpoint can reach a question (116)."""
    return base is None or (thread is not None and thread.head == base.id)


def _is_own_branch(thread: ThreadRow, base: CheckpointRow) -> bool:
    """Whether a checkpoint was made to go on from: the newest one, by hand or as a fork."""
    return thread.head == base.id and base.source in ("update", "fork")


def _unkept(call: Call) -> RootOp:
    workflow = call.workflow
    if call.input is None:
        raise EmptyInputError(
            f"Workflow {workflow.name!r} was invoked with None, which continues a kept run, and it "
            "keeps none. Pass an input; {} will do."
        )
    if isinstance(call.input, Command):
        raise OutsideRunError(
            f"Workflow {workflow.name!r} was resumed without checkpointer: nothing is kept that "
            "an answer could reach. Declare @entrypoint(checkpointer=InMemorySaver())."
        )
    execution = Execution(
        workflow=workflow.name, saver=None, run=None, run_id=uuid.uuid4().hex, epoch=0,
        record=Journal(), code_fp=b"", resumed=False, input=call.input, checkpoint_id=None,
        config=call.config, runtime=Runtime(context=call.context, store=workflow.store),
        judges=workflow.judges, listeners=tuple(call.listeners), options=call.options,
        cache=workflow.cache, executor=workflow.executor,
    )  # fmt: skip
    return _cached(call, RootOp(execution, workflow._spec, workflow.policies, None, False, ()))


def _begin(
    call: Call,
    saver: BaseCheckpointSaver,
    thread: ThreadRow | None,
    address: tuple[str, str],
    base: CheckpointRow | None,
) -> RootOp:
    """A new run, after the thread's newest checkpoint or after another one."""
    workflow = call.workflow
    encoded = serde.dumps(call.input)
    meta = serde.dumps(dict(call.config.get("metadata") or {}))
    if thread is not None:
        refuse_busy(thread, cancel=workflow.on_busy == "cancel")
        if still_asks(saver, thread):
            warnings.warn(
                f"Thread {thread.thread_id!r} has a run that asks; the new input begins another "
                "and the open questions are dropped. The old run stays in the history, and "
                "workflow.fork(its_config) opens them again.",
                stacklevel=4,
            )
        base = base or head_of(saver, thread)
    run = RunRow(
        id=uuid.uuid4().hex, thread_id=address[0], ns=address[1], base=base.id if base else None,
        parent_run=None, upto=0, workflow=workflow.name, code_fp=workflow.fingerprint(),
        fmt=FORMAT, input=encoded, meta=meta, ts=time.time(),
    )  # fmt: skip
    step = base.step + 1 if base else -1
    opening = new_checkpoint(address, base, "input", step, meta, run=run.id, values=base)
    execution = _execution(
        call, saver, run, thread, Journal(), opening, serde.decoded(call.input, encoded)
    )
    root = _root(call, execution, opening, [_saved(opening)])
    _begin_run(execution, saver, run, thread, opening)
    return root


def _begin_run(
    execution: Execution,
    saver: BaseCheckpointSaver,
    run: RunRow,
    thread: ThreadRow | None,
    opening: CheckpointRow,
) -> None:
    with owning(saver, run, execution.epoch, execution.request_stop) as owner:
        faults.reach("before opening")
        saver.begin_run(run, opening, owner, None if thread is None else thread.epoch)
        faults.reach("after opening")


def _next_epoch(thread: ThreadRow | None) -> int:
    """The epoch of whoever takes the thread over as it was read."""
    return 1 if thread is None else thread.epoch + 1


def _again(
    call: Call, saver: BaseCheckpointSaver, thread: ThreadRow, base: CheckpointRow
) -> Opened:
    """Run again from a checkpoint of the past, on a branch of its own (147-152)."""
    workflow = call.workflow
    refuse_busy(thread)
    run = run_of(saver, base)
    if run is None:
        value = None if base.returned is None else serde.loads(base.returned)
        copy_of(saver, thread, base, workflow.name, b"", parent=base)
        return Opened(None, value)
    refuse_foreign(run, workflow.name)
    forked, opening = new_fork(base, run, workflow.fingerprint(), parent=base)
    journal = Journal(kept_by(saver, run, forked.ts))
    execution = _execution(
        call, saver, forked, thread, journal, opening, serde.loads(run.input),
        resumed=len(journal) > 0,
    )  # fmt: skip
    root = _root(call, execution, opening, [_saved(opening)])
    _begin_run(execution, saver, forked, thread, opening)
    return Opened(root)


def _saved(opening: CheckpointRow) -> CheckpointSaved:
    return CheckpointSaved(checkpoint_id=opening.id, source=opening.source, step=opening.step)


def _continue(
    call: Call,
    saver: BaseCheckpointSaver,
    thread: ThreadRow | None,
    thread_id: str,
    answerable: bool,
) -> Opened:
    workflow = call.workflow
    if thread is None or thread.run is None:
        if call.input is None:
            raise EmptyInputError(
                f"Thread {thread_id!r} has no run to continue. Pass an input to begin one."
            )
        raise UnknownThreadError(
            f"Command(resume=...) was sent to thread {thread_id!r}, which has no run. Nothing "
            "was stored. Check the thread_id; an answer goes to the thread that asked."
        )
    refuse_busy(thread)
    run = current_run(saver, thread)
    refuse_foreign(run, workflow.name)
    if not answerable:
        raise UnknownInterruptError(
            f"An answer was sent to an old checkpoint of thread {thread_id!r}, whose questions "
            "are closed. Nothing was stored. To answer differently, branch first: "
            "config = workflow.fork(config, before=interrupt_id), then send the answer.",
            "not_pending",
        )
    if thread.status == "idle":
        return Opened(None, _over(saver, thread, run, call.input))
    ops = ops_of(saver, run)
    refuse_strays(saver, run, ops)
    journal = journal_of(saver, run, ops)
    rows = timed_out(run, journal)
    if call.input is not None:
        learn = partial(learn_judges, workflow, saver, thread, call.context)
        rows += answers_for(run, journal, call.input, workflow.judges, learn)
    opening = head_of(saver, thread)
    assert opening is not None
    execution = _execution(
        call, saver, run, thread, journal, opening, serde.loads(run.input), resumed=True
    )
    root = _root(call, execution, opening, [answered_event(run.id, row) for row in rows])
    with owning(saver, run, execution.epoch, execution.request_stop) as owner:
        faults.reach("before opening")
        saver.claim(thread.thread_id, thread.ns, owner, thread.epoch)
        faults.reach("after opening")
        with _given_back(saver, run, execution.epoch, thread.status):
            _take_in(saver, run, execution.epoch, journal, len(ops), rows)
    return Opened(root)


def _take_in(
    saver: BaseCheckpointSaver,
    run: RunRow,
    epoch: int,
    journal: Journal,
    known: int,
    answers: list[OpRow],
) -> None:
    """Complete the record with what was stored before the thread was claimed, then the answers."""
    for op in ops_of(saver, run, after=known):
        journal.apply(op)
    if answers:
        faults.reach("before answer")
        saver.answer(run, epoch, answers)
        faults.reach("after answer")
        for row in answers:
            journal.apply(row)


@contextmanager
def _given_back(saver: BaseCheckpointSaver, run: RunRow, epoch: int, status: str) -> Iterator[None]:
    """When what is inside fails, the thread is as it was before it was claimed."""
    try:
        yield
    except BaseException as cause:
        try:
            saver.finish(run, epoch, status)
        except Exception as exc:
            cause.add_note(f"The thread's status could not be stored: {exc}")
        raise


def _closed(journal: Journal) -> Journal:
    """The record of a run that is over: what it left unanswered is not open any more."""
    for call in journal.open_questions():
        call.outcome = None
    return journal


def _over(saver: BaseCheckpointSaver, thread: ThreadRow, run: RunRow, input: Command | None) -> Any:
    """The value of a run that is over; an answer to it is refused."""
    if input is not None:
        answers_for(run, _closed(Journal(ops_of(saver, run))), input, Judges())
    head = head_of(saver, thread)
    return None if head is None or head.returned is None else serde.loads(head.returned)


def _execution(
    call: Call,
    saver: BaseCheckpointSaver,
    run: RunRow,
    thread: ThreadRow | None,
    journal: Journal,
    opening: CheckpointRow,
    input: Any,
    *,
    resumed: bool = False,
) -> Execution:
    workflow = call.workflow
    previous = None if opening.saved is None else serde.loads(opening.saved)
    return Execution(
        workflow=workflow.name, saver=saver, run=run, run_id=run.id, epoch=_next_epoch(thread),
        record=journal, code_fp=workflow.fingerprint(), resumed=resumed,
        input=input, checkpoint_id=opening.id, config=call.config,
        runtime=Runtime(context=call.context, store=workflow.store, previous=previous),
        judges=workflow.judges, listeners=tuple(call.listeners), options=call.options,
        cache=workflow.cache, executor=workflow.executor, on_divergence=workflow.on_divergence,
    )  # fmt: skip


def _root(
    call: Call, execution: Execution, opening: CheckpointRow, first_events: Sequence[Event]
) -> RootOp:
    workflow = call.workflow
    closing = new_checkpoint(
        (opening.thread_id, opening.ns), opening, "loop", opening.step + 1, opening.meta,
        run=opening.run,
    )  # fmt: skip
    root = RootOp(
        execution, workflow._spec, workflow.policies, closing, opening.saved is not None,
        first_events,
    )  # fmt: skip
    return root if execution.resumed else _cached(call, root)


def _cached(call: Call, root: RootOp) -> RootOp:
    """With its place in the cache, if the workflow has one (230)."""
    cache, cacheable, execution = call.workflow.cache, call.workflow._cacheable, root.execution
    if cache is not None and cacheable is not None:
        besides = (execution.runtime.previous, call.context)
        root.cached = CachedCall.of(cache, cacheable, (execution.input,), {}, besides)
    return root
