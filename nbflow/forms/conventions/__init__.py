"""How a payload says what it wants: one module per convention.

Each has ``read(payload, schema) -> Reading | None``; None means that the shape is not its own. The
first one that reads a payload wins, and ``plain`` reads everything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nbflow.forms.conventions import ag_ui, agent_inbox, hitl, mcp, plain, tool_approval
from nbflow.forms.reading import Reading

__all__ = ["read"]

_Read = Callable[[Any, dict[str, Any] | None], Reading | None]

_CONVENTIONS: tuple[_Read, ...] = (
    hitl.read, tool_approval.read, agent_inbox.read, mcp.read, ag_ui.read,
)  # fmt: skip


def read(payload: Any, schema: dict[str, Any] | None = None) -> Reading:
    """Return what ``payload`` asks, by the first convention that knows its shape.

    Args:
        schema: JSON Schema of the answer, where the code gave one.

    >>> read({"question": "Approve?", "essay": "..."}).title
    'Approve?'
    >>> call = {"type": "tool_approval", "tool_call_id": "1", "name": "send", "args": {"to": "kim"}}
    >>> reading = read(call)
    >>> reading.title, reading.answer([{"kind": "approve"}])
    ('May send run?', {'type': 'approve'})
    """
    for read_own in _CONVENTIONS:
        reading = read_own(payload, schema)
        if reading is not None:
            return reading
    return plain.read(payload)
