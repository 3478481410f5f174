"""A question as a form: what goes to a page that draws it, and what comes back.

The same names in ``frontend/protocol/messages.ts`` are its twin; ``tests/messages`` has examples.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict  # Pydantic wants this one before Python 3.12

__all__ = [
    "Decided",
    "Field",
    "Form",
    "FormAction",
    "FormDecision",
    "Picture",
    "Preview",
    "Table",
    "Terms",
]


class Preview(TypedDict):
    """A value to look at."""

    text: str
    """Readable form: a string as it is, everything else as indented JSON or ``repr``."""
    kind: Literal["text", "json", "repr"]
    cut: int
    """How many characters were left out; 0 when whole."""


class Field(TypedDict):
    """One piece of read-only context above the answer."""

    label: str
    kind: Literal["text", "markdown", "table", "json", "image"]
    value: Any
    """text, markdown: str. table: `Table`. image: `Picture`. json: any JSON value."""


class Table(TypedDict):
    """Rows to look at; see :class:`Field`."""

    columns: list[str]
    rows: list[list[Any]]
    total: int
    """Rows there are; ``rows`` may hold fewer."""


class Picture(TypedDict):
    """A picture to look at; see :class:`Field`."""

    mime: Literal["image/png", "image/jpeg", "image/gif", "image/webp"]
    data: str
    """Base64."""


class FormDecision(TypedDict):
    """One thing that may be decided about an action."""

    kind: Literal[
        "approve", "accept", "edit", "reject", "respond", "ignore", "resolve", "decline", "cancel"
    ]
    """In the words of the question's convention."""
    schema: dict[str, Any] | None
    """JSON Schema of what is filled in with it: the arguments, a reason; None for nothing."""
    optional: bool
    """Whether that may be left out."""
    initial: NotRequired[Any]
    """Value to begin with; absent when there is none (``None`` is a value)."""
    has_initial: bool


class FormAction(TypedDict):
    """One thing to decide on, such as a tool call."""

    name: str
    """The tool's name; empty when the question itself is decided on."""
    context: list[Field]
    """What is said of it, and its arguments."""
    decisions: list[FormDecision]
    """At least one, in the order in which they are offered."""
    preferred: int | None
    """Which decision to begin with; None for none."""


class Terms(TypedDict):
    """On which terms a question is asked."""

    deadline: float | None
    """Until when it can be answered, in seconds since the epoch; None for any time."""
    otherwise: Preview | None
    """What counts as the answer then; None when the code gets an error."""
    assignees: list[str]
    """Who may answer; empty for everybody."""
    you: str
    """Whose answer one from this page would be."""


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
    actions: list[FormAction]
    """What is decided on, in order; ``schema`` counts only when there is none."""
    terms: NotRequired[Terms]
    """Absent when everybody may answer at any time."""


class Decided(TypedDict):
    """The decision about one action."""

    kind: str
    """One of the action's decisions."""
    value: NotRequired[Any]
    """What was filled in; absent when the decision takes nothing or it was left out."""
