"""Every message between kernel and browser, typed.

The twin is ``frontend/protocol/messages.ts``; ``tests/messages/*.json`` are golden messages that
pytest and vitest both read. The three change in one commit.

The kernel keeps an append-only log of events per run. It sends new ones in batches (`Events`); the
browser keeps the highest ``seq`` it has seen and says ``sync`` with it when it mounts, on a gap,
and every few seconds while the run is live. Values travel as `Preview`: JSON text that was cut to
a bound in the kernel, so that no result can flood the page. All times are seconds since the epoch,
all durations seconds.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict  # Pydantic wants this one before Python 3.12

__all__ = ["PROTOCOL"]

PROTOCOL = 1
"""Grows when a message changes in a way that an older page cannot read."""

RunStatus = Literal["running", "interrupted", "done", "error", "cancelled"]
TaskStatus = Literal["running", "done", "failed", "cancelled", "interrupted"]


class Preview(TypedDict):
    """A value to look at."""

    text: str
    """Readable form: a string as it is, everything else as indented JSON or ``repr``."""
    kind: Literal["text", "json", "repr"]
    cut: int
    """How many characters were left out; 0 when whole."""


class FailureData(TypedDict):
    type: str
    message: str
    traceback: str
    notes: list[str]


# -- the snapshot trait: small, enough to draw the header before any event arrives ---------------


class Snapshot(TypedDict):
    protocol: int
    run_id: str
    thread_id: str | None
    workflow: str
    status: RunStatus
    head: int
    """Number of events in the log."""
    pending: int
    """Number of open questions."""


# -- kernel -> browser ---------------------------------------------------------------------------


class Field(TypedDict):
    """One piece of read-only context above the answer."""

    label: str
    kind: Literal["text", "markdown", "table", "json"]
    value: Any
    """text, markdown: str. table: `Table`. json: any JSON value."""


class Table(TypedDict):
    columns: list[str]
    rows: list[list[Any]]
    total: int
    """Rows there are; ``rows`` may hold fewer."""


class Form(TypedDict):
    """One question as a form."""

    interrupt_id: str
    task: str | None
    """Name of the task that asks; None for the entrypoint."""
    title: str
    """The question in one line."""
    context: list[Field]
    schema: dict[str, Any]
    """JSON Schema of the answer, for the form alone: the kernel has the last word."""
    initial: NotRequired[Any]
    """Value to begin with; absent when there is none (``None`` is a value)."""
    has_initial: bool


class RunStartedData(TypedDict):
    type: Literal["run_started"]
    seq: int
    ts: float
    workflow: str
    thread_id: str | None
    run_id: str
    input: Preview
    resumed: bool


class TaskStartedData(TypedDict):
    type: Literal["task_started"]
    seq: int
    ts: float
    id: str
    name: str
    parent: str | None
    input: Preview
    attempt: int


class TaskRetriedData(TypedDict):
    type: Literal["task_retried"]
    seq: int
    ts: float
    id: str
    name: str
    attempt: int
    wait_s: float
    error: FailureData


class TaskFinishedData(TypedDict):
    type: Literal["task_finished"]
    seq: int
    ts: float
    id: str
    name: str
    parent: str | None
    result: Preview
    duration_s: float
    replayed: bool


class TaskFailedData(TypedDict):
    type: Literal["task_failed"]
    seq: int
    ts: float
    id: str
    name: str
    parent: str | None
    error: FailureData
    duration_s: float
    replayed: bool


class TaskCancelledData(TypedDict):
    type: Literal["task_cancelled"]
    seq: int
    ts: float
    id: str
    name: str
    parent: str | None
    replayed: bool


class TaskPausedData(TypedDict):
    type: Literal["task_paused"]
    seq: int
    ts: float
    id: str
    name: str
    parent: str | None
    replayed: bool


class AskedData(TypedDict):
    type: Literal["asked"]
    seq: int
    ts: float
    form: Form


class AnsweredData(TypedDict):
    type: Literal["answered"]
    seq: int
    ts: float
    interrupt_id: str
    answer: Preview


class CustomData(TypedDict):
    type: Literal["custom"]
    seq: int
    ts: float
    task: str | None
    data: Preview


class CheckpointData(TypedDict):
    type: Literal["checkpoint"]
    seq: int
    ts: float
    checkpoint_id: str
    source: str
    step: int


class RunEndedData(TypedDict):
    type: Literal["run_ended"]
    seq: int
    ts: float
    status: RunStatus
    value: Preview | None
    """The result; None unless ``status`` is ``done``."""
    error: FailureData | None
    duration_s: float


EventData = (
    RunStartedData
    | TaskStartedData
    | TaskRetriedData
    | TaskFinishedData
    | TaskFailedData
    | TaskCancelledData
    | TaskPausedData
    | AskedData
    | AnsweredData
    | CustomData
    | CheckpointData
    | RunEndedData
)


class Events(TypedDict):
    type: Literal["events"]
    log: str
    """Id of the log: a new one (kernel restarted, another run) makes the browser start over."""
    since: int
    """``seq`` of the first event here; the browser asks again when that leaves a gap."""
    head: int
    """Number of events in the log when this was sent."""
    events: list[EventData]


class FieldError(TypedDict):
    path: list[str | int]
    """Where in the answer; empty for the answer as a whole."""
    message: str


class Receipt(TypedDict):
    """The answer to one ``submit``; a repeated submission gets the same one."""

    type: Literal["receipt"]
    submission: str
    interrupt_id: str
    status: Literal["accepted", "invalid", "refused"]
    """invalid: the answer does not fit, the question stays open. refused: it is not pending."""
    message: str
    errors: list[FieldError]


class CheckpointItem(TypedDict):
    checkpoint_id: str
    parent_id: str | None
    source: str
    step: int
    created_at: str
    """ISO 8601 in UTC."""
    values: Preview
    next: list[str]
    questions: int


class History(TypedDict):
    type: Literal["history"]
    request: str
    items: list[CheckpointItem]
    """Newest first."""
    more: bool


class Failed(TypedDict):
    """A message that could not be served; every request gets an answer."""

    type: Literal["failed"]
    request: str
    message: str


class Bundle(TypedDict):
    """The front end as one gzip buffer, sent beside this message."""

    type: Literal["bundle"]
    request: str
    version: str
    error: NotRequired[str]


# -- browser -> kernel ---------------------------------------------------------------------------


class AskBundle(TypedDict):
    type: Literal["bundle"]
    request: str
    """One id for the page; the kernel answers an id once in 2 s."""


class Sync(TypedDict):
    type: Literal["sync"]
    since: int
    log: str
    """Id of the log that ``since`` counts in; "" when none was seen."""


class Submit(TypedDict):
    type: Literal["submit"]
    submission: str
    """Made by the browser, one for each press; the same id never answers twice."""
    interrupt_id: str
    value: Any


class AskHistory(TypedDict):
    type: Literal["history"]
    request: str
    limit: int
    before: str | None
    """Checkpoint id to go on from."""


class Cancel(TypedDict):
    type: Literal["cancel"]
    request: str


ToKernel = AskBundle | Sync | Submit | AskHistory | Cancel
ToBrowser = Events | Receipt | History | Failed | Bundle
