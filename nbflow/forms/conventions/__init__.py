"""How a payload says what it wants: one module per convention.

Each has ``read(payload) -> Reading | None``; None means that the shape is not its own. The first
one that reads a payload wins, and ``plain`` reads everything.
"""

from __future__ import annotations

from typing import Any

from nbflow.forms.conventions import plain
from nbflow.forms.conventions.plain import Reading

__all__ = ["Reading", "read"]


def read(payload: Any) -> Reading:
    """Return what ``payload`` asks, by the first convention that knows its shape.

    >>> read({"question": "Approve?", "essay": "..."}).title
    'Approve?'
    """
    return plain.read(payload)
