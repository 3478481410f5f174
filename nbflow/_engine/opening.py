"""How an execution begins: a new run, an answer, or a continuation; and what is refused.

Nothing is stored before everything was checked.
"""

from __future__ import annotations

import os
import time
import uuid
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nbflow import serde
from nbflow._engine.answering import answers_for
from nbflow._engine.execution import Execution, Listener
from nbflow._engine.history import checkpoint_at, head_of
from nbflow._engine.ids import public_id
from nbflow._engine.owners import is_alive, keep, owner_name
from nbflow._engine.replay import Journal
from nbflow._engine.root import RootOp
from nbflow.checkpoint.base import BaseCheckpointSaver, CheckpointRow, RunRow, ThreadRow
from nbflow.errors import (
    EmptyInputError,
    MissingThreadError,
    OutsideRunError,
    ThreadBusyError,
    UnknownCheckpointError,
    UnknownThreadError,
    WorkflowMismatchError,
)
from nbflow.events import Answered, CheckpointSaved, Event
from nbflow.runtime import Runtime
from nbflow.types import Command

if TYPE_CHECKING:
    from nbflow.workflow import Workflow

__all__ = ["Opened", "address_of", "checkpoint_id", "current_run", "open_run", "refuse_busy"]

FORMAT = 1
"""Version of the record's format."""


class Opened:
    """A root op ready to be driven, or the value of a run that is over."""

    __slots__ = ("already", "root")

    def __init__(self, root: RootOp | None, already: Any = None) -> None:
        self.root = root
        self.already = already


def open_run(
    workflow: Workflow[Any, Any],
    input: Any,
    config: dict[str, Any],
    context: Any,
    listeners: Sequence[Listener],
) -> Opened:
    """Check everything, store what opens the run, and own the thread.

    Raises:
        EmptyInputError, ThreadBusyError, UnknownThreadError, WorkflowMismatchError,
        UnknownInterruptError, InvalidAnswerError, NotSerializableError, StorageError: nothing
            was stored.
    """
    saver = workflow.saver
    if saver is None:
        return Opened(_unkept(workflow, input, config, context, listeners))
    thread_id, ns = address_of(config)
    thread = saver.get_thread(thread_id, ns)
    _refuse_old_checkpoint(saver, thread, thread_id, ns, config)
    if isinstance(input, Command) or input is None:
        return _continue(workflow, saver, thread, thread_id, input, config, context, listeners)
    return Opened(
        _begin(workflow, saver, thread, (thread_id, ns), input, config, context, listeners)
    )


def _refuse_old_checkpoint(
    saver: BaseCheckpointSaver,
    thread: ThreadRow | None,
    thread_id: str,
    ns: str,
    config: dict[str, Any],
) -> None:
    wanted = (config.get("configurable") or {}).get("checkpoint_id")
    if wanted is None or (thread is not None and thread.head == wanted):
        return
    checkpoint_at(saver, thread_id, ns, wanted)
    raise UnknownCheckpointError(
        f"Checkpoint {wanted!r} of thread {thread_id!r} is not its newest one, and a run goes on "
        "from the newest. Leave checkpoint_id out; update_state(config, values) makes an old one "
        "the newest."
    )


def address_of(config: dict[str, Any]) -> tuple[str, str]:
    """Thread id and namespace of a configuration.

    Raises:
        OutsideRunError: it has no thread id.
    """
    configurable = config.get("configurable") or {}
    thread_id = configurable.get("thread_id")
    if thread_id is None:
        raise MissingThreadError(
            "A workflow with a checkpointer needs a thread to keep the run on. Pass "
            "config={'configurable': {'thread_id': 'any name'}}; "
            f"'configurable' has the keys {sorted(map(str, configurable))}."
        )
    return str(thread_id), str(configurable.get("checkpoint_ns") or "")


def checkpoint_id(now_ms: int) -> str:
    """A new id: a version 7 UUID. Nothing is ever ordered by it."""
    value = (now_ms << 80) | int.from_bytes(os.urandom(10), "big")
    value = (value & ~(0xF << 76)) | (7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    digits = f"{value:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def current_run(saver: BaseCheckpointSaver, thread: ThreadRow) -> RunRow:
    """The newest run of a thread that has one."""
    run = None if thread.run is None else saver.get_run(thread.run)
    if run is None:
        raise UnknownThreadError(f"Thread {thread.thread_id!r} holds no run.")
    return run


def _unkept(
    workflow: Workflow[Any, Any],
    input: Any,
    config: dict[str, Any],
    context: Any,
    listeners: Sequence[Listener],
) -> RootOp:
    if isinstance(input, Command):
        raise OutsideRunError(
            f"Workflow {workflow.name!r} was resumed without checkpointer: nothing is kept that "
            "an answer could reach. Declare @entrypoint(checkpointer=InMemorySaver())."
        )
    if input is None and not workflow.takes_none:
        raise EmptyInputError(
            "invoke(None) continues a kept run, and this workflow has no checkpointer. "
            "Pass an input."
        )
    execution = Execution(
        workflow=workflow.name, saver=None, run=None, run_id=uuid.uuid4().hex, epoch=0,
        journal=Journal(), strict=False, resumed=False, input=input, checkpoint_id=None,
        config=config, runtime=Runtime(context=context, store=workflow.store),
        live_types=workflow.live_types, listeners=listeners,
    )  # fmt: skip
    return RootOp(execution, workflow.spec, workflow.policies, None, False, ())


def _begin(
    workflow: Workflow[Any, Any],
    saver: BaseCheckpointSaver,
    thread: ThreadRow | None,
    address: tuple[str, str],
    input: Any,
    config: dict[str, Any],
    context: Any,
    listeners: Sequence[Listener],
) -> RootOp:
    encoded = serde.dumps(input)
    meta = serde.dumps(dict(config.get("metadata") or {}))
    if thread is not None:
        refuse_busy(thread)
        if thread.status == "interrupted":
            warnings.warn(
                f"Thread {thread.thread_id!r} was waiting for an answer; the new input begins a "
                "new run and the open questions are dropped. The old run stays in the history.",
                stacklevel=4,
            )
    head = None if thread is None else head_of(saver, thread)
    now = time.time()
    now_ms = int(now * 1000)
    thread_id, ns = address
    run = RunRow(
        id=uuid.uuid4().hex, thread_id=thread_id, ns=ns, base=head.id if head else None,
        parent_run=None, upto=0, workflow=workflow.name, code_fp=workflow.fingerprint(),
        fmt=FORMAT, input=encoded, meta=meta, ts=now,
    )  # fmt: skip
    opening = CheckpointRow(
        id=checkpoint_id(now_ms), thread_id=thread_id, ns=ns, parent=run.base, run=run.id,
        source="input", step=head.step + 1 if head else -1,
        saved=head.saved if head else None, returned=head.returned if head else None,
        meta=meta, ts=now,
    )  # fmt: skip
    epoch = saver.begin_run(run, opening, owner_name(), thread.epoch if thread else None)
    execution = _execution(
        workflow, saver, run, epoch, Journal(), opening, serde.decoded(input, encoded), config,
        context, listeners, resumed=False,
    )  # fmt: skip
    saved = CheckpointSaved(checkpoint_id=opening.id, source="input", step=opening.step)
    return _root(workflow, execution, opening, [saved])


def _continue(
    workflow: Workflow[Any, Any],
    saver: BaseCheckpointSaver,
    thread: ThreadRow | None,
    thread_id: str,
    input: Command | None,
    config: dict[str, Any],
    context: Any,
    listeners: Sequence[Listener],
) -> Opened:
    if thread is None or thread.run is None:
        if input is None:
            raise EmptyInputError(
                f"Thread {thread_id!r} has no run to continue. Pass an input to begin one."
            )
        raise UnknownThreadError(
            f"Command(resume=...) was sent to thread {thread_id!r}, which has no run. Nothing "
            "was stored. Check the thread_id; an answer goes to the thread that asked."
        )
    refuse_busy(thread)
    run = current_run(saver, thread)
    if run.workflow != workflow.name:
        raise WorkflowMismatchError(
            f"Thread {thread_id!r} waits in a run of workflow {run.workflow!r}; {workflow.name!r} "
            "cannot continue it. Nothing was stored. Continue it with the workflow that began it, "
            "or use another thread_id."
        )
    if thread.status == "idle":
        return Opened(None, _over(saver, thread, run, input))
    ops = saver.get_ops(run.id)
    journal = Journal(ops)
    rows = answers_for(run, journal, input, workflow.live_types) if input is not None else []
    epoch = saver.claim(thread.thread_id, thread.ns, owner_name(), thread.epoch)
    if rows:
        saver.answer(run, epoch, rows)
    for op in saver.get_ops(run.id)[len(ops) :]:
        journal.apply(op)
    opening = head_of(saver, thread)
    assert opening is not None
    execution = _execution(
        workflow, saver, run, epoch, journal, opening, serde.loads(run.input), config, context,
        listeners, resumed=True,
    )  # fmt: skip
    answered: list[Event] = []
    for row in rows:
        assert row.value is not None
        shown = public_id(run.id, row.key)
        answered.append(Answered(interrupt_id=shown, answer=serde.loads(row.value)))
    return Opened(_root(workflow, execution, opening, answered))


def _closed(journal: Journal) -> Journal:
    """The record of a run that is over: what it left unanswered is not open any more."""
    for call in journal.open_questions():
        call.outcome = None
    return journal


def _over(saver: BaseCheckpointSaver, thread: ThreadRow, run: RunRow, input: Command | None) -> Any:
    """The value of a run that is over; an answer to it is refused."""
    if input is not None:
        answers_for(run, _closed(Journal(saver.get_ops(run.id))), input, {})
    head = head_of(saver, thread)
    return None if head is None or head.returned is None else serde.loads(head.returned)


def refuse_busy(thread: ThreadRow) -> None:
    """Let nobody touch a thread that is running.

    Raises:
        ThreadBusyError: its owner lives.
    """
    if thread.status == "running" and is_alive(thread.owner, thread.run, thread.epoch):
        raise ThreadBusyError(
            f"Thread {thread.thread_id!r} is running now (owner {thread.owner}). Nothing was "
            "stored. Wait for it, or use another thread_id."
        )


def _execution(
    workflow: Workflow[Any, Any],
    saver: BaseCheckpointSaver,
    run: RunRow,
    epoch: int,
    journal: Journal,
    opening: CheckpointRow,
    input: Any,
    config: dict[str, Any],
    context: Any,
    listeners: Sequence[Listener],
    *,
    resumed: bool,
) -> Execution:
    keep(run.id, epoch)
    previous = None if opening.saved is None else serde.loads(opening.saved)
    return Execution(
        workflow=workflow.name, saver=saver, run=run, run_id=run.id, epoch=epoch, journal=journal,
        strict=run.code_fp == workflow.fingerprint(), resumed=resumed, input=input,
        checkpoint_id=opening.id, config=config,
        runtime=Runtime(context=context, store=workflow.store, previous=previous),
        live_types=workflow.live_types, listeners=listeners,
    )  # fmt: skip


def _root(
    workflow: Workflow[Any, Any],
    execution: Execution,
    opening: CheckpointRow,
    first_events: Sequence[Event],
) -> RootOp:
    now = time.time()
    closing = CheckpointRow(
        id=checkpoint_id(int(now * 1000)), thread_id=opening.thread_id, ns=opening.ns,
        parent=opening.id, run=opening.run, source="loop", step=opening.step + 1, saved=None,
        returned=None, meta=opening.meta, ts=now,
    )  # fmt: skip
    return RootOp(
        execution, workflow.spec, workflow.policies, closing, opening.saved is not None,
        first_events,
    )  # fmt: skip
