"""LangGraph's snapshots as nbflow's, and a run that is over, or waits, told from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from nbflow.events import (
    Asked,
    CheckpointSaved,
    Event,
    RunEnded,
    RunStarted,
    TaskFailed,
    TaskFinished,
    TaskPaused,
    TaskStarted,
)
from nbflow.guests.telling import as_failure, as_interrupt, id_of
from nbflow.types import OpSnapshot, PregelTask, StateSnapshot

__all__ = ["as_snapshot", "config_of", "past_of", "status_of"]

_START = "__start__"


def config_of(thread_id: str, checkpoint_id: str | None = None) -> dict[str, Any]:
    """The configuration that names a thread, or one of its checkpoints.

    >>> config_of("1")
    {'configurable': {'thread_id': '1'}}
    """
    configurable = {"thread_id": thread_id}
    if checkpoint_id is not None:
        configurable |= {"checkpoint_ns": "", "checkpoint_id": checkpoint_id}
    return {"configurable": configurable}


def as_snapshot(shot: Any) -> StateSnapshot:
    """A snapshot of LangGraph's, with ``status`` and ``ops``.

    >>> from langgraph.func import entrypoint
    >>> from langgraph.checkpoint.memory import InMemorySaver
    >>> @entrypoint(checkpointer=InMemorySaver())
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> config = config_of("1")
    >>> double.invoke(4, config), as_snapshot(double.get_state(config)).status
    (8, 'done')
    """
    tasks = tuple(
        PregelTask(
            id_of(one.id), one.name, one.path, None if one.error is None else str(one.error),
            tuple(map(as_interrupt, one.interrupts)), None, one.result,
        )
        for one in shot.tasks
    )  # fmt: skip
    return StateSnapshot(
        values=shot.values,
        next=tuple(shot.next),
        config=_own(shot.config),
        metadata=dict(shot.metadata) if shot.metadata is not None else None,
        created_at=shot.created_at,
        parent_config=None if shot.parent_config is None else _own(shot.parent_config),
        tasks=tasks,
        interrupts=tuple(q for task in tasks if task.result is None for q in task.interrupts),
        status=status_of(shot),
        ops=tuple(op for at, task in enumerate(tasks) for op in _ops(task, f"{at}:{task.name}")),
    )


def status_of(shot: Any) -> str | None:
    """How the step stands that a snapshot opens; None where there is no such thread.

    >>> from langgraph.func import entrypoint
    >>> from langgraph.checkpoint.memory import InMemorySaver
    >>> @entrypoint(checkpointer=InMemorySaver())
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> status_of(double.get_state(config_of("1")))
    """
    if shot.created_at is None:
        return None
    left = [task for task in shot.tasks if task.result is None]
    if not shot.next or not left:
        return "done"
    if any(task.error is not None for task in left):
        return "error"
    return "interrupted" if any(task.interrupts for task in left) else "ready"


def past_of(
    shots: Sequence[Any], name: str, unseen: str | None, read: Callable[[dict[str, Any]], Any]
) -> Iterator[Event]:
    """The newest run of a thread, as events.

    Args:
        shots: LangGraph's snapshots, newest first, back to the one that opened the run at least.
        name: of the graph.
        unseen: the name of a task that is the run itself; None for none.
        read: returns what a checkpoint holds by channel.

    >>> from langgraph.func import entrypoint
    >>> from langgraph.checkpoint.memory import InMemorySaver
    >>> @entrypoint(checkpointer=InMemorySaver())
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> _ = double.invoke(4, config_of("1"))
    >>> shots = list(double.get_state_history(config_of("1")))
    >>> events = past_of(shots, "double", "double", lambda config: {"__start__": 4})
    >>> [type(event).__name__ for event in events]
    ['RunStarted', 'CheckpointSaved', 'CheckpointSaved', 'RunEnded']
    """
    run = _newest_run(shots)
    newest, opening = run[-1], run[0]
    given = read(_own(opening.config)).get(_START)
    config = _own(newest.config)["configurable"]
    yield RunStarted(
        ts=_time(opening), workflow=name, thread_id=config["thread_id"], input=given,
        run_id=id_of(_own(opening.config)["configurable"]["checkpoint_id"]), resumed=False,
    )  # fmt: skip
    for at, shot in enumerate(run):
        metadata = shot.metadata or {}
        yield CheckpointSaved(
            ts=_time(shot), checkpoint_id=_own(shot.config)["configurable"]["checkpoint_id"],
            source=str(metadata.get("source", "")), step=int(metadata.get("step", 0)),
        )  # fmt: skip
        ends = _time(run[at + 1]) if at + 1 < len(run) else _time(shot)
        for task in () if _is_left(run, at) else shot.tasks:
            if task.name not in (_START, unseen):
                yield from _task(task, _time(shot), ends)
            elif task.name == unseen and task.result is None:
                for question in map(as_interrupt, task.interrupts):
                    yield Asked(ts=_time(shot), interrupt=question, task=None)
    status = status_of(newest) or "done"
    left = [task for task in newest.tasks if task.result is None]
    errors = [as_failure(task.error) for task in left if task.error is not None]
    yield RunEnded(
        ts=_time(newest),
        workflow=name,
        status=status,
        value=newest.values if status == "done" else None,
        interrupts=as_snapshot(newest).interrupts,
        error=errors[0] if errors else None,
        duration_s=max(0.0, _time(newest) - _time(opening)),
    )


def _is_left(run: Sequence[Any], at: int) -> bool:
    """Whether another branch did what this snapshot opens: the next one was written by hand."""
    return at + 1 < len(run) and (run[at + 1].metadata or {}).get("source") in ("update", "fork")


def _newest_run(shots: Sequence[Any]) -> list[Any]:
    """The snapshots of the newest run, oldest first, along their parents."""
    by_id = {_own(shot.config)["configurable"]["checkpoint_id"]: shot for shot in shots}
    run, shot = [], shots[0]
    while shot is not None:
        run.append(shot)
        above = shot.parent_config
        opens = (shot.metadata or {}).get("source") == "input"
        shot = None if opens or above is None else by_id.get(_own(above)["configurable"].get(
            "checkpoint_id"
        ))  # fmt: skip
    return run[::-1]


def _task(task: Any, begins: float, ends: float) -> Iterator[Event]:
    told = {"id": id_of(task.id), "name": task.name, "parent": None}
    yield TaskStarted(**told, ts=begins, input=((), {}), attempt=1)
    questions = tuple(map(as_interrupt, task.interrupts))
    if task.result is not None:  # LangGraph keeps earlier questions and failures beside it
        yield TaskFinished(
            **told, ts=ends, result=task.result, duration_s=ends - begins, replayed=True
        )
    elif task.error is not None:
        yield TaskFailed(
            **told, ts=ends, error=as_failure(task.error), duration_s=ends - begins, replayed=True
        )
    elif questions:
        for question in questions:
            yield Asked(ts=ends, interrupt=question, task=told["id"])
        yield TaskPaused(**told, ts=ends, interrupts=questions, replayed=True)


def _ops(task: PregelTask, place: str) -> Iterator[OpSnapshot]:
    """A node is the same call in every branch; LangGraph keeps no arguments to tell them by."""
    if task.name == _START:
        return
    done = task.result is not None
    failed = task.error is not None and not done
    yield OpSnapshot(
        id=task.id, kind="task", name=task.name, parent=None, value=task.result, key=id_of(place),
        status="failed" if failed else "done" if done else "started",
        error=as_failure(task.error) if failed else None,
    )  # fmt: skip
    for question in task.interrupts:
        yield OpSnapshot(
            id=question.id, kind="question", name=None, parent=task.id,
            status="answered" if done else "open", value=question.value,
            key=id_of(f"{place}?"), response_schema=question.response_schema,
        )  # fmt: skip


def _own(config: Any) -> dict[str, Any]:
    """A configuration without what LangGraph keeps in it for itself."""
    configurable = config["configurable"]
    return config_of(str(configurable["thread_id"]), configurable.get("checkpoint_id"))


def _time(shot: Any) -> float:
    return datetime.fromisoformat(shot.created_at).timestamp() if shot.created_at else 0.0
