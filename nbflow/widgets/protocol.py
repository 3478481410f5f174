"""Every message between kernel and browser, typed.

The twin of this and of ``nbflow.forms.model`` is ``frontend/protocol/messages.ts``;
``tests/messages/*.json`` are golden messages that pytest and vitest read. They change together.

The kernel keeps an append-only log of events per run. It sends new ones in batches (`Events`); the
browser keeps the highest ``seq`` it has seen and says ``sync`` with it when it mounts, on a gap,
and every few seconds while the run is live. Values travel as `Preview`: JSON text that was cut to
a bound in the kernel, so that no result can flood the page. All times are seconds since the epoch,
all durations seconds.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict  # Pydantic wants this one before Python 3.12

from nbflow.forms.model import Decided, Form, Preview

__all__ = [
    "PROTOCOL",
    "AnsweredData",
    "AskBundle",
    "AskHistory",
    "AskedData",
    "BranchItem",
    "Bundle",
    "Cancel",
    "CheckpointData",
    "CheckpointItem",
    "CustomData",
    "EventData",
    "Events",
    "Failed",
    "FailureData",
    "FieldError",
    "History",
    "ProgressData",
    "Receipt",
    "RunEndedData",
    "RunStartedData",
    "RunStatus",
    "Snapshot",
    "Submit",
    "Sync",
    "TaskCancelledData",
    "TaskFailedData",
    "TaskFinishedData",
    "TaskPausedData",
    "TaskRetriedData",
    "TaskStartedData",
    "TaskStatus",
    "ToBrowser",
    "ToKernel",
]

PROTOCOL = 2
"""Grows when a message changes in a way that an older page cannot read."""

RunStatus = Literal["running", "interrupted", "done", "error", "cancelled", "crashed", "ready"]
"""How a run stands; ``interrupted`` waits for an answer, ``ready`` can go on."""

TaskStatus = Literal["running", "done", "failed", "cancelled", "interrupted"]
"""How a task stands; ``interrupted`` waits for an answer."""


class FailureData(TypedDict):
    """An exception, as text; see :class:`~nbflow.types.Failure`."""

    type: str
    message: str
    traceback: str
    notes: list[str]


# -- the snapshot trait: small, enough to draw the header before any event arrives ---------------


class Snapshot(TypedDict):
    """What the page knows before it has said ``sync``."""

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


class RunStartedData(TypedDict):
    """One execution begins: a new run, or a run that goes on."""

    type: Literal["run_started"]
    seq: int
    ts: float
    workflow: str
    thread_id: str | None
    run_id: str
    input: Preview
    resumed: bool


class TaskStartedData(TypedDict):
    """One attempt at a task begins."""

    type: Literal["task_started"]
    seq: int
    ts: float
    id: str
    name: str
    parent: str | None
    input: Preview
    attempt: int


class TaskRetriedData(TypedDict):
    """An attempt failed, and another one follows after ``wait_s`` seconds."""

    type: Literal["task_retried"]
    seq: int
    ts: float
    id: str
    name: str
    attempt: int
    wait_s: float
    error: FailureData
    limit: NotRequired[int]
    """How many attempts there may be; absent where that is not known."""


class TaskFinishedData(TypedDict):
    """A task has its result."""

    type: Literal["task_finished"]
    seq: int
    ts: float
    id: str
    name: str
    parent: str | None
    result: Preview
    duration_s: float
    replayed: bool
    cached: NotRequired[bool]
    """True when the result came from the cache; absent otherwise."""
    input: NotRequired[Preview]
    """Where no start tells it: of what was replayed or cached."""


class TaskFailedData(TypedDict):
    """A task has failed for good."""

    type: Literal["task_failed"]
    seq: int
    ts: float
    id: str
    name: str
    parent: str | None
    error: FailureData
    duration_s: float
    replayed: bool
    input: NotRequired[Preview]
    """Where no start tells it: of what was replayed."""


class TaskCancelledData(TypedDict):
    """A task was cancelled."""

    type: Literal["task_cancelled"]
    seq: int
    ts: float
    id: str
    name: str
    parent: str | None
    replayed: bool
    input: NotRequired[Preview]
    """Where no start tells it: of what was replayed."""


class TaskPausedData(TypedDict):
    """A task waits for an answer."""

    type: Literal["task_paused"]
    seq: int
    ts: float
    id: str
    name: str
    parent: str | None
    replayed: bool
    input: NotRequired[Preview]
    """Where no start tells it: of what was replayed."""


class AskedData(TypedDict):
    """A question was asked."""

    type: Literal["asked"]
    seq: int
    ts: float
    form: Form


class AnsweredData(TypedDict):
    """A question has its answer; secrets in it are hidden."""

    type: Literal["answered"]
    seq: int
    ts: float
    interrupt_id: str
    answer: Preview
    decisions: list[Decided]
    """What was decided about each action of the form; empty for a plain answer."""
    by: str | None
    """Who answered; None when it was the clock, or is not known."""
    via: str
    """How, such as ``form``, ``inbox``, ``code``; ``timeout`` when the time was up."""
    expired: bool
    """True when the time was up and the code got an error."""


class ProgressData(TypedDict):
    """How far the code says it is."""

    share: float | None
    """From 0 to 1; None when the end is not known."""
    done: float | None
    total: float | None
    text: str


class CustomData(TypedDict):
    """The code sent a value, or a piece of text, through its stream writer; or it printed."""

    type: Literal["custom"]
    seq: int
    ts: float
    task: str | None
    data: Preview
    progress: NotRequired[ProgressData]
    """Of a value that is nothing but ``{"progress": …}``."""
    printed: NotRequired[Literal["stdout", "stderr"]]
    """Where it was printed; absent for what was sent."""


class CheckpointData(TypedDict):
    """A checkpoint of the run is stored."""

    type: Literal["checkpoint"]
    seq: int
    ts: float
    checkpoint_id: str
    source: str
    step: int


class RunEndedData(TypedDict):
    """One execution ends: the run is done, waits, failed or was cancelled."""

    type: Literal["run_ended"]
    seq: int
    ts: float
    status: RunStatus
    value: Preview | None
    """The result; None unless ``status`` is ``done``."""
    error: FailureData | None
    duration_s: float
    open: list[str]
    """Ids of the questions that wait for an answer; an earlier one that is neither here nor
    answered is withdrawn: edited code did not ask it again."""


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
"""One event of the log; ``seq`` is its place there, from 0 without gaps."""


class Events(TypedDict):
    """A piece of the log, in order and without gaps."""

    type: Literal["events"]
    log: str
    """Id of the log: a new one (kernel restarted, another run) makes the browser start over."""
    since: int
    """``seq`` of the first event here; the browser asks again when that leaves a gap."""
    head: int
    """Number of events in the log when this was sent."""
    events: list[EventData]


class FieldError(TypedDict):
    """One fault of an answer."""

    path: list[str | int]
    """Where in the answer; empty for the answer as a whole. In a form with actions it begins with
    the place of the action."""
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
    """One checkpoint in the history."""

    checkpoint_id: str
    parent_id: str | None
    source: str
    step: int
    created_at: str
    """ISO 8601 in UTC."""
    values: Preview
    next: list[str]
    questions: int
    status: NotRequired[str | None]
    """How its run stands; see :class:`~nbflow.types.StateSnapshot`. Absent in a record."""
    branch: NotRequired[int]
    """Number of its branch; absent in a record."""


class BranchItem(TypedDict):
    """A branch of the thread; see :class:`~nbflow.branches.Branch`."""

    number: int
    parent: int | None
    leaves: str | None
    """Id of the checkpoint that it leaves ``parent`` at."""
    size: int
    """How many checkpoints it has."""
    status: str | None
    """How its newest run stands."""


class History(TypedDict):
    """Checkpoints of the thread: the answer to :class:`AskHistory`."""

    type: Literal["history"]
    request: str
    items: list[CheckpointItem]
    """Newest first."""
    branches: list[BranchItem]
    """Those that the items are in, the one with the newest checkpoint first."""
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
    """The page has no bundle yet; see :class:`Bundle`."""

    type: Literal["bundle"]
    request: str
    """One id for the page; the kernel answers an id once in 2 s."""
    language: NotRequired[str]
    """Of the page, such as ``de-CH``; without it, or where there is none such, English."""


class Sync(TypedDict):
    """What the page has seen of the log; the kernel sends what came since."""

    type: Literal["sync"]
    since: int
    log: str
    """Id of the log that ``since`` counts in; "" when none was seen."""


class Submit(TypedDict):
    """An answer to a question; see :class:`Receipt`."""

    type: Literal["submit"]
    submission: str
    """Made by the browser, one for each press; the same id never answers twice."""
    interrupt_id: str
    value: NotRequired[Any]
    """The answer; absent when there are decisions."""
    decisions: NotRequired[list[Decided]]
    """One for each action of the form, in order."""


class AskHistory(TypedDict):
    """The page wants to show checkpoints; see :class:`History`."""

    type: Literal["history"]
    request: str
    limit: int
    before: str | None
    """Checkpoint id to go on from."""


class Cancel(TypedDict):
    """Stop the run at its next op."""

    type: Literal["cancel"]
    request: str


ToKernel = AskBundle | Sync | Submit | AskHistory | Cancel
"""What a page says; ``request`` and ``submission`` come back in the answer."""

ToBrowser = Events | Receipt | History | Failed | Bundle
"""What the kernel says."""
