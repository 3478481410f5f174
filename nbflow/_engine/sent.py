"""What an executor runs: one attempt at a task, with all that it needs, and what comes of it.

In the process that sends it, it is called as it is. In another one it arrives as bytes, which are
opened when it is called: so what cannot be opened fails its own task, and not the worker. Nothing
of this is stored.
"""

from __future__ import annotations

import importlib
import pickle
import sys
from collections.abc import Callable, Iterator
from contextvars import Context
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from nbflow._current import current_frame
from nbflow._engine.failures import add_note, decode_failure, encode_failure, failure_of
from nbflow._engine.far_frame import FarFrame
from nbflow.executors import NotSendableError

if TYPE_CHECKING:
    from nbflow._engine.lines import Ear, Line
    from nbflow.runtime import Runtime

__all__ = ["Body", "Outcome", "Sealed", "dumps", "goes_by_name", "opened"]

Outcome = tuple[Any, BaseException | None]
"""What the function returned, and what it raised."""


@cache
def _pickler() -> Callable[[Any], bytes]:
    """cloudpickle's, which sends the functions of a notebook, too, where it is installed."""
    try:
        made: Callable[[Any], bytes] = importlib.import_module("cloudpickle").dumps
    except ImportError:
        return pickle.dumps
    return made


def dumps(value: Any) -> bytes:
    """A value for another process."""
    return _pickler()(value)


def goes_by_name(thing: Any) -> bool:
    """Whether another process finds it where its name says; what a notebook defines, cloudpickle
    sends whole."""
    module = getattr(thing, "__module__", None)
    if module == "__main__" and _pickler() is not pickle.dumps:
        return False
    return _named_as(thing) is thing


def _named_as(thing: Any) -> Any:
    """What stands where its name says; None for nothing."""
    found: Any = sys.modules.get(getattr(thing, "__module__", None) or "")
    for part in getattr(thing, "__qualname__", "").split("."):
        found = getattr(found, part, None)
    return found


class _FunctionOf:
    """The function of a task that goes by its name, as the function itself does not."""

    def __init__(self, task: Any) -> None:
        self._task = task

    def __reduce__(self) -> tuple[Any, ...]:
        return attrgetter("func"), (self._task,)


@dataclass(slots=True, kw_only=True, eq=False)
class Body:
    """One attempt at a task; called by the executor."""

    name: str
    fn: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    injects: tuple[str, ...]
    """Parameters that are filled in where it runs."""
    config: dict[str, Any]
    runtime: Runtime[Any]
    say: Ear | Line
    """Tells the run what the code says."""
    context: Context | None
    """What the code runs in, in the process that called the task."""

    def __call__(self) -> Outcome:
        return (self.context or Context()).run(self._run)

    def _run(self) -> Outcome:
        frame = FarFrame(self.name, self.config, self.runtime, self.say)
        current_frame.set(frame)
        there = {
            "config": frame.config, "runtime": frame.runtime, "store": frame.runtime.store,
            "writer": frame.write,
        }  # fmt: skip
        try:
            injected = {name: there[name] for name in self.injects}
            return self.fn(*self.args, **self.kwargs, **injected), None
        except BaseException as exc:
            return None, exc

    def __reduce__(self) -> tuple[Any, ...]:
        return Sealed, (self.name, self.sealed())

    def sealed(self) -> bytes:
        """For another process.

        Raises:
            NotSendableError: a part cannot be pickled; the message says which.
        """
        task = _named_as(self.fn)
        by_name = getattr(task, "func", None) is self.fn and goes_by_name(task)
        parts = {
            "name": self.name, "fn": _FunctionOf(task) if by_name else self.fn, "args": self.args,
            "kwargs": self.kwargs, "injects": self.injects, "config": self.config,
            "runtime": self.runtime, "say": self.say,
        }  # fmt: skip
        try:
            return dumps(parts)
        except Exception as exc:
            raise self._cannot_be_sent(parts, exc) from exc

    def _cannot_be_sent(self, parts: dict[str, Any], exc: Exception) -> NotSendableError:
        what, remedy = "it", _PLAIN
        for told, part, mend in self._told_apart(parts):
            try:
                dumps(part)
            except Exception as guilty:
                what, remedy, exc = told, mend, guilty
                break
        return NotSendableError(
            f"Task {self.name!r} cannot be sent to the process that would run it: {what} cannot be "
            f"pickled ({type(exc).__name__}: {exc}). Nothing was run. {remedy}"
        )

    def _told_apart(self, parts: dict[str, Any]) -> Iterator[tuple[str, Any, str]]:
        yield "its function", parts["fn"], _MODULE if _pickler() is pickle.dumps else _REACHES
        for at, arg in enumerate(self.args, 1):
            yield f"its argument {at}", arg, _PLAIN
        for key, arg in self.kwargs.items():
            yield f"its argument {key!r}", arg, _PLAIN
        for key, part in self.config.items():
            yield f"config[{key!r}]", part, _PLAIN
        yield "the context= of the run", self.runtime.context, _PLAIN


_PLAIN = (
    "Give it plain data, and open files, connections and locks inside the task; or let a "
    "ThreadPoolExecutor run it."
)
_MODULE = (
    "Define it at the top level of a module that the workers can import, or install cloudpickle, "
    "which sends any function (the extra 'dask' has it); or let a ThreadPoolExecutor run it."
)
_REACHES = (
    "Let it not name what lives in this process only (a saver, a workflow, a connection); or let "
    "a ThreadPoolExecutor run it."
)


class Sealed:
    """A body on its way to another process, and there."""

    def __init__(self, name: str, data: bytes) -> None:
        self.__name__ = name
        """What executors that show their tasks call it."""
        self._data = data

    def __call__(self) -> bytes:
        try:
            body = Body(**pickle.loads(self._data), context=None)  # noqa: S301  # as its owner sent it
        except Exception as exc:
            add_note(
                exc,
                f"The worker could not open what it was sent of task {self.__name__!r}. It needs "
                "the same packages as the run, and the modules that the task's code is in.",
            )
            return _sealed((None, exc))
        outcome = body()
        try:
            return _sealed(outcome)
        except Exception as refused:
            cannot = NotSendableError(
                f"The result of task {self.__name__!r} cannot be sent back from the process that "
                f"ran it ({type(refused).__name__}: {refused}). It was dropped. Return plain data."
            )
            return _sealed((None, cannot))

    def __reduce__(self) -> tuple[Any, ...]:
        return Sealed, (self.__name__, self._data)


def _sealed(outcome: Outcome) -> bytes:
    """Failures go as they are recorded: whatever their class, they arrive."""
    value, exc = outcome
    if exc is None:
        return dumps((value, None))
    if not isinstance(exc, Exception):
        return dumps((None, (type(exc), exc.args)))
    add_note(exc, f"In the process that ran it:\n{failure_of(exc).traceback.rstrip()}")
    return dumps((None, encode_failure(exc)))


def opened(data: bytes) -> Outcome:
    """What came of a body in another process."""
    value, failure = pickle.loads(data)  # noqa: S301  # as the run's own worker sent it
    if isinstance(failure, bytes):
        return None, decode_failure(failure)
    if failure is not None:
        kind, args = failure
        return None, kind(*args)
    return value, None
