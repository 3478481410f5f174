"""What a payload asks for, whatever its convention: something to fill in, or things to decide on.

A convention reads a payload into a :class:`Reading`, and the reading turns what was decided into
the answer that the convention expects. So only one module knows the shape of a convention.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from nbflow.forms.model import Decided, Field

__all__ = ["DEFAULT_TITLE", "NOTHING", "Action", "Decision", "Reading"]

DEFAULT_TITLE = "Your input is needed"
"""The title of a payload that has no question in it."""

NOTHING: Final = object()
"""Stands for a value that is not there, since None is a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One thing that may be decided about an action.

    >>> Decision(kind="approve").schema is None
    True
    """

    kind: str
    """In the convention's own word, or the nearest one that the page knows."""
    schema: dict[str, Any] | None = None
    """JSON Schema of what is filled in with it; None for nothing."""
    optional: bool = False
    """Whether that may be left out."""
    initial: Any = NOTHING
    """Value to begin with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing to decide on.

    >>> Action(name="send", context=[], decisions=(Decision(kind="approve"),)).preferred is None
    True
    """

    name: str
    """The tool's name; empty when the question itself is decided on."""
    context: list[Field]
    """What is said of it, and its arguments."""
    decisions: tuple[Decision, ...]
    """At least one, in the order in which they are offered."""
    preferred: int | None = None
    """Which one to begin with; None for none."""

    def decision(self, kind: str) -> Decision | None:
        """The decision of that kind; None when it is not offered."""
        return next((one for one in self.decisions if one.kind == kind), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a payload asks for.

    >>> Reading(title="Approve?", context=[], schema={}).actions
    ()
    """

    title: str
    """The question in one line."""
    context: list[Field]
    """What to read before answering, in the payload's order."""
    schema: dict[str, Any]
    """JSON Schema of a plain answer; empty when any value will do."""
    actions: tuple[Action, ...] = ()
    """What is decided on; a plain answer is wanted when there is nothing."""

    def answer(self, decided: Sequence[Decided]) -> Any:
        """The answer that carries these decisions, one for each action.

        They were checked before: each is offered, and what was filled in fits its schema.
        """
        raise TypeError("A plain question has nothing to decide on.")

    def decided(self, answer: Any) -> list[Decided]:
        """What an answer decides about each action; nothing for one of another shape."""
        return []

    def place(self, path: Sequence[str | int]) -> list[str | int]:
        """Where in the form a part of the answer was filled in."""
        return list(path)
