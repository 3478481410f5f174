"""The kernel's end of the line to whoever executes its notebook: ``nbflow run``, or a task.

Whoever starts the kernel has it :func:`connect` before the first cell. From then on the kernel
tells what its runs do, asks for the answer to each question that a cell waits for, and hands over
what :func:`~nbflow.notebook.glued.glue` is given. The line is a local socket or pipe that only who
has the key can open; what goes over it is :mod:`nbflow.serde`'s bytes: data, and nothing else.
"""

from __future__ import annotations

import os
import threading
import time
from multiprocessing.connection import Client, Connection
from typing import TYPE_CHECKING, Any

from nbflow import serde
from nbflow.errors import NbflowError, NotSerializableError
from nbflow.events import (
    Answered,
    Asked,
    Event,
    RunEnded,
    RunStarted,
    TaskFailed,
    TaskFinished,
    TaskRetried,
    TaskStarted,
)
from nbflow.forms import form_of, preview
from nbflow.identity import acting_as
from nbflow.run import hooks

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbflow.base_run import BaseRun
    from nbflow.types import Interrupt

__all__ = ["Supervisor", "connect", "finish", "supervisor"]

_PREVIEW_CHARS = 20_000


class Supervisor:
    """Whoever executes this kernel's notebook, as the kernel speaks to it."""

    def __init__(self, line: Connection) -> None:
        self._line = line
        self._telling = threading.Lock()
        self._asking = threading.Lock()
        self._at_work = threading.Condition()
        self._running: set[str] = set()

    def tell(self, kind: str, **facts: Any) -> None:
        """Tell something; nothing happens when nobody listens any more.

        Raises:
            NotSerializableError: a fact that cannot be sent.
        """
        data = serde.dumps({"kind": kind, **facts})
        with self._telling:
            try:
                self._line.send_bytes(data)
            except OSError:
                return

    def answer(self, run: BaseRun, question: Interrupt) -> str | None:
        """Let a question of a run be answered; returns None then, else how it could be.

        Raises:
            NbflowError: the answer does not fit; the question stays open.
        """
        with self._asking:
            self.tell(
                "question",
                thread_id=run.thread_id,
                workflow=run.workflow.name,
                run_id=run.id,
                interrupt=_sendable(question),
            )
            reply = self._hear()
            if "how" in reply:
                return str(reply["how"])
            try:
                with acting_as(reply["by"], via=reply["via"]):
                    run.answer(question.id, reply["answer"])
            except NbflowError as exc:
                self.tell("verdict", fault=str(exc))
                raise
            self.tell("verdict", fault=None)
            return None

    def _hear(self) -> dict[str, Any]:
        try:
            reply: dict[str, Any] = serde.loads(self._line.recv_bytes())
        except (EOFError, OSError):
            return {"how": "execute the notebook again: what executed it is gone"}
        return reply

    def watch(self) -> Callable[[Event], None]:
        """Return a listener for one execution of a run."""
        run_id = ""

        def listen(event: Event) -> None:
            nonlocal run_id
            if isinstance(event, RunStarted):
                run_id = event.run_id
                with self._at_work:
                    self._running.add(run_id)
            facts = _facts(event)
            if facts:
                self.tell(**facts, run_id=run_id)
            if isinstance(event, RunEnded):
                with self._at_work:
                    self._running.discard(run_id)
                    self._at_work.notify_all()

        return listen

    def finish(self, timeout: float | None) -> None:
        """Wait until no run is at work, so many seconds at most; then tell that all is told."""
        with self._at_work:
            self._at_work.wait_for(lambda: not self._running, timeout)
        self.tell("finished")


_supervisor: Supervisor | None = None
_pid = 0
"""Of the kernel: a process that it forks has no line."""


def supervisor() -> Supervisor | None:
    """Whoever executes this kernel's notebook; None where it is a person, or a program that does
    not listen."""
    return _supervisor if _pid == os.getpid() else None


def connect(address: str, key: bytes) -> None:
    """Open the line to whoever executes this notebook, and tell it what runs do.

    Args:
        address: a local socket's or pipe's.
        key: what both ends know.
    """
    global _supervisor, _pid
    _supervisor, _pid = Supervisor(Client(address, authkey=key)), os.getpid()
    hooks.observers.append(_supervisor.watch)


def finish(timeout: float | None) -> None:
    """Let runs come to rest when the last cell has ended; see :meth:`Supervisor.finish`.

    Args:
        timeout: seconds at most; None for as long as it takes.
    """
    if _supervisor is not None:
        _supervisor.finish(timeout)


def _facts(event: Event) -> dict[str, Any] | None:
    """What is told of an event: texts and numbers, no values."""
    match event:
        case RunStarted():
            return {
                "kind": "run", "workflow": event.workflow, "thread_id": event.thread_id,
                "resumed": event.resumed,
            }  # fmt: skip
        case TaskStarted() | TaskRetried():
            status = "running" if isinstance(event, TaskStarted) else "retried"
            return {"kind": "task", "name": event.name, "status": status, "duration_s": None}
        case TaskFinished() | TaskFailed():
            if isinstance(event, TaskFinished):
                status = "replayed" if event.replayed or event.cached else "finished"
            else:
                status = "failed"
            return {
                "kind": "task", "name": event.name, "status": status,
                "duration_s": event.duration_s,
            }  # fmt: skip
        case Asked():
            question = event.interrupt
            title = form_of(question)["title"]
            return {"kind": "asked", "id": question.id, "title": title, "key": question.key}
        case Answered():
            return {"kind": "answered", "id": event.interrupt_id, "via": event.via}
        case RunEnded():
            error = event.error
            return {
                "kind": "ended", "status": event.status, "duration_s": event.duration_s,
                "at": time.time(), "open": [question.id for question in event.interrupts],
                "error": None if error is None else {"type": error.type, "message": error.message},
            }  # fmt: skip
    return None


def _sendable(question: Interrupt) -> dict[str, Any]:
    facts = {
        "value": question.value, "id": question.id, "response_schema": question.response_schema,
        "assignees": list(question.assignees), "key": question.key,
    }  # fmt: skip
    try:
        serde.dumps(facts)
    except NotSerializableError:
        facts["value"] = preview(question.value, _PREVIEW_CHARS)["text"]
    return facts
