"""From the event spine to LangGraph's stream modes (159-182).

Each event gives its parts in one order, whatever modes are asked for: an update, the end of the
task, the values, the checkpoint. A part is ``(mode, namespace, data)``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, get_args

from nbflow import events as ev
from nbflow.types import Interrupt, StateSnapshot, StreamMode

__all__ = ["Chunks", "Printed"]

Part = tuple[str, tuple[str, ...], Any]

_MODES: tuple[str, ...] = get_args(StreamMode)


class Printed:
    """A chunk that whoever takes the chunks prints."""

    __slots__ = ("parts",)

    def __init__(self, parts: Any) -> None:
        self.parts = parts


class Chunks:
    """Turns events into the chunks of the modes asked for.

    Args:
        modes: one mode gives bare chunks, a sequence gives ``(mode, chunk)`` pairs.
        subgraphs: also what nested workflows do; each chunk begins with its namespace.
        version: ``"v2"`` gives a dict for each chunk, whatever the modes.
        printed: modes whose chunks come as :class:`Printed`, besides.
        base: the namespace of a nested workflow; only what happens in it is shown.

    Raises:
        ValueError: a mode or a version that does not exist.
    """

    def __init__(
        self,
        modes: str | Sequence[str] | None,
        *,
        subgraphs: bool = False,
        version: str = "v1",
        base: tuple[str, ...] = (),
        printed: str | Sequence[str] = (),
    ) -> None:
        wanted = [modes or "updates"] if isinstance(modes, str) or modes is None else list(modes)
        shown = [printed] if isinstance(printed, str) else list(printed)
        unknown = [mode for mode in (*wanted, *shown) if mode not in _MODES]
        if unknown:
            raise ValueError(
                f"Unknown stream mode {unknown[0]!r}. Known are: {', '.join(sorted(_MODES))}."
            )
        if version not in ("v1", "v2"):
            raise ValueError(f"Unknown version {version!r} of a stream. Known are: 'v1', 'v2'.")
        self.wants_messages = "messages" in wanted
        self.wants_checkpoints = not {"checkpoints", "debug"}.isdisjoint((*wanted, *shown))
        self._modes = frozenset(wanted)
        self._subgraphs = subgraphs
        self._base = base
        paired = modes is not None and not isinstance(modes, str)
        self._shape = _as_part if version == "v2" else _SHAPES[paired, subgraphs]
        self._values_of_pause = _no_values if version == "v2" else _interrupt_chunk
        self._closing: ev.CheckpointSaved | None = None
        self._print = Chunks(shown, subgraphs=subgraphs, base=base) if shown else None
        self._step = 0
        """Of the tasks under way."""
        self._metadata: dict[str, Any] = {}

    def of_value(self, value: Any) -> list[Any]:
        """The chunks of a run that was over before it was asked for."""
        return [self._shape("values", (), value, None)] if "values" in self._modes else []

    def of(self, event: ev.Event) -> list[Any]:
        """The chunks that one event gives."""
        read = _READERS.get(type(event))
        if read is None:
            return []
        chunks: list[Any] = []
        if self._print is not None:
            chunks += map(Printed, self._print.of(event))
        modes, shape, skipped = self._modes, self._shape, len(self._base)
        for mode, path, data in read(self, event):
            ns = path[skipped:]
            if (ns and not self._subgraphs) or path[:skipped] != self._base:
                continue
            if mode in modes:
                chunks.append(shape(mode, ns, data, event))
            if mode in _DEBUGGED and "debug" in modes:
                chunks.append(shape("debug", ns, self._debug(mode, data, event), event))
        return chunks

    # -- one reader for each kind of event --------------------------------------------------

    def _run_started(self, event: ev.RunStarted) -> Iterator[Part]:
        if event.state is not None and event.state.metadata is not None:
            self._step = int(event.state.metadata["step"]) + 1
            yield "checkpoints", (), self._checkpoint(event.state)
        self._metadata = {"metadata": event.metadata} if event.metadata else {}
        yield "tasks", (), self._start(event.id, event.workflow, event.input, "__start__")

    def _started(self, event: ev.TaskStarted) -> Iterator[Part]:
        if event.attempt == 1 + event.unknown_outcomes:
            yield "tasks", event.ns, self._start_of(event, event.input)

    def _finished(self, event: ev.TaskFinished) -> Iterator[Part]:
        """What is on record was shown when it happened; in the stream of a nested workflow its
        end is shown again, as the code that reads the stream lives by it (61)."""
        shown = not event.replayed or (event.is_workflow and event.ns == self._base)
        if event.replayed or event.cached:
            yield "tasks", event.ns, {**self._start_of(event, event.input), **_marks(event)}
        if event.cached:
            yield "updates", event.ns, {
                event.name: event.result, "__metadata__": {"cached": True},
            }  # fmt: skip
        elif shown:
            yield "updates", event.ns, {event.name: event.result}
        key = "__end__" if event.is_workflow else "__return__"
        yield "tasks", event.ns, _end(event, {key: event.result})
        if event.is_workflow and shown:
            yield "values", event.ns, event.result

    def _failed(self, event: ev.TaskFailed) -> Iterator[Part]:
        if event.replayed:
            yield "tasks", event.ns, {**self._start_of(event, event.input), **_marks(event)}
        yield "tasks", event.ns, _end(event, {}, error=_error(event.error))

    def _cancelled(self, event: ev.TaskCancelled) -> Iterator[Part]:
        if event.replayed:
            yield "tasks", event.ns, {**self._start_of(event, event.input), **_marks(event)}
        gone = {"type": "CancelledError", "message": "", "traceback": ""}
        yield "tasks", event.ns, _end(event, {}, error=gone)

    def _paused(self, event: ev.TaskPaused) -> Iterator[Part]:
        if event.replayed:
            yield "tasks", event.ns, {**self._start_of(event, event.input), **_marks(event)}
        if event.is_workflow:
            yield "updates", event.ns, {"__interrupt__": event.interrupts}
            yield "values", event.ns, self._values_of_pause(event.interrupts)
        yield "tasks", event.ns, _end(event, {}, interrupts=event.interrupts)

    def _custom(self, event: ev.Custom) -> Iterator[Part]:
        yield "custom", event.ns, event.data

    def _message(self, event: ev.Message) -> Iterator[Part]:
        yield "messages", event.ns, (event.chunk, event.metadata)

    def _saved(self, event: ev.CheckpointSaved) -> Iterator[Part]:
        """The closing checkpoint of a run is shown after its values."""
        if event.source == "loop" and not event.ns:
            self._closing = event
        elif event.state is not None and event.source != "input":
            yield "checkpoints", event.ns, self._checkpoint(event.state)

    def _run_ended(self, event: ev.RunEnded) -> Iterator[Part]:
        result: dict[str, Any] = {}
        error = None if event.error is None else _error(event.error)
        if event.status == "done":
            marks = {"__metadata__": {"cached": True}} if event.cached else {}
            yield "updates", (), {event.workflow: event.value, **marks}
            result = {"__end__": event.value}
        elif event.status == "interrupted":
            yield "updates", (), {"__interrupt__": event.interrupts}
            yield "values", (), self._values_of_pause(event.interrupts)
        yield "tasks", (), {
            "id": event.id, "name": event.workflow, "error": error, "result": result,
            "interrupts": _as_dicts(event.interrupts if event.status == "interrupted" else ()),
        }  # fmt: skip
        if event.status == "done":
            yield "values", (), event.value
            if self._closing is not None and self._closing.state is not None:
                yield "checkpoints", (), self._checkpoint(self._closing.state)

    def _start(self, id_: str, name: str, input: Any, trigger: str) -> dict[str, Any]:
        start = {"id": id_, "name": name, "input": input, "triggers": (trigger,)}
        return {**start, **self._metadata} if self._metadata else start

    def _start_of(self, event: ev.TaskEvent, called_with: Any) -> dict[str, Any]:
        if event.is_workflow:
            return self._start(event.id, event.name, called_with[0][0], "__start__")
        return self._start(event.id, event.name, called_with, "__pregel_push")

    # -- shapes -----------------------------------------------------------------------------

    def _checkpoint(self, state: StateSnapshot) -> dict[str, Any]:
        """``get_state`` as plain data (169)."""
        return {
            "config": state.config,
            "metadata": state.metadata,
            "values": state.values,
            "next": list(state.next),
            "parent_config": state.parent_config,
            "tasks": [
                {
                    "id": task.id, "name": task.name, "state": task.state,
                    "interrupts": tuple(_as_dicts(task.interrupts)),
                    **({} if task.error is None else {"error": task.error}),
                    **({} if task.result is None else {"result": task.result}),
                }
                for task in state.tasks
            ],
        }  # fmt: skip

    def _debug(self, mode: str, data: dict[str, Any], event: ev.Event) -> dict[str, Any]:
        """A chunk of ``tasks`` or ``checkpoints`` with its step and time (170)."""
        if mode == "checkpoints":
            step, kind = data["metadata"]["step"], "checkpoint"
        else:
            step, kind = self._step, "task" if "triggers" in data else "task_result"
        at = datetime.fromtimestamp(event.ts, UTC).isoformat()
        return {"step": step, "timestamp": at, "type": kind, "payload": data}


def _bare(_mode: str, _ns: tuple[str, ...], data: Any, _event: Any) -> Any:
    return data


def _with_mode(mode: str, _ns: tuple[str, ...], data: Any, _event: Any) -> Any:
    return mode, data


def _with_namespace(_mode: str, ns: tuple[str, ...], data: Any, _event: Any) -> Any:
    return ns, data


def _with_both(mode: str, ns: tuple[str, ...], data: Any, _event: Any) -> Any:
    return ns, mode, data


def _as_part(mode: str, ns: tuple[str, ...], data: Any, event: Any) -> Any:
    """A ``StreamPart`` (178)."""
    part = {"type": mode, "ns": ns, "data": data}
    return {**part, "interrupts": getattr(event, "interrupts", ())} if mode == "values" else part


_SHAPES: dict[tuple[bool, bool], Callable[[str, tuple[str, ...], Any, Any], Any]] = {
    (False, False): _bare,
    (True, False): _with_mode,
    (False, True): _with_namespace,
    (True, True): _with_both,
}


def _interrupt_chunk(interrupts: tuple[Interrupt, ...]) -> Any:
    return {"__interrupt__": interrupts}


def _no_values(_interrupts: tuple[Interrupt, ...]) -> Any:
    return {}


def _end(
    event: ev.TaskEvent,
    result: dict[str, Any],
    *,
    error: dict[str, Any] | None = None,
    interrupts: Iterable[Interrupt] = (),
) -> dict[str, Any]:
    end: dict[str, Any] = {
        "id": event.id, "name": event.name, "error": error, "result": result,
        "interrupts": _as_dicts(interrupts),
    }  # fmt: skip
    end.update(_marks(event))
    return end


def _marks(event: ev.TaskEvent) -> dict[str, bool]:
    """That the function did not run; nothing where it did (167, 232)."""
    marks = {}
    if getattr(event, "replayed", False):
        marks["replayed"] = True
    if getattr(event, "cached", False):
        marks["cached"] = True
    return marks


def _error(failure: ev.Failure) -> dict[str, Any]:
    """An exception as data (168, 220)."""
    return {
        "type": failure.type,
        "message": failure.message,
        "traceback": failure.traceback,
        **({"notes": list(failure.notes)} if failure.notes else {}),
    }


def _as_dicts(interrupts: Iterable[Interrupt]) -> list[dict[str, Any]]:
    return [
        {"value": one.value, "id": one.id, "response_schema": one.response_schema}
        for one in interrupts
    ]


_DEBUGGED = frozenset(("tasks", "checkpoints"))

_READERS: dict[type[ev.Event], Callable[[Chunks, Any], Iterator[Part]]] = {
    ev.RunStarted: Chunks._run_started,
    ev.TaskStarted: Chunks._started,
    ev.TaskFinished: Chunks._finished,
    ev.TaskFailed: Chunks._failed,
    ev.TaskCancelled: Chunks._cancelled,
    ev.TaskPaused: Chunks._paused,
    ev.Custom: Chunks._custom,
    ev.Message: Chunks._message,
    ev.CheckpointSaved: Chunks._saved,
    ev.RunEnded: Chunks._run_ended,
}
