"""The event spine: what a run says about itself, in order.

Stream modes, the widget, exports and traces read these events and nothing else. Values are live
objects; every reader encodes them as it needs. ``seq`` is given by the log that keeps them.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from nbflow.types import Interrupt

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
    "TaskFailed",
    "TaskFinished",
    "TaskRetried",
    "TaskStarted",
]


@dataclass(slots=True, kw_only=True)
class Failure:
    """An exception as data."""

    type: str
    """Class name, such as ``ValueError``."""
    message: str
    """``str(exc)``."""
    traceback: str
    """Formatted traceback without nbflow's own frames; may be empty."""
    notes: tuple[str, ...] = ()


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


@dataclass(slots=True, kw_only=True)
class TaskStarted(Event):
    id: str
    """32 hex digits, the same on every replay of the run."""
    name: str
    parent: str | None
    """Id of the task it was called in; None when the entrypoint called it."""
    input: tuple[tuple[Any, ...], dict[str, Any]]
    attempt: int
    """From 1."""


@dataclass(slots=True, kw_only=True)
class TaskRetried(Event):
    id: str
    name: str
    attempt: int
    """The attempt that failed, from 1."""
    wait_s: float
    error: Failure


@dataclass(slots=True, kw_only=True)
class TaskFinished(Event):
    id: str
    name: str
    parent: str | None
    result: Any
    duration_s: float
    replayed: bool
    """True when the result came from the record and the function did not run."""
    ns: tuple[str, ...] | None = ()
    """Nested workflows around it, outermost first; None for a nested workflow itself."""


@dataclass(slots=True, kw_only=True)
class TaskFailed(Event):
    id: str
    name: str
    parent: str | None
    error: Failure
    duration_s: float
    replayed: bool
    exception: BaseException | None = None


@dataclass(slots=True, kw_only=True)
class TaskCancelled(Event):
    id: str
    name: str
    parent: str | None
    replayed: bool


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


@dataclass(slots=True, kw_only=True)
class Message(Event):
    """A piece of a chat model's answer."""

    task: str | None
    chunk: Any
    """A LangChain message or message chunk."""
    metadata: dict[str, Any]


@dataclass(slots=True, kw_only=True)
class CheckpointSaved(Event):
    checkpoint_id: str
    source: str
    step: int
    values: Any = None


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
