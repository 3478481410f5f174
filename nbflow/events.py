"""The event spine: what a run says about itself, in order.

Stream modes, the widget, exports and traces read these events and nothing else. Values are live
objects; every reader encodes them as it needs. ``seq`` is given by the log that keeps them.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from nbflow.types import Failure, Interrupt, StateSnapshot

__all__ = [
    "Answered",
    "Asked",
    "CheckpointSaved",
    "Custom",
    "Event",
    "Failure",
    "Message",
    "RunEnded",
    "RunStarted",
    "TaskCancelled",
    "TaskEvent",
    "TaskFailed",
    "TaskFinished",
    "TaskPaused",
    "TaskRetried",
    "TaskStarted",
]


@dataclass(slots=True, kw_only=True)
class Event:
    seq: int = -1
    """Position in the run's log, from 0 without gaps; -1 until it is logged."""
    ts: float = field(default_factory=time.time)
    """Seconds since the epoch."""


@dataclass(slots=True, kw_only=True)
class RunStarted(Event):
    workflow: str
    thread_id: str | None
    run_id: str
    input: Any
    resumed: bool
    """True when this execution continues a run that paused, failed or crashed."""
    metadata: dict[str, Any] = field(default_factory=dict)
    """The caller's, with ``tags`` if there are any."""
    code_changed: bool = False
    """True when it was another code that began the run (81)."""
    id: str = ""
    """The entrypoint's own id as a task."""
    state: StateSnapshot | None = None
    """The thread as the execution found it; only when somebody streams checkpoints."""


@dataclass(slots=True, kw_only=True)
class TaskEvent(Event):
    """Something about one call of a task, or of a workflow that another one calls."""

    id: str
    """32 hex digits, the same on every replay of the run."""
    name: str
    parent: str | None
    """Id of the task it was called in; None when the entrypoint called it."""
    ns: tuple[str, ...] = ()
    """The nested workflow that called it, as the path of calls that led there; empty outside."""
    is_workflow: bool = False
    """Whether it is a workflow that another one calls."""


@dataclass(slots=True, kw_only=True)
class TaskStarted(TaskEvent):
    """One attempt begins; each has an end, save those that are tried again."""

    input: tuple[tuple[Any, ...], dict[str, Any]]
    attempt: int
    """From 1."""


@dataclass(slots=True, kw_only=True)
class TaskRetried(TaskEvent):
    attempt: int
    """The attempt that failed, from 1."""
    wait_s: float
    error: Failure


@dataclass(slots=True, kw_only=True)
class TaskFinished(TaskEvent):
    result: Any
    duration_s: float
    replayed: bool
    """True when the result came from the record and the function did not run."""
    cached: bool = False
    """True when the result came from the cache and the function did not run."""
    input: tuple[tuple[Any, ...], dict[str, Any]] = ((), {})
    """What it was called with, where no start tells: replayed and cached."""


@dataclass(slots=True, kw_only=True)
class TaskFailed(TaskEvent):
    error: Failure
    duration_s: float
    replayed: bool
    exception: BaseException | None = None
    input: tuple[tuple[Any, ...], dict[str, Any]] = ((), {})
    """What it was called with, where no start tells: replayed."""


@dataclass(slots=True, kw_only=True)
class TaskCancelled(TaskEvent):
    replayed: bool
    input: tuple[tuple[Any, ...], dict[str, Any]] = ((), {})
    """What it was called with, where no start tells: replayed."""


@dataclass(slots=True, kw_only=True)
class TaskPaused(TaskEvent):
    """The attempt ended at a question; the task runs again when there is an answer."""

    interrupts: tuple[Interrupt, ...]
    replayed: bool = False
    """True when the question was open before and the function did not run."""
    input: tuple[tuple[Any, ...], dict[str, Any]] = ((), {})
    """What it was called with, where no start tells: replayed."""


@dataclass(slots=True, kw_only=True)
class Asked(Event):
    interrupt: Interrupt
    task: str | None
    """Id of the task that asked; None when the entrypoint did."""


@dataclass(slots=True, kw_only=True)
class Answered(Event):
    interrupt_id: str
    answer: Any


@dataclass(slots=True, kw_only=True)
class Custom(Event):
    task: str | None
    data: Any
    ns: tuple[str, ...] = ()
    """As in :class:`TaskEvent`."""


@dataclass(slots=True, kw_only=True)
class Message(Event):
    """A piece of a chat model's answer, or of what a task writes word by word."""

    task: str | None
    chunk: Any
    """A LangChain message or message chunk, or a :class:`~nbflow.types.Token`."""
    metadata: dict[str, Any]
    ns: tuple[str, ...] = ()
    """As in :class:`TaskEvent`."""


@dataclass(slots=True, kw_only=True)
class CheckpointSaved(Event):
    checkpoint_id: str
    source: str
    step: int
    values: Any = None
    ns: tuple[str, ...] = ()
    """As in :class:`TaskEvent`."""
    state: StateSnapshot | None = None
    """The whole checkpoint; only when somebody streams checkpoints."""


@dataclass(slots=True, kw_only=True)
class RunEnded(Event):
    """The end of one execution: the run is done, waits, failed or was cancelled."""

    workflow: str
    status: str
    """``done``, ``interrupted``, ``error`` or ``cancelled``."""
    value: Any = None
    interrupts: tuple[Interrupt, ...] = ()
    error: Failure | None = None
    duration_s: float = 0.0
    cached: bool = False
    """True when the value came from the cache and the function did not run."""
    id: str = ""
    """The entrypoint's own id as a task."""
