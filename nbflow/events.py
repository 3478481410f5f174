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
    "Printed",
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
    """Something that a run says of itself; listeners get one of the kinds below.

    >>> from nbflow.func import entrypoint, task
    >>> @task
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> @entrypoint()
    ... def workflow(n: int) -> int:
    ...     return double(n).result() + 1
    >>> run = workflow.start(3)
    >>> run.result()
    7
    >>> [type(event).__name__ for event in run.events()]
    ['RunStarted', 'TaskStarted', 'TaskFinished', 'RunEnded']
    """

    seq: int = -1
    """Position in the run's log, from 0 without gaps; -1 until it is logged."""
    ts: float = field(default_factory=time.time)
    """Seconds since the epoch."""


@dataclass(slots=True, kw_only=True)
class RunStarted(Event):
    """One execution begins: a new run, or a run that goes on."""

    workflow: str
    """The workflow's name."""
    thread_id: str | None
    """None when nothing is kept."""
    run_id: str
    """32 hex digits, the same when the run goes on."""
    input: Any
    """What the workflow was called with; of a run that goes on, what it began with."""
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
    """The task's, or the nested workflow's."""
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
    """Positional arguments and keyword arguments, as the caller gave them."""
    attempt: int
    """From 1."""
    unknown_outcomes: int = 0
    """How many earlier attempts began whose outcome is not known: their process ended meanwhile, or
    their run was stopped."""


@dataclass(slots=True, kw_only=True)
class TaskRetried(TaskEvent):
    """An attempt failed, and its retry policy wants another one (201-208)."""

    attempt: int
    """The attempt that failed, from 1."""
    wait_s: float
    """Seconds until the next attempt."""
    error: Failure
    """What this attempt raised."""
    limit: int | None = None
    """How many attempts there may be; None where several policies apply."""


@dataclass(slots=True, kw_only=True)
class TaskFinished(TaskEvent):
    """A task has its result, which is stored by now."""

    result: Any
    """What the task returned."""
    duration_s: float
    """Seconds that the last attempt took; 0 when the function did not run."""
    replayed: bool
    """True when the result came from the record and the function did not run."""
    cached: bool = False
    """True when the result came from the cache and the function did not run."""
    input: tuple[tuple[Any, ...], dict[str, Any]] = ((), {})
    """What it was called with, where no start tells: replayed and cached."""


@dataclass(slots=True, kw_only=True)
class TaskFailed(TaskEvent):
    """A task has failed for good, which is stored by now; its caller may catch it (54)."""

    error: Failure
    """What the task raised."""
    duration_s: float
    """Seconds that the last attempt took; 0 when the function did not run."""
    replayed: bool
    """True when the failure came from the record and the function did not run."""
    exception: BaseException | None = None
    """The exception itself; None where there is only its record."""
    input: tuple[tuple[Any, ...], dict[str, Any]] = ((), {})
    """What it was called with, where no start tells: replayed."""


@dataclass(slots=True, kw_only=True)
class TaskCancelled(TaskEvent):
    """A task was cancelled; its future raises ``CancelledError`` (50, 51)."""

    replayed: bool
    """True when the cancellation came from the record and the function did not run."""
    input: tuple[tuple[Any, ...], dict[str, Any]] = ((), {})
    """What it was called with, where no start tells: replayed."""


@dataclass(slots=True, kw_only=True)
class TaskPaused(TaskEvent):
    """The attempt ended at a question; the task runs again when there is an answer."""

    interrupts: tuple[Interrupt, ...]
    """The questions that it waits for."""
    replayed: bool = False
    """True when the question was open before and the function did not run."""
    input: tuple[tuple[Any, ...], dict[str, Any]] = ((), {})
    """What it was called with, where no start tells: replayed."""


@dataclass(slots=True, kw_only=True)
class Asked(Event):
    """The code has asked a question; the run goes on as far as it can without the answer."""

    interrupt: Interrupt
    """The question, with the id that its answer names."""
    task: str | None
    """Id of the task that asked; None when the entrypoint did."""


@dataclass(slots=True, kw_only=True)
class Answered(Event):
    """A question has its answer, which is stored by now."""

    interrupt_id: str
    """The question's id: 32 hex digits."""
    answer: Any
    """What was answered; None is an answer."""
    by: str | None = None
    """Who answered; None when it was the clock, or is not known."""
    via: str = ""
    """How: ``code``, ``form``, ``inbox``, ``answers file``; ``timeout`` when the time was up."""
    expired: bool = False
    """True when the time was up and there is no answer: the code gets an error."""


@dataclass(slots=True, kw_only=True)
class Custom(Event):
    """What the code sent through its stream writer (164)."""

    task: str | None
    """Id of the task that sent it; None when the entrypoint did."""
    data: Any
    """The value that was sent."""
    ns: tuple[str, ...] = ()
    """As in :class:`TaskEvent`."""


@dataclass(slots=True, kw_only=True)
class Printed(Event):
    """What the code printed, where somebody takes that down; a stream mode shows none of it."""

    task: str | None
    """Id of the task that printed it; None when the entrypoint did."""
    text: str
    """Whole lines, or what there is of one that is not over."""
    stream: str = "stdout"
    """``stdout`` or ``stderr``."""


@dataclass(slots=True, kw_only=True)
class Message(Event):
    """A piece of a chat model's answer, or of what a task writes word by word."""

    task: str | None
    """Id of the task that it comes from; None when the entrypoint sent it."""
    chunk: Any
    """A LangChain message or message chunk, or a :class:`~nbflow.types.Token`."""
    metadata: dict[str, Any]
    """Where it comes from, as in the ``messages`` stream: the task's name, tags and so on."""
    ns: tuple[str, ...] = ()
    """As in :class:`TaskEvent`."""


@dataclass(slots=True, kw_only=True)
class CheckpointSaved(Event):
    """A checkpoint of the run is stored."""

    checkpoint_id: str
    """The id that ``configurable`` takes as ``checkpoint_id``."""
    source: str
    """``input``, ``loop``, ``update`` or ``fork``."""
    step: int
    """-1 for the thread's first, then one more each."""
    values: Any = None
    """What the workflow returned; None for a checkpoint that opens a run."""
    ns: tuple[str, ...] = ()
    """As in :class:`TaskEvent`."""
    state: StateSnapshot | None = None
    """The whole checkpoint; only when somebody streams checkpoints."""


@dataclass(slots=True, kw_only=True)
class RunEnded(Event):
    """The end of one execution: the run is done, waits, failed or was cancelled."""

    workflow: str
    """The workflow's name."""
    status: str
    """``done``, ``interrupted``, ``error`` or ``cancelled``."""
    value: Any = None
    """What the workflow returned; None unless ``status`` is ``done``, and None can be it."""
    interrupts: tuple[Interrupt, ...] = ()
    """The open questions; empty unless ``status`` is ``interrupted``."""
    error: Failure | None = None
    """What ended the run; None unless it failed."""
    duration_s: float = 0.0
    """Seconds that this execution took."""
    cached: bool = False
    """True when the value came from the cache and the function did not run."""
    id: str = ""
    """The entrypoint's own id as a task."""
