"""Checkpoints as a page and a record read them.

The invariant: a value is a bounded preview, with no secret that the run was given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbflow.forms import preview

if TYPE_CHECKING:
    from nbflow.forms.secrets import Secrets
    from nbflow.types import StateSnapshot
    from nbflow.widgets.protocol import CheckpointItem

__all__ = ["checkpoint_item"]

_CHARS = 4_000


def checkpoint_item(snapshot: StateSnapshot, secrets: Secrets) -> CheckpointItem:
    """Return one checkpoint.

    Args:
        secrets: those that the thread's runs were given, as far as they are known.

    >>> from nbflow.forms.secrets import Secrets
    >>> from nbflow.types import StateSnapshot
    >>> snapshot = StateSnapshot(8, (), {}, {"source": "loop", "step": 0}, None, None, (), ())
    >>> checkpoint_item(snapshot, Secrets())["values"]["text"]
    '8'
    """
    metadata = snapshot.metadata or {}
    values = preview(snapshot.values, _CHARS)
    return {
        "checkpoint_id": _checkpoint_id(snapshot.config) or "",
        "parent_id": _checkpoint_id(snapshot.parent_config),
        "source": str(metadata.get("source", "")),
        "step": int(metadata.get("step", 0)),
        "created_at": snapshot.created_at or "",
        "values": {**values, "text": secrets.hide(values["text"])},
        "next": [str(name) for name in snapshot.next],
        "questions": len(snapshot.interrupts),
    }


def _checkpoint_id(config: Any) -> str | None:
    found = (config or {}).get("configurable", {}).get("checkpoint_id")
    return found if isinstance(found, str) else None
