"""From the event spine to LangGraph's stream modes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from nbflow import events as ev

__all__ = ["Chunks"]


class Chunks:
    """Turns events into the chunks of the modes asked for.

    Args:
        modes: one mode gives bare chunks, a sequence gives ``(mode, chunk)`` pairs.

    Raises:
        ValueError: a mode that does not exist.
    """

    def __init__(self, modes: str | Sequence[str] | None) -> None:
        self._paired = modes is not None and not isinstance(modes, str)
        wanted = [modes or "updates"] if isinstance(modes, str) or modes is None else list(modes)
        unknown = [mode for mode in wanted if mode not in _MODES]
        if unknown:
            raise ValueError(
                f"Unknown stream mode {unknown[0]!r}. Known are: {', '.join(sorted(_MODES))}."
            )
        self.wants_messages = "messages" in wanted
        self._readers = [(mode, _MODES[mode]) for mode in wanted]

    def of_value(self, value: Any) -> list[Any]:
        """The chunks of a run that was over before it was asked for."""
        found = [(mode, value) for mode, _ in self._readers if mode == "values"]
        return list(found) if self._paired else [chunk for _, chunk in found]

    def of(self, event: ev.Event) -> list[Any]:
        """The chunks that one event gives, in the order of the modes."""
        found = [(mode, chunk) for mode, read in self._readers for chunk in read(event)]
        return found if self._paired else [chunk for _, chunk in found]


def _updates(event: ev.Event) -> list[Any]:
    if isinstance(event, ev.TaskFinished):
        return [{event.name: event.result}] if event.ns == () and not event.replayed else []
    if isinstance(event, ev.RunEnded):
        if event.status == "done":
            return [{event.workflow: event.value}]
        if event.status == "interrupted":
            return [{"__interrupt__": event.interrupts}]
    return []


def _values(event: ev.Event) -> list[Any]:
    if isinstance(event, ev.RunEnded):
        if event.status == "done":
            return [event.value]
        if event.status == "interrupted":
            return [{"__interrupt__": event.interrupts}]
    return []


def _custom(event: ev.Event) -> list[Any]:
    return [event.data] if isinstance(event, ev.Custom) else []


def _messages(event: ev.Event) -> list[Any]:
    return [(event.chunk, event.metadata)] if isinstance(event, ev.Message) else []


_MODES: dict[str, Callable[[ev.Event], list[Any]]] = {
    "updates": _updates,
    "values": _values,
    "custom": _custom,
    "messages": _messages,
}
