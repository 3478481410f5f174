"""Every message about a thread's past, besides the list of its checkpoints, typed.

The twin is ``frontend/protocol/history.ts``; ``tests/messages/past.json`` holds golden messages.
The three change in one commit. They travel in the channel of the run that the page shows, and an
action that begins another run makes that the page's run: a new snapshot and a new log follow.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict  # Pydantic wants this one before Python 3.12

from nbflow.forms.model import Form, Preview
from nbflow.widgets.protocol import FailureData, FieldError

__all__ = [
    "AskCheckpoint",
    "AskCode",
    "AskComparison",
    "ChangeItem",
    "CheckpointDetail",
    "Code",
    "CodeItem",
    "Comparison",
    "Go",
    "GoKind",
    "LineItem",
    "OpItem",
    "OpPairItem",
    "Outcome",
    "PastToBrowser",
    "PastToKernel",
]

GoKind = Literal["fork", "again", "resume", "update", "rerun"]
"""fork: branch off. again: run again from a checkpoint. resume: go on with the newest run. update:
store an edited state. rerun: store it, and run the same input on it."""


# -- kernel -> browser ---------------------------------------------------------------------------


class CodeItem(TypedDict):
    """Python that does the same as an action."""

    action: Literal["look", "fork", "again", "resume", "after", "before"]
    text: str


class OpItem(TypedDict):
    """A task's call or a question; see :class:`~nbflow.types.OpSnapshot`."""

    id: str
    kind: str
    name: str | None
    parent: str | None
    status: str
    value: Preview
    answer: Preview | None
    answered_by: str | None
    error: FailureData | None
    attempt: int
    site: str
    codes: list[CodeItem]
    """One for each side on which the run can be forked here: ``after`` and ``before``."""


class CheckpointDetail(TypedDict):
    """One checkpoint in full: the answer to :class:`AskCheckpoint`."""

    type: Literal["checkpoint"]
    request: str
    checkpoint_id: str
    values: Preview
    metadata: Preview
    error: str | None
    """What ended its run; None when nothing did."""
    ops: list[OpItem]
    """Of the run that it opened, in order."""
    more: int
    """How many ops are left out."""
    form: Form | None
    """To edit the state; None where that is not possible."""
    fixed: str
    """Why not; ``""`` where it is possible."""
    rerun: bool
    """Whether it belongs to a run, whose input can run again on the edited state."""
    codes: list[CodeItem]
    """One for each action that can be taken here."""


class LineItem(TypedDict):
    """A line of a long text; see :class:`~nbflow.compare.Line`."""

    kind: Literal["old", "new", "both", "skip"]
    text: str


class ChangeItem(TypedDict):
    """One place where two states differ; see :class:`~nbflow.compare.Difference`."""

    path: list[str]
    before: Preview | None
    """None where there is nothing."""
    after: Preview | None
    """None where there is nothing."""
    lines: list[LineItem]


class OpPairItem(TypedDict):
    """An op of two runs; see :class:`~nbflow.branches.OpPair`."""

    left: OpItem | None
    right: OpItem | None
    same_call: bool
    same: bool


class Comparison(TypedDict):
    """Two checkpoints beside each other: the answer to :class:`AskComparison`."""

    type: Literal["comparison"]
    request: str
    changes: list[ChangeItem]
    more: bool
    """Whether there are further changes."""
    hidden: bool
    """Whether a secret differs, which is not shown."""
    pairs: list[OpPairItem]
    """The ops of the two runs; empty when both checkpoints are of one run."""
    first: int | None
    """Which pair is the first to differ; None when none does."""
    unpaired: int
    """How many pairs are left out."""
    code: str


class Code(TypedDict):
    """The answer to :class:`AskCode`."""

    type: Literal["code"]
    request: str
    text: str


class Outcome(TypedDict):
    """What came of an action; a repeated request gets the same one."""

    type: Literal["outcome"]
    request: str
    status: Literal["accepted", "invalid", "refused"]
    """invalid: the edited state does not fit. refused: it cannot be done now. Nothing is stored."""
    message: str
    errors: list[FieldError]
    follows: bool
    """Whether the page shows the run that was begun, from now on."""


# -- browser -> kernel ---------------------------------------------------------------------------


class AskCheckpoint(TypedDict):
    """The page opens a checkpoint; see :class:`CheckpointDetail`."""

    type: Literal["checkpoint"]
    request: str
    checkpoint_id: str


class AskComparison(TypedDict):
    """The page compares two checkpoints; see :class:`Comparison`."""

    type: Literal["comparison"]
    request: str
    left: str
    right: str


class AskCode(TypedDict):
    """The page wants the Python for an edited state; see :class:`Code`."""

    type: Literal["code"]
    request: str
    action: Literal["update", "rerun"]
    checkpoint_id: str
    value: Any


class Go(TypedDict):
    """Take an action; see :class:`Outcome`."""

    type: Literal["go"]
    request: str
    """Made by the browser, one for each press; the same id never acts twice."""
    action: GoKind
    checkpoint_id: str
    after: NotRequired[str]
    """Of a fork: id of the last op that is kept."""
    before: NotRequired[str]
    """Of a fork: id of the first op that is not kept."""
    value: NotRequired[Any]
    """The edited state."""


PastToKernel = AskCheckpoint | AskComparison | AskCode | Go
"""What a page says; ``request`` comes back in the answer."""

PastToBrowser = CheckpointDetail | Comparison | Code | Outcome
"""What the kernel says."""
