"""``%load_ext nbflow``: runs that a cell starts appear under the cell, and ``%nbflow`` is there.

Loading it fills the hooks that ``nbflow.run`` offers; unloading empties them. Both can be done
any number of times.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from nbflow._hooks import hooks
from nbflow.base_run import BaseRun
from nbflow.base_workflow import BaseWorkflow
from nbflow.errors import MissingBundleError
from nbflow.export import Record
from nbflow.notebook import display, magics
from nbflow.notebook.panel import offer_panel, withdraw_panel
from nbflow.notebook.prints import pass_on_prints, stop_passing_on

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["fill_hooks", "load_ipython_extension", "unload_ipython_extension"]


def load_ipython_extension(ip: InteractiveShell) -> None:
    """Show the runs that cells start, and let cells wait for their forms.

    Args:
        ip: the shell of the notebook, or of a terminal, where runs are shown as text.
    """
    fill_hooks()
    kernel = getattr(ip, "kernel", None)
    if kernel is not None:
        hooks.started = display.show_started
        pass_on_prints()
        _warm_up()
        offer_panel(kernel)
    formatter = _shower(ip)
    if formatter is not None:
        formatter.for_type(BaseRun, display.show)
        formatter.for_type(BaseWorkflow, display.show_workflow)
        formatter.for_type(Record, display.show_record)
    magics.add_magics(ip)


def unload_ipython_extension(ip: InteractiveShell) -> None:
    """Stop showing runs by themselves; what is already shown stays live."""
    hooks.started = None
    stop_passing_on()
    kernel = getattr(ip, "kernel", None)
    if kernel is not None:
        withdraw_panel(kernel)
    formatter = _shower(ip)
    if formatter is not None:
        formatter.pop(BaseRun, None)
        formatter.pop(BaseWorkflow, None)
        formatter.pop(Record, None)
    magics.remove_magics(ip)


def fill_hooks() -> None:
    """Give what a cell can show its display, and runs their way to wait; also without loading."""
    hooks.display = display.mimebundle
    hooks.display_inbox = display.inbox_mimebundle
    hooks.display_workflow = display.workflow_mimebundle
    hooks.freeze = display.freeze
    hooks.before_wait = display.before_wait
    hooks.at_pause = display.at_pause


def _warm_up() -> None:
    """Import the widgets and pack their bundle, which the first card of a kernel would wait for.

    Not in a thread: work beside a busy main thread makes ipykernel 7.1 to 7.3 mislay a request.
    """
    from nbflow.widgets import assets, run_view  # noqa: F401

    with contextlib.suppress(MissingBundleError):
        assets.bundle_gz()


def _shower(ip: InteractiveShell) -> Any:
    """Return the shell's formatter for objects that show themselves."""
    return getattr(ip.display_formatter, "ipython_display_formatter", None)
