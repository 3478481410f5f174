"""Exceptions as data and back, and pauses inside exception groups.

A recorded failure is raised again on replay, so that ``except`` takes the same branch. Only classes
that this process knows are made again: the builtin ones, those it saw raised, and those that the
workflow's code names. Nothing is imported and no constructor of the user's is called.
"""

from __future__ import annotations

import builtins
import traceback
from collections.abc import Container, Iterator
from types import TracebackType
from typing import Any

from nbflow import errors, serde
from nbflow.errors import (
    GraphInterrupt,
    NbflowError,
    RecordedFailureError,
    RunCancelled,
    RunDrained,
)
from nbflow.events import Failure

__all__ = [
    "causes",
    "decode_failure",
    "encode_failure",
    "failure_of",
    "know_exception",
    "pause_in",
    "signal_in",
    "stored_failure",
    "without_engine",
]


def _qualified(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


_known: dict[str, type[BaseException]] = {
    _qualified(kind): kind
    for kind in (*vars(builtins).values(), *vars(errors).values())
    if isinstance(kind, type) and issubclass(kind, Exception)
}


def know_exception(kind: type[BaseException]) -> None:
    """Let recorded failures of this class be raised again."""
    _known[_qualified(kind)] = kind


def encode_failure(exc: BaseException) -> bytes:
    """An exception as stored bytes; arguments that cannot be stored become their text."""
    return serde.dumps(_recorded(exc))


def _recorded(exc: BaseException) -> dict[str, Any]:
    know_exception(type(exc))
    failure = failure_of(exc)
    record: dict[str, Any] = {
        "type": _qualified(type(exc)),
        "message": failure.message,
        "traceback": failure.traceback,
        "notes": list(failure.notes),
        "state": {k: v for k, v in vars(exc).items() if k != "__notes__" and _storable(v)},
    }
    if isinstance(exc, BaseExceptionGroup):
        return {**record, "args": [exc.message], "parts": [_recorded(e) for e in exc.exceptions]}
    args = list(exc.args)
    return {**record, "args": args if _storable(args) else [failure.message]}


def _storable(value: Any) -> bool:
    try:
        serde.dumps(value)
    except NbflowError:
        return False
    return True


def decode_failure(data: bytes) -> BaseException:
    """The exception that a record holds, ready to be raised."""
    return _made_again(serde.loads(data))


def _made_again(record: dict[str, Any]) -> BaseException:
    kind = _known.get(record["type"])
    if kind is None:
        exc: BaseException = RecordedFailureError(
            f"The task failed with {record['type']}: {record['message']}. This class is not "
            "known in this process, so 'except' cannot match it; define or import it where the "
            "workflow is defined."
        )
    else:
        exc = _instance(kind, record)
    for note in record["notes"]:
        exc.add_note(note)
    return exc


def _instance(kind: type[BaseException], record: dict[str, Any]) -> BaseException:
    """An exception of a known class; a constructor runs only if it is Python's own."""
    args = record["args"]
    if "parts" in record:
        args = [*args, [_made_again(part) for part in record["parts"]]]
    try:
        exc = kind(*args) if kind.__module__ == "builtins" else kind.__new__(kind, *args)
    except Exception:
        exc = BaseException.__new__(kind)
    if "parts" not in record:
        exc.args = tuple(args)
    vars(exc).update(record["state"])
    return exc


def stored_failure(data: bytes) -> Failure:
    """A recorded failure as data."""
    record = serde.loads(data)
    return Failure(
        type=record["type"].rsplit(".", 1)[-1],
        message=record["message"],
        traceback=record["traceback"],
        notes=tuple(record["notes"]),
    )


def failure_of(exc: BaseException) -> Failure:
    """An exception as text, without nbflow's own frames."""
    tb = exc.__traceback__
    frames = [f for f in traceback.extract_tb(tb) if "/nbflow/_engine/" not in _slashes(f.filename)]
    lines = traceback.format_list(frames)
    text = "".join(["Traceback (most recent call last):\n", *lines]) if lines else ""
    text += "".join(traceback.format_exception_only(exc))
    return Failure(
        type=type(exc).__name__,
        message=_message(exc),
        traceback=text,
        notes=tuple(str(note) for note in getattr(exc, "__notes__", ())),
    )


def without_engine(exc: BaseException) -> BaseException:
    """The exception with a traceback of the user's frames, where it has any."""
    kept: list[TracebackType] = []
    tb = exc.__traceback__
    while tb is not None:
        if "/nbflow/_engine/" not in _slashes(tb.tb_frame.f_code.co_filename):
            kept.append(tb)
        tb = tb.tb_next
    following: TracebackType | None = None
    for tb in reversed(kept):
        following = TracebackType(following, tb.tb_frame, tb.tb_lasti, tb.tb_lineno)
    return exc if following is None else exc.with_traceback(following)


def pause_in(exc: BaseException) -> GraphInterrupt | None:
    """The pause that a TaskGroup wrapped in a group of exceptions, if there is one."""
    if isinstance(exc, GraphInterrupt):
        return exc
    if isinstance(exc, BaseExceptionGroup):
        for part in exc.exceptions:
            pause = pause_in(part)
            if pause is not None:
                return pause
    return None


def signal_in(exc: BaseException) -> GraphInterrupt | RunDrained | RunCancelled | None:
    """What stops the code and is no failure of it, also where a TaskGroup wrapped it; a pause
    before anything else."""
    pause = pause_in(exc)
    if pause is not None:
        return pause
    if isinstance(exc, RunDrained | RunCancelled):
        return exc
    if isinstance(exc, BaseExceptionGroup):
        found = [signal for part in exc.exceptions if (signal := signal_in(part)) is not None]
        return next((s for s in found if isinstance(s, RunDrained)), found[0] if found else None)
    return None


def causes(exc: BaseException, failed: Container[int]) -> Iterator[BaseException]:
    """The exception, and what led to it.

    What was being handled when it was raised counts only while no failed task was met: a failure
    that the code caught, before another task failed, did not end anything.

    Args:
        failed: ids of the exceptions that tasks failed with.
    """
    seen: set[int] = set()
    todo: list[Any] = [exc]
    while todo:
        one = todo.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        todo.append(one.__cause__)
        if id(one) not in failed:
            todo.append(one.__context__)
        if isinstance(one, BaseExceptionGroup):
            todo += one.exceptions


def _message(exc: BaseException) -> str:
    try:
        return str(exc)
    except Exception:
        return f"<{type(exc).__name__} whose text cannot be shown>"


def _slashes(path: str) -> str:
    return path.replace("\\", "/")
