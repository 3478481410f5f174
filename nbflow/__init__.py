"""nbflow: durable, interactive workflows in a notebook, written as plain functions.

``from nbflow.func import entrypoint, task`` and ``from nbflow.types import interrupt, Command``;
``%load_ext nbflow`` shows every run under the cell that starts it.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from nbflow._hooks import hooks as _hooks
from nbflow.evidence import picture
from nbflow.identity import acting_as
from nbflow.recorded import now, random, uuid

if TYPE_CHECKING:
    from nbflow.guests.graph import adopt as adopt
    from nbflow.headless.notebooks import notebook_task as notebook_task
    from nbflow.notebook.glued import glue as glue
    from nbflow.queues import review as review
    from nbflow.widgets.inbox import Inbox as Inbox

__all__ = [
    "Inbox",
    "__version__",
    "acting_as",
    "adopt",
    "glue",
    "load_ipython_extension",
    "notebook_task",
    "now",
    "picture",
    "random",
    "review",
    "unload_ipython_extension",
    "uuid",
]

__version__ = "0.1.0"
"""This package's version, as PEP 440 writes it."""


def load_ipython_extension(ipython: Any) -> None:
    """``%load_ext nbflow``: from now on every run that a cell starts appears under the cell.

    Args:
        ipython: the shell that loads it; IPython calls this.
    """
    from nbflow.notebook.extension import load_ipython_extension as load

    load(ipython)


def unload_ipython_extension(ipython: Any) -> None:
    """``%unload_ext nbflow``: runs no longer show themselves; those that are shown stay live.

    Args:
        ipython: the shell that unloads it; IPython calls this.
    """
    from nbflow.notebook.extension import unload_ipython_extension as unload

    unload(ipython)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "nbflow"}]


def __getattr__(name: str) -> Any:
    """What is loaded when it is first used, so that importing nbflow stays quick."""
    if name == "review":
        from nbflow.queues import review

        return review
    if name == "adopt":
        from nbflow.guests.graph import adopt

        return adopt
    if name == "notebook_task":
        from nbflow.headless.notebooks import notebook_task

        return notebook_task
    if name == "glue":
        from nbflow.notebook.glued import glue

        return glue
    if name == "Inbox":
        from nbflow.widgets.inbox import Inbox

        return Inbox
    raise AttributeError(f"module 'nbflow' has no attribute {name!r}")


def _fill_hooks() -> None:
    ipython = sys.modules.get("IPython")
    if ipython is not None and ipython.get_ipython() is not None:
        from nbflow.notebook.extension import fill_hooks

        fill_hooks()


_hooks.fill = _fill_hooks
