"""How a run looks as a cell's output.

The output holds the live widget where there is one, and always HTML and text. It is replaced when
the run pauses and when it ends, so that a saved notebook tells what happened.
"""

from __future__ import annotations

import html
import logging
import threading
import uuid
from collections.abc import Callable
from contextvars import Context
from typing import TYPE_CHECKING, Any

from nbflow.errors import MissingBundleError
from nbflow.events import Event, RunEnded
from nbflow.notebook.static_view import html_of, text_of
from nbflow.notebook.waiting import Host, host, kernel_tap

if TYPE_CHECKING:
    from nbflow.run import Run

__all__ = ["mimebundle", "show", "show_started"]

_WIDGET = "application/vnd.jupyter.widget-view+json"

_RUNS_SHOWN = 20
"""How many of the runs that one cell invokes are shown; a loop of a thousand floods no page."""

_log = logging.getLogger(__name__)


def mimebundle(run: Run) -> dict[str, Any]:
    """Return the run in every form that a notebook can show.

    Headless there is no page, so there is no widget: its saved state would only ask for a script
    that the reader does not have.
    """
    bundle: dict[str, Any] = {"text/plain": text_of(run), "text/html": html_of(run)}
    if host() in (Host.TAPPED, Host.DEAF):
        try:
            bundle |= _widget_part(run)
        except MissingBundleError as exc:
            bundle["text/plain"] += f"\n{exc}"
            bundle["text/html"] += f"<div>{html.escape(str(exc))}</div>"
    return bundle


def show(run: Run) -> None:
    """Show the run under the cell that is running; in a kernel, keep what is shown up to date."""
    from IPython.display import publish_display_data

    display_id = uuid.uuid4().hex

    def publish(update: bool) -> None:
        publish_display_data(mimebundle(run), transient={"display_id": display_id}, update=update)

    before = run.status
    if host() is not Host.PLAIN:
        run.subscribe(_on_end(publish))
    publish(False)
    if host() is not Host.PLAIN and run.status != before:
        publish(True)


def show_started(run: Run) -> None:
    """Show a run that a cell's plain ``invoke`` or ``stream`` begins, one of the cell's first."""
    place = _place_in_cell()
    if place < _RUNS_SHOWN:
        show(run)
    elif place == _RUNS_SHOWN:
        print(f"nbflow shows the first {_RUNS_SHOWN} runs of a cell; the others are not shown.")


_cell_runs = {"cell": -1, "runs": 0}
_counting = threading.Lock()


def _place_in_cell() -> int:
    """Count one more run of the cell that is running now; returns how many came before it."""
    from IPython.core.getipython import get_ipython

    shell: Any = get_ipython()
    with _counting:
        if _cell_runs["cell"] != shell.execution_count:
            _cell_runs.update(cell=shell.execution_count, runs=0)
        _cell_runs["runs"] += 1
        return _cell_runs["runs"] - 1


def _on_end(publish: Callable[[bool], None]) -> Callable[[Event], None]:
    """Return a listener that brings the output up to date at each pause and at the end, once.

    An update goes out in the name of the cell that runs now, in a context of its own: clients
    that execute cell by cell drop what comes late in the name of an earlier one.
    """
    seen = -1

    def listen(event: Event) -> None:
        nonlocal seen
        if isinstance(event, RunEnded) and event.seq > seen:
            seen = event.seq
            try:
                Context().run(publish, True)
            except Exception:
                _log.exception("The output of a run could not be brought up to date")

    return listen


def _widget_part(run: Run) -> dict[str, Any]:
    """Return the widget's view, its messages served from now on even while a cell runs."""
    from nbflow.widgets.run_view import view_of

    view = view_of(run)
    tap = kernel_tap()
    if tap is not None:
        tap.serve(view.comm_ids)
    return {_WIDGET: {"version_major": 2, "version_minor": 0, "model_id": view.model_id}}
