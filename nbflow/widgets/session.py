"""One run's conversation with the pages that show it.

The session keeps the run's log in wire form, sends what is new in batches, and serves what the
browser asks. The invariants: a submission id answers at most once and always gets the same
receipt; every message gets an answer, and none, however wrong, raises out of ``receive``.
Messages may come on any thread.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, cast
from weakref import WeakValueDictionary

from nbflow.errors import InvalidAnswerError, NbflowError, UnknownInterruptError
from nbflow.events import Answered, Asked, Event, RunEnded, RunStarted
from nbflow.forms import answer_of, places_in_form, preview
from nbflow.forms.portable import clean_text
from nbflow.widgets.assets import bundle_reply
from nbflow.widgets.batches import batches
from nbflow.widgets.protocol import PROTOCOL
from nbflow.widgets.wire import Encoder

if TYPE_CHECKING:
    from nbflow.run import Run
    from nbflow.types import Interrupt, StateSnapshot
    from nbflow.widgets.protocol import (
        CheckpointItem,
        EventData,
        Receipt,
        RunStatus,
        Snapshot,
        ToBrowser,
    )

__all__ = ["MESSAGE_CHARS", "Page", "Session", "session_of"]

MESSAGE_CHARS = 4_000_000
"""A message from a page that is larger is refused."""

_RECEIPTS = 1_000
_HISTORY = 200
_HISTORY_CHARS = 4_000
_CHUNK = 200
_FORM_WEIGHT = 50

_log = logging.getLogger(__name__)


class Page(Protocol):
    """One widget's channel to its pages."""

    def send(self, content: Any, buffers: Any = None) -> None:
        """Send one message."""

    def show(self, snapshot: Snapshot) -> None:
        """Update the small state that is there before any message."""


class _BadMessageError(Exception):
    """A message that does not keep to the protocol; the text goes back to the page."""


class Session:
    """What one run says to its pages, and what they say to it."""

    def __init__(self, run: Run) -> None:
        self.run = run
        """Whose session this is."""
        self.log: str = uuid.uuid4().hex
        """Id of the log: 32 hex digits, anew in each kernel."""
        self._lock = threading.RLock()
        self._answering = threading.Lock()
        self._encoder = Encoder()
        self._wire: list[EventData] = []
        self._status = "running"
        self._open: set[str] = set()
        self._pages: dict[int, Page] = {}
        self._sent: dict[int, int] = {}
        self._receipts: OrderedDict[str, Receipt] = OrderedDict()
        self._shown: Snapshot | None = None
        run.subscribe(self._on_event)

    @property
    def pages(self) -> tuple[Page, ...]:
        """The widgets that show the run."""
        with self._lock:
            return tuple(self._pages.values())

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

    def receive(self, page: Page, content: Any) -> None:
        """Serve one message from the browser."""
        request = _request_of(content)
        try:
            if _weight(content, MESSAGE_CHARS) > MESSAGE_CHARS:
                raise _BadMessageError(f"The message is larger than {MESSAGE_CHARS:,} characters.")
            kind = content.get("type") if isinstance(content, dict) else None
            serve = _SERVE.get(kind) if isinstance(kind, str) else None
            if serve is None:
                raise _BadMessageError("This kind of message is not known to the kernel.")
            serve(self, page, content)
        except (_BadMessageError, NbflowError) as exc:
            _log.warning("A message from the page was refused: %s", exc)
            self._fail(page, request, str(exc))
        except Exception as exc:
            _log.exception("A message from the page could not be served")
            self._fail(page, request, f"{type(exc).__name__}: {exc}")

    def _on_event(self, _event: Event) -> None:
        batches.mark(self)

    def _encode_new(self) -> None:
        for event in self.run.events(since=len(self._wire)):
            self._wire.append(self._encoder.encode(event))
            if isinstance(event, RunStarted):
                self._status = "running"
            elif isinstance(event, RunEnded):
                self._status = event.status
                if event.status == "interrupted":
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
            "pending": len(self._open) if status in ("running", "interrupted") else 0,
        }

    def _send_events(self, page: Page, since: int) -> None:
        """Send the log from ``since`` on, in messages of a bounded size; at least one."""
        head = len(self._wire)
        while True:
            chunk = _chunk(self._wire, since)
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

    def _fail(self, page: Page, request: str, message: str) -> None:
        text = clean_text(message[:2_000])
        self._post(page, {"type": "failed", "request": request, "message": text})

    def _post(self, page: Page, content: ToBrowser, buffers: list[bytes] | None = None) -> None:
        try:
            page.send(content, buffers)
        except Exception:
            _log.exception("An answer to the page could not be sent")

    def _serve_bundle(self, page: Page, content: dict[str, Any]) -> None:
        reply = bundle_reply(_text(content, "request"))
        if reply is not None:
            self._post(page, *reply)

    def _serve_sync(self, page: Page, content: dict[str, Any]) -> None:
        since = _number(content, "since")
        same = _text(content, "log") == self.log
        with self._lock:
            self._encode_new()
            self._send_events(page, min(since, len(self._wire)) if same else 0)

    def _serve_submit(self, page: Page, content: dict[str, Any]) -> None:
        submission = _text(content, "submission")
        interrupt_id = _text(content, "interrupt_id")
        if not submission or not {"value", "decisions"} & content.keys():
            raise _BadMessageError("A submission needs an id, and a value or decisions.")
        if not isinstance(content.get("decisions", []), list):
            raise _BadMessageError("'decisions' must be a list.")
        with self._answering:
            receipt = self._receipts.get(submission)
            if receipt is None:
                receipt = self._answer(submission, interrupt_id, content)
                self._receipts[submission] = receipt
                while len(self._receipts) > _RECEIPTS:
                    self._receipts.popitem(last=False)
        self._post(page, receipt)

    def _answer(self, submission: str, interrupt_id: str, content: dict[str, Any]) -> Receipt:
        receipt: Receipt = {
            "type": "receipt",
            "submission": submission,
            "interrupt_id": interrupt_id,
            "status": "accepted",
            "message": "",
            "errors": [],
        }
        with self._lock:
            self._encode_new()
            question = self._encoder.question(interrupt_id)
        try:
            if "decisions" not in content:
                self.run.answer(interrupt_id, content["value"])
            elif question is not None:
                self._decide(question, content["decisions"])
            else:
                raise _BadMessageError("The run has not asked this question.")
        except InvalidAnswerError as exc:
            receipt["status"] = "invalid"
            receipt["message"] = clean_text(str(exc))
            receipt["errors"] = [
                {"path": list(error["path"]), "message": clean_text(error["message"])}
                for error in exc.errors
            ]
        except UnknownInterruptError as exc:
            receipt["status"] = "refused"
            receipt["message"] = clean_text(str(exc))
        return receipt

    def _decide(self, question: Interrupt, decisions: list[Any]) -> None:
        answer = answer_of(question, decisions)
        try:
            self.run.answer(question.id, answer)
        except InvalidAnswerError as exc:
            places = places_in_form(question, exc.errors)
            raise InvalidAnswerError(
                exc.message, exc.interrupt_id, [dict(place) for place in places]
            ) from exc

    def _serve_history(self, page: Page, content: dict[str, Any]) -> None:
        limit = max(1, min(_number(content, "limit"), _HISTORY))
        before = content.get("before")
        if before is not None and not isinstance(before, str):
            raise _BadMessageError("'before' must be a checkpoint id or null.")
        snapshots = self.run.history(limit=limit + 1, before=before)
        self._post(
            page,
            {
                "type": "history",
                "request": _text(content, "request"),
                "items": [_checkpoint_item(snapshot) for snapshot in snapshots[:limit]],
                "more": len(snapshots) > limit,
            },
        )

    def _serve_cancel(self, page: Page, content: dict[str, Any]) -> None:
        _text(content, "request")
        self.run.cancel()


_SERVE: dict[str, Callable[[Session, Page, dict[str, Any]], None]] = {
    "bundle": Session._serve_bundle,
    "sync": Session._serve_sync,
    "submit": Session._serve_submit,
    "history": Session._serve_history,
    "cancel": Session._serve_cancel,
}

_sessions: WeakValueDictionary[int, Session] = WeakValueDictionary()
_sessions_lock = threading.Lock()


def session_of(run: Run) -> Session:
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


def _chunk(wire: list[EventData], since: int) -> list[EventData]:
    """Return the events of one message: at least one, when there is one."""
    end, weight = since, 0
    while end < len(wire) and weight < _CHUNK:
        weight += _FORM_WEIGHT if wire[end]["type"] == "asked" else 1
        end += 1
    return wire[since:end]


def _checkpoint_item(snapshot: StateSnapshot) -> CheckpointItem:
    metadata = snapshot.metadata or {}
    return {
        "checkpoint_id": _checkpoint_id(snapshot.config) or "",
        "parent_id": _checkpoint_id(snapshot.parent_config),
        "source": str(metadata.get("source", "")),
        "step": int(metadata.get("step", 0)),
        "created_at": snapshot.created_at or "",
        "values": preview(snapshot.values, _HISTORY_CHARS),
        "next": [str(name) for name in snapshot.next],
        "questions": len(snapshot.interrupts),
    }


def _checkpoint_id(config: Any) -> str | None:
    found = (config or {}).get("configurable", {}).get("checkpoint_id")
    return found if isinstance(found, str) else None


def _request_of(content: Any) -> str:
    """Return what names a message in the answer to it; empty when it has no name."""
    if isinstance(content, dict):
        for key in ("request", "submission"):
            if isinstance(content.get(key), str):
                return clean_text(content[key][:200])
    return ""


def _text(content: dict[str, Any], key: str) -> str:
    value = content.get(key)
    if not isinstance(value, str) or len(value) > 200:
        raise _BadMessageError(f"'{key}' must be a text of at most 200 characters.")
    return value


def _number(content: dict[str, Any], key: str) -> int:
    value = content.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise _BadMessageError(f"'{key}' must be a whole number, 0 or more.")
    return value


def _weight(value: Any, limit: int) -> int:
    """Return about how many characters a message has; stops counting beyond ``limit``."""
    total = 0
    queue = [value]
    while queue and total <= limit:
        one = queue.pop()
        total += 8
        if isinstance(one, str):
            total += len(one)
        elif isinstance(one, dict):
            total += sum(len(key) for key in one if isinstance(key, str))
            queue.extend(one.values())
        elif isinstance(one, list):
            queue.extend(one)
    return total
