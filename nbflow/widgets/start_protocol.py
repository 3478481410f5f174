"""Every message between the kernel and a page that shows a workflow's start form, typed.

The twin is ``frontend/protocol/start.ts``; ``tests/messages/start.json`` holds golden messages. The
three change in one commit. A start comes back as :class:`~nbflow.widgets.protocol.Receipt`, as an
answer does. What a started run says to a page, and hears from it, goes through the form's own
channel, each message of :mod:`~nbflow.widgets.protocol` under the key of its run.
"""

from __future__ import annotations

from typing import Any, Literal

from typing_extensions import TypedDict  # Pydantic wants this one before Python 3.12

from nbflow.forms.model import Form
from nbflow.widgets.protocol import (
    AskBundle,
    Bundle,
    Failed,
    Receipt,
    Snapshot,
    ToBrowser,
    ToKernel,
)

__all__ = [
    "AskEarlier",
    "AskForm",
    "Earlier",
    "EarlierItem",
    "FromRun",
    "Start",
    "StartForm",
    "StartSnapshot",
    "StartToBrowser",
    "StartToKernel",
    "StartedRun",
    "ToRun",
]


class StartedRun(TypedDict):
    """A run that the form began."""

    run: str
    """Its key in this form."""
    snapshot: Snapshot


class StartSnapshot(TypedDict):
    """What the page knows before it has asked for the form."""

    protocol: int
    workflow: str
    runs: list[StartedRun]
    """Newest first."""


# -- kernel -> browser ---------------------------------------------------------------------------


class StartForm(TypedDict):
    """The answer to :class:`AskForm`."""

    type: Literal["form"]
    request: str
    form: Form
    optional: bool
    """Whether the input may be left empty: the code takes anything, or nothing."""
    kept: bool
    """Whether runs are kept, on threads that have names."""


class EarlierItem(TypedDict):
    """An input that the workflow was given before."""

    thread_id: str
    started_at: float
    """Seconds since the epoch."""
    value: Any
    """What the form is filled with; secrets are left out."""


class Earlier(TypedDict):
    """The answer to :class:`AskEarlier`."""

    type: Literal["earlier"]
    request: str
    inputs: list[EarlierItem]
    """Newest first."""


class FromRun(TypedDict):
    """What a run says."""

    type: Literal["run"]
    run: str
    message: ToBrowser


# -- browser -> kernel ---------------------------------------------------------------------------


class AskForm(TypedDict):
    """The page wants the form; see :class:`StartForm`."""

    type: Literal["form"]
    request: str


class AskEarlier(TypedDict):
    """The page wants to offer earlier inputs; see :class:`Earlier`."""

    type: Literal["earlier"]
    request: str


class Start(TypedDict):
    """Begin a run; see :class:`~nbflow.widgets.protocol.Receipt`."""

    type: Literal["submit"]
    submission: str
    """Made by the browser, one for each press; the same id never starts twice."""
    interrupt_id: str
    """Of the form."""
    value: Any
    """The input."""
    thread: str
    """Name of the thread; ``""`` for a new name."""


class ToRun(TypedDict):
    """What the page says to a run."""

    type: Literal["run"]
    run: str
    message: ToKernel


StartToKernel = AskBundle | AskForm | AskEarlier | Start | ToRun
"""What a page says; ``request`` and ``submission`` come back in the answer."""

StartToBrowser = Bundle | StartForm | Earlier | Receipt | FromRun | Failed
"""What the kernel says."""
