"""Every message between the kernel and a page that shows an inbox, typed.

The twin is ``frontend/protocol/inbox.ts``; ``tests/messages/inbox.json`` holds golden messages. The
three change in one commit. Answers go as :class:`~nbflow.widgets.protocol.Submit` and come back as
:class:`~nbflow.widgets.protocol.Receipt`, as everywhere.

The page asks for the list when it mounts, when ``news`` in its snapshot grows, and every few
seconds while it is shown. Times are seconds since the epoch, by the kernel's clock.
"""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict  # Pydantic wants this one before Python 3.12

from nbflow.forms.model import Form, Preview
from nbflow.widgets.protocol import AskBundle, Bundle, Failed, Receipt, Submit

__all__ = [
    "AnsweredQuestion",
    "AskQuestions",
    "Bulk",
    "InboxSnapshot",
    "InboxToBrowser",
    "InboxToKernel",
    "Listing",
    "OpenQuestion",
    "Opened",
    "QuestionRow",
    "Questions",
    "Undo",
    "Undone",
    "WorkflowCount",
]


class InboxSnapshot(TypedDict):
    """What the page knows before it has asked for the list."""

    protocol: int
    news: int
    """Grows when a run of the kernel's process asked, was answered or ended."""


# -- kernel -> browser ---------------------------------------------------------------------------


class Bulk(TypedDict):
    """How a question can be answered together with others."""

    kind: Literal["approve", "accept", "yes"]
    """A decision about every action of the question, or ``True`` to a yes-or-no question."""
    names: list[str]
    """Of the actions, one each; empty for a yes-or-no question."""


class QuestionRow(TypedDict):
    """One open question in the list."""

    interrupt_id: str
    thread_id: str
    workflow: str
    task: str | None
    title: str
    asked_at: float
    known: bool
    """Whether the workflow's code is at hand, so that it can be answered here."""
    bulk: Bulk | None
    """None when it wants an answer of its own."""
    deadline: float | None
    """Until when it can be answered, in seconds since the epoch; None for any time."""
    yours: bool
    """Whether an answer from here is taken; else it is for others."""


class WorkflowCount(TypedDict):
    """How many questions of a workflow are open, whatever the filters."""

    name: str
    waiting: int


class AnsweredQuestion(TypedDict):
    """A question that was answered in this inbox."""

    interrupt_id: str
    thread_id: str
    workflow: str
    title: str
    answered_at: float
    decided: list[str]
    """Kinds of the decisions about its actions; empty for a plain answer."""
    answer: Preview
    undone: bool


class Listing(TypedDict):
    """What the list shows."""

    rows: list[QuestionRow]
    """Those that have waited longest first."""
    total: int
    """Questions that the filters let through; ``rows`` may hold fewer."""
    waiting: int
    """Open questions, whatever the filters."""
    others: int
    """How many of them are for others."""
    workflows: list[WorkflowCount]
    answered: list[AnsweredQuestion]
    """Newest first."""


class Questions(TypedDict):
    """The answer to :class:`AskQuestions`."""

    type: Literal["questions"]
    request: str
    mark: str
    """Digest of the listing."""
    now: float
    """The kernel's time, by which the ages are told."""
    listing: Listing | None
    """None when it is the one that the page has."""


class Opened(TypedDict):
    """The answer to :class:`OpenQuestion`."""

    type: Literal["opened"]
    request: str
    interrupt_id: str
    form: Form | None
    """None when the question is not open any more."""
    note: str
    """Why it cannot be answered here; empty when it can."""


class Undone(TypedDict):
    """The answer to :class:`Undo`."""

    type: Literal["undone"]
    request: str
    interrupt_id: str
    status: Literal["undone", "refused"]
    message: str
    """Why it was refused."""
    again: str | None
    """Id under which the question is asked again."""


# -- browser -> kernel ---------------------------------------------------------------------------


class AskQuestions(TypedDict):
    """The page wants the list; see :class:`Questions`."""

    type: Literal["questions"]
    request: str
    workflow: str | None
    """Only those of this one."""
    text: str
    """Only those that have it in their question, task or thread; ``""`` for all."""
    older_than_s: int
    """Only those that have waited longer; 0 for all."""
    mine: bool
    """Only those that may be answered from here."""
    mark: str
    """Of the listing that the page has; ``""`` for none."""


class OpenQuestion(TypedDict):
    """The page wants a question's form; see :class:`Opened`."""

    type: Literal["open"]
    request: str
    interrupt_id: str


class Undo(TypedDict):
    """Ask a question again that was answered in this inbox; see :class:`Undone`."""

    type: Literal["undo"]
    request: str
    interrupt_id: str


InboxToKernel = AskBundle | AskQuestions | OpenQuestion | Submit | Undo
"""What a page says; ``request`` and ``submission`` come back in the answer."""

InboxToBrowser = Bundle | Questions | Opened | Receipt | Undone | Failed
"""What the kernel says."""
