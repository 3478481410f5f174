"""``nbflow.glue``: what a notebook hands back to whoever executes it."""

from __future__ import annotations

from typing import Any

from nbflow import serde
from nbflow.notebook.supervisor import supervisor

__all__ = ["glue"]


def glue(name: str, value: Any) -> None:
    """Hand a value to whoever executes this notebook: ``nbflow.notebook_task`` or ``nbflow run``.

    Where a person runs the notebook, it is only checked that the value could be handed over. A
    second value of the same name takes the place of the first.

    Args:
        value: anything that a task could return.

    Raises:
        NotSerializableError: it cannot be stored; the message names the part.

    >>> glue("kept", 108)
    """
    serde.dumps(value)
    asked_by = supervisor()
    if asked_by is not None:
        asked_by.tell("value", name=name, value=value)
