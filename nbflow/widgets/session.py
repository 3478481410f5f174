"""One run's conversation with the pages that show it.

The session keeps the run's log in wire form, sends what is new in batches, and serves what the
browser asks. The invariant: a page that has said ``sync`` gets every event once, in order.
"""

from __future__ import annotations

import logging
import threading
import uuid
from typing import TYPE_CHECKING, Any, ClassVar, cast
from weakref import WeakValueDictionary

from nbflow.errors import NbflowError
from nbflow.events import Answered, Asked, Event, RunEnded, RunStarted
from nbflow.identity import acting_as
from nbflow.inputs import input_schema
from nbflow.widgets.batches import batches
from nbflow.widgets.conversation import Conversation, Page, number_in, text_in
from nbflow.widgets.history_session import PastServed, serve_past
from nbflow.widgets.protocol import PROTOCOL
from nbflow.widgets.submissions import Submissions
from nbflow.widgets.wire import Encoder

if TYPE_CHECKING:
    from nbflow.base_run import BaseRun
    from nbflow.forms.secrets import Secrets
    from nbflow.types import Interrupt
    from nbflow.widgets.protocol import EventData, RunStatus, Snapshot

__all__ = ["Session", "next_part", "session_of"]

_log = logging.getLogger(__name__)

_ASKS = ("running", "interrupted", "error")
_CHUNK = 200
_FORM_WEIGHT = 50


class Session(Conversation):
    """What one run says to its pages, and what they say to it."""

    def __init__(self, run: BaseRun) -> None:
        super().__init__()
        self.run = run
        """Whose session this is."""
        self.log: str = uuid.uuid4().hex
        """Id of the log: 32 hex digits, anew in each kernel."""
        self._encoder = Encoder(input_schema(run.workflow))
        self._wire: list[EventData] = []
        self._status = "running"
        self._open: set[str] = set()
        self._sent: dict[int, int] = {}
        self._submissions = Submissions(self._question, self._answer)
        self._shown: Snapshot | None = None
        self.past: PastServed = PastServed(self)
        """Serves what a page asks of the thread's past."""
        self._handed: dict[int, Session] = {}
        """Pages that show another run since they went back to the past of this one."""
        run.subscribe(self._on_event)

    def attach(self, page: Page) -> Snapshot:
        """Add a page; it gets events once it has said ``sync``. Return the state to begin with."""
        with self._lock:
            self._pages[id(page)] = page
            self._encode_new()
            self._shown = self._snapshot()
            return self._shown

    def detach(self, page: Page) -> None:
        """Forget a page."""
        with self._lock:
            self._pages.pop(id(page), None)
            self._sent.pop(id(page), None)
            handed = self._handed.pop(id(page), None)
        if handed is not None:
            handed.detach(page)

    def receive(self, page: Page, content: Any) -> None:
        """Serve one message from the browser, or let the run do so that the page has gone on to."""
        with self._lock:
            handed = self._handed.get(id(page))
        if handed is None:
            super().receive(page, content)
        else:
            handed.receive(page, content)

    @property
    def secrets(self) -> Secrets:
        """What the run was given in secret, as far as its log tells by now."""
        with self._lock:
            self._encode_new()
            return self._encoder.secrets

    @property
    def is_seen(self) -> bool:
        """Whether a page has shown the run: it has asked for its events."""
        with self._lock:
            return bool(self._sent) or any(one.is_seen for one in self._handed.values())

    def post(self, page: Page, content: Any) -> None:
        """Send one page an answer; a page that is gone is no error."""
        self._post(page, content)

    def hand_over(self, page: Page, run: BaseRun) -> None:
        """Let a page show another run from now on; its messages come here, and go on there."""
        other = session_of(run)
        if other is self:
            return
        self.detach(page)
        with self._lock:
            self._handed[id(page)] = other
        page.show(other.attach(page))
        page.follow(run)
        with other._lock:
            other._send_events(page, 0)

    def flush(self) -> None:
        """Send every page what it has not got yet."""
        with self._lock:
            self._encode_new()
            for key, page in self._pages.items():
                if key in self._sent and self._sent[key] < len(self._wire):
                    self._send_events(page, self._sent[key])
            snapshot = self._snapshot()
            if _differs(snapshot, self._shown):
                self._shown = snapshot
                for page in self._pages.values():
                    page.show(snapshot)

    def _on_event(self, _event: Event) -> None:
        batches.mark(self)

    def _encode_new(self) -> None:
        for event in self.run.events(since=len(self._wire)):
            self._wire.append(self._encoder.encode(event))
            if isinstance(event, RunStarted):
                self._status = "running"
            elif isinstance(event, RunEnded):
                self._status = event.status
                if event.status in ("interrupted", "error"):
                    self._open = {question.id for question in event.interrupts}
            elif isinstance(event, Asked):
                self._open.add(event.interrupt.id)
            elif isinstance(event, Answered):
                self._open.discard(event.interrupt_id)

    def _snapshot(self) -> Snapshot:
        """Return the state that the log tells; of a log without an end, what the run says."""
        status = self.run.status if self._status == "running" else self._status
        return {
            "protocol": PROTOCOL,
            "run_id": self.run.id,
            "thread_id": self.run.thread_id,
            "workflow": self.run.workflow.name,
            "status": cast("RunStatus", status),
            "head": len(self._wire),
            "pending": len(self._open) if status in _ASKS else 0,
        }

    def _send_events(self, page: Page, since: int) -> None:
        """Send the log from ``since`` on, in messages of a bounded size; at least one."""
        head = len(self._wire)
        while True:
            chunk = next_part(self._wire, since)
            page.send(
                {
                    "type": "events",
                    "log": self.log,
                    "since": since,
                    "head": head,
                    "events": chunk,
                }
            )
            since += len(chunk)
            if since >= head:
                break
        self._sent[id(page)] = head

    def _serve_sync(self, page: Page, content: dict[str, Any]) -> None:
        since = number_in(content, "since")
        same = text_in(content, "log") == self.log
        self._refresh()
        with self._lock:
            self._encode_new()
            self._send_events(page, min(since, len(self._wire)) if same else 0)

    def _serve_submit(self, page: Page, content: dict[str, Any]) -> None:
        receipt = self._submissions.receipt(content)
        self._post(page, receipt)
        if receipt["status"] == "refused":
            self._refresh()

    def _refresh(self) -> None:
        """Look whether another process has gone on with the run."""
        try:
            self.run.refresh()
        except NbflowError as exc:
            _log.warning("%r could not be brought up to date: %s", self.run, exc)

    def _answer(self, interrupt_id: str, value: Any) -> None:
        with acting_as(via="form"):
            self.run.answer(interrupt_id, value)

    def _question(self, interrupt_id: str) -> Interrupt | None:
        with self._lock:
            self._encode_new()
            return self._encoder.question(interrupt_id)

    def _serve_cancel(self, page: Page, content: dict[str, Any]) -> None:
        text_in(content, "request")
        self.run.cancel()

    _serves: ClassVar = {
        "sync": _serve_sync,
        "submit": _serve_submit,
        "cancel": _serve_cancel,
        **serve_past,
    }


_sessions: WeakValueDictionary[int, Session] = WeakValueDictionary()
_sessions_lock = threading.Lock()


def session_of(run: BaseRun) -> Session:
    """Return the run's one session; it lives as long as the run.

    >>> from nbflow.func import entrypoint
    >>> @entrypoint()
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> run = double.start(4)
    >>> session_of(run) is session_of(run), session_of(run).pages
    (True, ())
    """
    with _sessions_lock:
        session = _sessions.get(id(run))
        if session is None:
            session = _sessions[id(run)] = Session(run)
        return session


def _differs(now: Snapshot, shown: Snapshot | None) -> bool:
    """Whether the page must hear of it; ``head`` alone travels with the events."""
    return shown is None or {**now, "head": 0} != {**shown, "head": 0}


def next_part(wire: list[EventData], since: int) -> list[EventData]:
    """Return the events of one message: at least one, when there is one.

    >>> next_part([], 0)
    []
    """
    end, weight = since, 0
    while end < len(wire) and weight < _CHUNK:
        weight += _FORM_WEIGHT if wire[end]["type"] == "asked" else 1
        end += 1
    return wire[since:end]
