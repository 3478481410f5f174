"""How a run looks as a cell's output.

A cell that shows a run gets the live widget, where there is one, and below it the record: HTML and
text that are replaced when the run pauses and when it ends, so that a saved notebook tells what
happened. The two take turns: the record is seen where no live card is. The card's own output is
never replaced before ``freeze``, since that would draw the card anew and lose what is open in it. A
cell shows a run once, and no cell waits for the answer to a form that is nowhere to be seen.
"""

from __future__ import annotations

import html
import logging
import sys
import threading
import uuid
from collections.abc import Callable
from contextvars import Context
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary, WeakSet

from nbflow._hooks import hooks
from nbflow.base_run import BaseRun
from nbflow.errors import MissingBundleError, NbflowError
from nbflow.events import Event, RunEnded
from nbflow.notebook import waiting
from nbflow.notebook.static_inbox import inbox_html, inbox_text
from nbflow.notebook.static_start import start_html, start_text
from nbflow.notebook.waiting import Host, host, kernel_tap
from nbflow.record.static_view import html_of, text_of

if TYPE_CHECKING:
    from nbflow.base_workflow import BaseWorkflow
    from nbflow.export import Record
    from nbflow.widgets.inbox import Inbox
    from nbflow.widgets.start_session import StartSession
    from nbflow.widgets.view import View

__all__ = [
    "CannotFreezeError",
    "at_pause",
    "before_wait",
    "freeze",
    "inbox_mimebundle",
    "mimebundle",
    "saved_html",
    "show",
    "show_record",
    "show_started",
    "show_workflow",
    "workflow_mimebundle",
]

_WIDGET = "application/vnd.jupyter.widget-view+json"

_TURNS = (
    ".jp-OutputArea-child:has(.nbflow)+.jp-OutputArea-child:has(.nbflow-record),"
    ".jp-OutputArea-child:has(>.jupyter-widgets):not(:has(.nbflow))"
    ":has(+.jp-OutputArea-child .nbflow-record)"
    "{display:none}"
)
"""Beside a live card no record; in place of a card whose kernel is gone, the record alone."""

_PRINTED = "@media print{.nbflow-static details::details-content{content-visibility:visible}}"
"""On paper nothing is folded."""

_RUNS_SHOWN = 20
"""How many of the runs that one cell invokes are shown; a loop of a thousand floods no page."""

_REST_S = 5.0
"""How long a cell that shows a run lets it come to rest, where nobody could look at it later."""

_log = logging.getLogger(__name__)


class CannotFreezeError(NbflowError, RuntimeError):
    """A cell shows a run's live view as its value, which stays; the message says how it can go."""


class _Card:
    """A card under a cell and the record below it, which tells of the run that the card follows.

    Args:
        run: which it shows to begin with.
    """

    def __init__(self, run: BaseRun) -> None:
        self.card_id, self.record_id = uuid.uuid4().hex, uuid.uuid4().hex
        """Display ids of the two."""
        self._run = run
        self._before: BaseRun | None = None
        self._view: View | None = None

    def live(self, view: View, publish: Callable[[bool], None]) -> None:
        """Tell of each run that the live view goes on to."""
        self._view = view
        view.on_follow(lambda run: self._go_on(run, publish))

    def close(self) -> None:
        """End the live view."""
        if self._view is not None:
            self._view.close()

    def record(self) -> dict[str, Any]:
        """Return what stays of the run that is followed, and from which run the card came."""
        return {
            "text/plain": text_of(self._run, self._before),
            "text/html": html_of(self._run, self._before),
        }

    def _go_on(self, run: BaseRun, publish: Callable[[bool], None]) -> None:
        if run.id != self._run.id:
            self._before = self._run
        self._run = run
        _keep_up(run, publish)


_shown_in: WeakKeyDictionary[BaseRun, int | None] = WeakKeyDictionary()
"""The number of the cell that last showed a run."""
_cards: WeakKeyDictionary[BaseRun, list[_Card]] = WeakKeyDictionary()
"""The cards that cells show of a run."""
_bundled: WeakSet[BaseRun] = WeakSet()
"""Runs whose card is in an output that nothing can replace: the value of a cell, as it is."""


def mimebundle(run: BaseRun) -> dict[str, Any]:
    """Return the run in every form that a notebook can show."""
    _shown_in.setdefault(run, None)
    widget, record = _widget_part(run), _record(run)
    if widget is not None:
        _bundled.add(run)
    return record if widget is None else widget | record


def inbox_mimebundle(inbox: Inbox) -> dict[str, Any]:
    """Return an inbox in every form that a notebook can show."""
    from nbflow.widgets.inbox_view import inbox_view_of

    widget = _part_of(lambda: inbox_view_of(inbox))
    questions = inbox.questions()
    form = inbox.session.form
    record = {"text/plain": inbox_text(questions, form), "text/html": inbox_html(questions, form)}
    return record if widget is None else widget | record


def workflow_mimebundle(workflow: BaseWorkflow) -> dict[str, Any]:
    """Return a workflow's start form in every form that a notebook can show."""
    session, widget = _start_part(workflow)
    session.on_start(_note_shown)
    record = _start_record(session)
    return record if widget is None else widget | record


def _start_part(workflow: BaseWorkflow) -> tuple[StartSession, dict[str, Any] | None]:
    from nbflow.widgets.start_session import StartSession

    session = StartSession(workflow)

    def view() -> View:
        from nbflow.widgets.start_view import StartView

        return StartView(session)

    return session, _part_of(view)


def _start_record(session: StartSession) -> dict[str, Any]:
    """Return what stays of a start form, and of the runs it began, where there is no kernel."""
    workflow, runs = session.workflow, session.runs
    return {"text/plain": start_text(workflow, runs), "text/html": start_html(workflow, runs)}


def _note_shown(run: BaseRun) -> None:
    """Note that a run is shown by the form that began it, so that no cell shows it by itself."""
    with _counting:
        _shown_in.setdefault(run, None)


def _record(run: BaseRun) -> dict[str, Any]:
    """Return what stays of the run where there is no kernel."""
    return {"text/plain": text_of(run), "text/html": html_of(run)}


def show(run: BaseRun) -> None:
    """Show the run under the cell that is running; in a kernel, keep what is shown up to date.

    A second call in the same cell shows nothing more. Where nobody is there the cell lets the run
    come to rest first, for a moment: no later cell may come whose output could be brought up to
    date, and what it waits for is printed.
    """
    if host() is Host.HEADLESS:
        run.wait(_REST_S)
        waiting.say_pending(run)
    _show(run)


def _show(run: BaseRun) -> None:
    _bundled.discard(run)  # who was told to show it anew has done so
    if _is_new_to_cell(run):
        _publish(run)


def show_record(record: Record) -> None:
    """Show a record: of a run that is over the card, to look at; of others what is kept of it."""
    summary = record.summary

    def view() -> View:
        from nbflow.widgets.record_session import RecordSession
        from nbflow.widgets.view import View

        return View(RecordSession(record.log, record.history, cast("Any", summary.status)), "run")

    is_over = summary.status in ("done", "error", "cancelled") and not summary.open_questions
    shown = {"text/plain": repr(record), "text/html": record._repr_html_()}
    _publisher(_part_of(view) if is_over else None, lambda: shown)(False)


def show_workflow(workflow: BaseWorkflow) -> None:
    """Show a workflow's start form; in a kernel, keep the record of its runs up to date."""
    session, widget = _start_part(workflow)
    publish = _publisher(widget, lambda: _start_record(session))

    def started(run: BaseRun) -> None:
        _note_shown(run)
        _keep_up(run, publish)

    session.on_start(started)
    publish(False)


def _publish(run: BaseRun) -> None:
    from nbflow.widgets.run_view import view_of

    widget, card = _widget_part(run), _Card(run)
    publish = _publisher(widget, card.record, (card.card_id, card.record_id))
    if widget is not None:
        _cards.setdefault(run, []).append(card)
    if widget is not None and _WIDGET in widget:
        card.live(view_of(run), publish)
    before = run.status
    if host() is not Host.PLAIN:
        run.subscribe(_on_end(publish))
    publish(False)
    if host() is not Host.PLAIN and run.status != before:
        publish(True)


def _publisher(
    widget: dict[str, Any] | None,
    record: Callable[[], dict[str, Any]],
    ids: tuple[str, str] | None = None,
) -> Callable[[bool], None]:
    """Show a widget; return what shows the record below it, and brings that up to date.

    Args:
        ids: display ids of the two.
    """
    card_id, record_id = ids or (uuid.uuid4().hex, uuid.uuid4().hex)

    def publish(update: bool) -> None:
        _publish_part(record_id, _wrapped(record(), has_card=widget is not None), update)

    if widget is not None:
        # A reader that knows no widgets takes the empty text here, and then the record.
        _publish_part(card_id, {**_EMPTY, **widget}, False)
    return publish


_EMPTY = {"text/plain": "", "text/html": ""}


def _publish_part(display_id: str, data: dict[str, Any], update: bool) -> None:
    from IPython.display import publish_display_data

    publish_display_data(data, transient={"display_id": display_id}, update=update)


def _wrapped(record: dict[str, Any], *, has_card: bool) -> dict[str, Any]:
    """A record with the style that it needs around it."""
    style = f"<style>{_PRINTED}{_TURNS if has_card else ''}</style>"
    whole = f'<div class="nbflow-record">{style}{record["text/html"]}</div>'
    return record | {"text/html": whole}


def saved_html(run: BaseRun) -> str:
    """Return the HTML that a saved notebook keeps of a run, with the style for its print."""
    html: str = _wrapped(_record(run), has_card=False)["text/html"]
    return html


def freeze(run: BaseRun) -> None:
    """Replace the cards that cells show of a run by its record, and end the live view.

    What was shown is brought up to date and sent before this returns, so that a kernel may stop
    right after. A second time changes nothing but what is out of date.

    Raises:
        CannotFreezeError: a cell shows the run as its value; all other cells are frozen.
    """
    from nbflow.widgets.run_view import close_views

    for card in _cards.get(run, ()):
        _publish_part(card.card_id, _EMPTY, True)
        _publish_part(card.record_id, _wrapped(card.record(), has_card=False), True)
    if run not in _bundled:
        for card in _cards.get(run, ()):
            card.close()
        close_views(run)
    sys.stdout.flush()  # which waits for all that was published before it
    if run in _bundled:
        raise CannotFreezeError(
            "A cell shows this run as its value, in an output that nothing can replace: it was "
            "shown without %load_ext nbflow. Expected a run shown after it. Run %load_ext nbflow, "
            "execute again each cell that shows the run, and then run.freeze(); or keep the run "
            "with nbflow.export.notebook(run, path='record.ipynb')."
        )


def show_started(run: BaseRun) -> None:
    """Show a run that a cell's plain ``invoke`` or ``stream`` begins, one of the cell's first."""
    place = _place_in_cell()
    if place < _RUNS_SHOWN:
        _show(run)
    elif place == _RUNS_SHOWN:
        print(f"nbflow shows the first {_RUNS_SHOWN} runs of a cell; the others are not shown.")


def before_wait(run: BaseRun) -> Callable[[], None] | None:
    """Show a run that a cell waits for and nobody has seen; let its form be used meanwhile.

    Returns what the waiting thread has to call now and then, as ``waiting.before_wait`` does.
    """
    listen = waiting.before_wait(run)
    if run not in _shown_in and hooks.started is not None:
        show_started(run)
    return listen


def at_pause(run: BaseRun) -> None:
    """Show the form that a cell is about to wait for, if nobody has seen it; then decide.

    Raises:
        RunPendingError, WaitNotPossibleError: as in ``waiting.at_pause``.
    """
    if run not in _shown_in and host() in (Host.TAPPED, Host.DEAF):
        _show(run)
    waiting.at_pause(run)


_cell_runs = {"cell": -1, "runs": 0}
_counting = threading.Lock()


def _place_in_cell() -> int:
    """Count one more run of the cell that is running now; returns how many came before it."""
    cell = _cell()
    with _counting:
        if _cell_runs["cell"] != cell:
            _cell_runs.update(cell=cell, runs=0)
        _cell_runs["runs"] += 1
        return _cell_runs["runs"] - 1


def _is_new_to_cell(run: BaseRun) -> bool:
    """Note that the running cell shows the run; False when it does so already."""
    cell = _cell()
    with _counting:
        before = _shown_in.get(run)
        _shown_in[run] = cell
    return host() is Host.PLAIN or before is None or before != cell


def _cell() -> int:
    """Return the number of the cell that is running."""
    from IPython.core.getipython import get_ipython

    shell: Any = get_ipython()
    number: int = shell.execution_count
    return number


def _keep_up(run: BaseRun, publish: Callable[[bool], None]) -> None:
    """Bring an output up to date at each pause of a run, and now if it has one behind it."""
    listen = _on_end(publish)
    run.subscribe(listen)
    for event in run.events():
        listen(event)


def _on_end(publish: Callable[[bool], None]) -> Callable[[Event], None]:
    """Return a listener that brings the output up to date at each pause and at the end, once.

    An update goes out in the name of the cell that runs now, in a context of its own: clients
    that execute cell by cell drop what comes late in the name of an earlier one.
    """
    seen, one_by_one = -1, threading.Lock()

    def listen(event: Event) -> None:
        nonlocal seen
        if not isinstance(event, RunEnded):
            return
        with one_by_one:  # a run may end again while its pause is being written
            if event.seq <= seen:
                return
            seen = event.seq
            try:
                Context().run(publish, True)
            except Exception:
                _log.exception("The output of a run could not be brought up to date")

    return listen


def _widget_part(run: BaseRun) -> dict[str, Any] | None:
    from nbflow.widgets.run_view import view_of

    return _part_of(lambda: view_of(run))


def _part_of(make: Callable[[], View]) -> dict[str, Any] | None:
    """Return the widget's view, its messages served from now on even while a cell runs.

    None where there is no page: the widget's saved state would only ask for a script that the
    reader does not have. Without the front end, a text that says how to get it.
    """
    if host() not in (Host.TAPPED, Host.DEAF):
        return None
    try:
        view = make()
    except MissingBundleError as exc:
        return {"text/plain": str(exc), "text/html": f"<div>{html.escape(str(exc))}</div>"}
    tap = kernel_tap()
    if tap is not None:
        tap.serve(view.comm_ids)
    return {_WIDGET: {"version_major": 2, "version_minor": 0, "model_id": view.model_id}}
