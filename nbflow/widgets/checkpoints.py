"""Checkpoints as a page and a record read them.

The invariant: a value is a bounded preview, with no secret that the run was given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbflow.branches import checkpoint_id_of
from nbflow.compare import Absent, lines_between
from nbflow.forms import preview
from nbflow.forms.portable import clean_text, shorten, visible

if TYPE_CHECKING:
    from nbflow.branches import Branch
    from nbflow.compare import Difference
    from nbflow.forms.model import Preview
    from nbflow.forms.secrets import Secrets
    from nbflow.types import StateSnapshot
    from nbflow.widgets.history_protocol import ChangeItem
    from nbflow.widgets.protocol import BranchItem, CheckpointItem

__all__ = ["CHANGES", "branch_item", "change_item", "checkpoint_item", "hidden_preview"]

CHANGES = 200
"""So many places where two states differ are shown."""

_CHARS = 4_000
_LINES = 400
_LINE_CHARS = 2_000


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
    return {
        "checkpoint_id": checkpoint_id_of(snapshot.config) or "",
        "parent_id": checkpoint_id_of(snapshot.parent_config),
        "source": str(metadata.get("source", "")),
        "step": int(metadata.get("step", 0)),
        "created_at": snapshot.created_at or "",
        "values": hidden_preview(snapshot.values, secrets),
        "next": [str(name) for name in snapshot.next],
        "questions": len(snapshot.interrupts),
    }


def hidden_preview(value: Any, secrets: Secrets, chars: int = _CHARS) -> Preview:
    """Return a preview of at most so many characters, without the secrets.

    >>> from nbflow.forms.secrets import Secrets
    >>> hidden_preview({"n": 1}, Secrets())["kind"]
    'json'
    """
    shown = preview(value, chars)
    return {**shown, "text": secrets.hide(shown["text"])}


def branch_item(branch: Branch) -> BranchItem:
    """Return one branch.

    >>> from nbflow.branches import branches_of
    >>> from nbflow.types import StateSnapshot
    >>> snapshot = StateSnapshot(8, (), {}, {"source": "loop", "step": 0}, None, None, (), ())
    >>> [branch_item(one)["size"] for one in branches_of([snapshot])]
    [1]
    """
    return {
        "number": branch.number,
        "parent": branch.parent,
        "leaves": branch.leaves,
        "size": len(branch.checkpoints),
        "status": branch.newest.status,
    }


def change_item(change: Difference, secrets: Secrets) -> ChangeItem:
    """Return one place where two states differ.

    >>> from nbflow.compare import differences
    >>> from nbflow.forms.secrets import Secrets
    >>> [one] = differences({"year": 2021}, {"year": 2022})
    >>> change_item(one, Secrets())["after"]["text"]
    '2022'
    """
    # Hidden before they are cut into lines: a secret may have several.
    sides = (secrets.hide(side) for side in (change.before, change.after))
    lines = lines_between(*sides) if change.lines else ()
    return {
        "path": [secrets.hide(visible(clean_text(str(step)[:200]))) for step in change.path],
        "before": _side(change.before, secrets),
        "after": _side(change.after, secrets),
        "lines": [
            {"kind": line.kind, "text": secrets.hide(visible(shorten(line.text, _LINE_CHARS)[0]))}
            for line in lines[:_LINES]
        ],
    }


def _side(value: Any, secrets: Secrets) -> Preview | None:
    return None if isinstance(value, Absent) else hidden_preview(value, secrets)
