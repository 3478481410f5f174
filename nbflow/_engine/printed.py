"""What the code of one execution printed: whole lines, within bounds.

``print`` hands over a line in pieces, so pieces are held until their line is whole, or the task's
next event comes. The invariant: of each task, what is kept is the beginning of what it printed, in
order; what is beyond the bounds is dropped, and the last line says so.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from nbflow.events import Event, Printed

__all__ = ["Printing"]

_LINE_CHARS = 4_000
"""A line that is longer is not held until it is whole."""
_TASK_CHARS = 100_000
_RUN_CHARS = 2_000_000
_RUN_EVENTS = 20_000
_NO_MORE = "… what was printed after this is not kept\n"


class Printing:
    """Takes down what is printed in one execution; from any thread."""

    def __init__(self, emit: Callable[[Event], None]) -> None:
        self._emit = emit
        self._lock = threading.Lock()
        self._held: dict[str | None, tuple[str, str]] = {}
        """Stream and text of a line that is not over, by task."""
        self._kept: dict[str | None, int] = {}
        """Characters that were taken down, by task; -1 when no more are."""
        self._run_chars = 0
        self._run_events = 0

    def add(self, task: str | None, text: str, stream: str) -> None:
        """Take down a piece of what a task printed; None for the entrypoint."""
        with self._lock:
            before = self._held.pop(task, None)
            ready = []
            if before is not None and before[0] != stream:
                ready.append(self._within(task, *before))
                before = None
            whole = text if before is None else before[1] + text
            end = len(whole) if len(whole) > _LINE_CHARS else whole.rfind("\n") + 1
            if end < len(whole):
                self._held[task] = (stream, whole[end:])
            if end:
                ready.append(self._within(task, stream, whole[:end]))
        for event in ready:
            if event is not None:
                self._emit(event)

    def flush(self, task: str | None) -> None:
        """Take down what a task has printed of a line that is not over."""
        if not self._held:
            return
        with self._lock:
            held = self._held.pop(task, None)
            event = None if held is None else self._within(task, *held)
        if event is not None:
            self._emit(event)

    def _within(self, task: str | None, stream: str, text: str) -> Printed | None:
        """The event, cut to what may still be kept; None when no more is."""
        kept = self._kept.get(task, 0)
        if kept < 0 or self._run_events >= _RUN_EVENTS:
            return None
        room = min(_TASK_CHARS - kept, _RUN_CHARS - self._run_chars)
        full = len(text) > room or self._run_events + 1 == _RUN_EVENTS
        if full:
            text = f"{text[:room]}{_NO_MORE}"
        self._kept[task] = -1 if full else kept + len(text)
        self._run_chars += len(text)
        self._run_events += 1
        return Printed(task=task, text=text, stream=stream)
