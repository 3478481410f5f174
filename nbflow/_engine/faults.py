"""Named moments at which it is not sure what is on record: tests let the process die there.

Each costs one look at :data:`hook`, which is None unless a test has armed a point
(:mod:`nbflow.testing.faults`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

__all__ = ["FaultPoint", "reach"]

FaultPoint = Literal[
    "before opening",
    "after opening",
    "before answer",
    "after answer",
    "task returned",
    "before commit",
    "after commit",
    "before end",
    "after end",
]
"""``opening``: the thread is taken over. ``answer``: answers are stored. ``task returned``: its
value is not stored yet. ``commit``: facts are stored, and nobody has heard yet. ``end``: the run
gives the thread up."""

hook: Callable[[FaultPoint, str], None] | None = None
"""Called at each point with the name of the task that it is about, or with an empty text."""


def reach(point: FaultPoint) -> None:
    """The process is at a point that is not about a task."""
    if hook is not None:
        hook(point, "")
