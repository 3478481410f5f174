"""What another process has done on a run's thread, as events that the log does not have yet."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import replace

from nbflow import events as ev

__all__ = ["unseen", "unseen_end"]


def unseen(log: Iterable[ev.Event], past: Iterable[ev.Event]) -> Iterator[ev.Event]:
    """The events of a run told again that its log does not have; its end not among them.

    Args:
        log: what is known.
        past: the whole run as the database tells it.
    """
    known = {_fact(event) for event in log}
    for event in past:
        if isinstance(event, ev.RunStarted | ev.RunEnded):
            continue
        fact = _fact(event)
        if fact not in known:
            known.add(fact)
            yield event


def unseen_end(log: Iterable[ev.Event], ended: ev.RunEnded) -> ev.RunEnded:
    """The end of a run told again, with no time at work that its log has counted already."""
    counted_s = sum(event.duration_s for event in log if isinstance(event, ev.RunEnded))
    return replace(ended, duration_s=max(0.0, ended.duration_s - counted_s))


def _fact(event: ev.Event) -> Hashable:
    """What makes an event the same as another one, told at another time."""
    if isinstance(event, ev.TaskStarted):
        return "started", event.id, event.attempt
    if isinstance(event, ev.TaskEvent):
        return type(event), event.id
    if isinstance(event, ev.Asked):
        return "asked", event.interrupt.id
    if isinstance(event, ev.Answered):
        return "answered", event.interrupt_id, event.ts
    if isinstance(event, ev.CheckpointSaved):
        return "checkpoint", event.checkpoint_id
    return id(event)
