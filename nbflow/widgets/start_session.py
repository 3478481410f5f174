"""One start form's conversation with the pages that show it.

It draws the input of a workflow as a form, begins runs, and carries what they say under the form.
The invariant: a run is begun only from an input that fits, on a thread that is new, once for each
press; whatever is refused, nothing was stored.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, ClassVar

from nbflow.errors import ThreadExistsError
from nbflow.forms.inputs import input_form, recallable
from nbflow.inputs import input_from_json, input_schema
from nbflow.widgets.conversation import BadMessageError, Conversation, Page, text_in
from nbflow.widgets.protocol import PROTOCOL
from nbflow.widgets.receipts import Receipts
from nbflow.widgets.session import session_of

if TYPE_CHECKING:
    from nbflow.base_run import BaseRun
    from nbflow.base_workflow import BaseWorkflow
    from nbflow.widgets.protocol import Snapshot
    from nbflow.widgets.start_protocol import StartSnapshot

__all__ = ["RUNS_SHOWN", "StartSession"]

RUNS_SHOWN = 20
"""How many runs stand under a form; older ones leave it, and go on."""

_STATES = {
    "done": "its last run is done",
    "running": "it is running",
    "interrupted": "it waits for an answer",
    "error": "its last run failed",
    "cancelled": "its last run was cancelled",
}


class StartSession(Conversation):
    """What one start form says to its pages, and what they say to it.

    >>> from nbflow.func import entrypoint
    >>> @entrypoint()
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> class Log:
    ...     def send(self, content, buffers=None):
    ...         print(content.get("status", content["type"]))
    ...     def show(self, snapshot):
    ...         pass
    >>> form = StartSession(double)
    >>> form.receive(Log(), {"type": "submit", "submission": "s1", "interrupt_id": form.id,
    ...                      "value": 4, "thread": ""})
    accepted
    >>> form.runs[0].result()
    8
    """

    def __init__(self, workflow: BaseWorkflow) -> None:
        super().__init__()
        self.workflow = workflow
        """What it starts."""
        self.id: str = uuid.uuid4().hex
        """32 hex digits; a page keeps what is entered under this name."""
        self._runs: dict[str, _RunPage] = {}
        """By key, oldest first."""
        self._receipts = Receipts()
        self._context_vars = copy_context()
        """Of the cell that shows the form: what the runs print belongs there."""
        self._listeners: list[Callable[[BaseRun], None]] = []

    @property
    def runs(self) -> tuple[BaseRun, ...]:
        """The runs that it shows, in the order in which it began them."""
        with self._lock:
            return tuple(page.shown for page in self._runs.values())

    def on_start(self, listener: Callable[[BaseRun], None]) -> None:
        """Tell ``listener`` of every run that is begun, before a page hears of it."""
        self._listeners.append(listener)

    def note(self, run: BaseRun) -> None:
        """Tell the listeners of a run."""
        for listener in self._listeners:
            listener(run)

    def attach(self, page: Page) -> StartSnapshot:
        """Add a page. Return the state to begin with."""
        with self._lock:
            self._pages[id(page)] = page
            return self._snapshot()

    def detach(self, page: Page) -> None:
        """Forget a page."""
        with self._lock:
            self._pages.pop(id(page), None)

    def _snapshot(self) -> StartSnapshot:
        return {
            "protocol": PROTOCOL,
            "workflow": self.workflow.name,
            "runs": [
                {"run": key, "snapshot": page.snapshot}
                for key, page in reversed(self._runs.items())
            ],
        }

    def show_runs(self) -> None:
        """Tell the pages how the runs stand."""
        with self._lock:
            snapshot = self._snapshot()
            for page in self._pages.values():
                page.show(snapshot)

    def say(self, content: Any) -> None:
        """Send a message to every page."""
        for page in self.pages:
            self._post(page, content)

    # -- what pages ask -----------------------------------------------------------------------

    def _serve_form(self, page: Page, content: dict[str, Any]) -> None:
        self._post(
            page,
            {
                "type": "form",
                "request": text_in(content, "request"),
                "form": input_form(self.workflow, self.id),
                "optional": input_schema(self.workflow) in ({}, {"type": "null"}),
                "kept": self.workflow.keeps_threads,
            },
        )

    def _serve_earlier(self, page: Page, content: dict[str, Any]) -> None:
        request = text_in(content, "request")
        inputs = recallable(self.workflow)
        self._post(page, {"type": "earlier", "request": request, "inputs": inputs})

    def _serve_submit(self, page: Page, content: dict[str, Any]) -> None:
        thread = text_in(content, "thread").strip()
        if "value" not in content:
            raise BadMessageError("A start needs a value.")
        receipt = self._receipts.of(content, lambda _form: self._start(content["value"], thread))
        self._post(page, receipt)

    def _start(self, value: Any, thread: str) -> None:
        given = input_from_json(self.workflow, value)
        _refuse_known(self.workflow, thread)
        run: BaseRun = self._context_vars.copy().run(self.workflow.start, given, thread or None)
        self.note(run)
        key = uuid.uuid4().hex
        begun, oldest = _RunPage(self, key, run), None
        with self._lock:
            self._runs[key] = begun
            if len(self._runs) > RUNS_SHOWN:
                oldest = self._runs.pop(next(iter(self._runs)))
        if oldest is not None:
            session_of(oldest.run).detach(oldest)
        self.show_runs()

    def _serve_run(self, _page: Page, content: dict[str, Any]) -> None:
        with self._lock:
            begun = self._runs.get(text_in(content, "run"))
        if begun is None:
            raise BadMessageError("This form has not begun such a run.")
        session_of(begun.run).receive(begun, content.get("message"))

    _serves: ClassVar = {
        "form": _serve_form,
        "earlier": _serve_earlier,
        "submit": _serve_submit,
        "run": _serve_run,
    }


class _RunPage:
    """The page of one run, inside the pages of the form that began it."""

    def __init__(self, form: StartSession, key: str, run: BaseRun) -> None:
        self.run = run
        """Whose session serves the page."""
        self.shown = run
        """The run that the page has gone on to."""
        self._form = form
        self._key = key
        self._shown: Snapshot | None = None
        """The newest that the run has told; it may come before ``attach`` returns."""
        self._first = session_of(run).attach(self)

    @property
    def snapshot(self) -> Snapshot:
        return self._shown or self._first

    def send(self, content: Any, buffers: Any = None) -> None:
        self._form.say({"type": "run", "run": self._key, "message": content})

    def show(self, snapshot: Any) -> None:
        self._shown = snapshot
        self._form.show_runs()

    def follow(self, run: BaseRun) -> None:
        self.shown = run
        self._form.note(run)


def _refuse_known(workflow: BaseWorkflow, thread: str) -> None:
    known = workflow.thread_status(thread) if thread else None
    if known is None:
        return
    raise ThreadExistsError(
        f"There is a thread {thread!r} already: {_STATES.get(known, known)}. A form "
        "starts new threads only: give another name, or leave it empty. In code, "
        f"{workflow.name}.thread({thread!r}) shows its last run, and "
        f"{workflow.name}.start(input, thread_id={thread!r}) begins the next one on it."
    )
