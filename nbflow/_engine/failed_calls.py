"""Failures of tasks that the code was, or could have been, told of; and which are taken back.

What ended a run or an attempt runs again when that goes on; what the code caught stays, since a
replay must take the same branch.
"""

from __future__ import annotations

import threading
import warnings
from typing import Any

from nbflow._engine.failures import causes, failure_of
from nbflow.checkpoint.base import OpRow

__all__ = ["FailedCall", "FailedCalls"]


class FailedCall:
    """A task's failure, and how to take it back."""

    __slots__ = ("exc", "future", "void")

    def __init__(self, exc: BaseException, future: Any, void: OpRow) -> None:
        self.exc = exc
        self.future = future
        """Knows whether somebody asked for the outcome."""
        self.void = void


class FailedCalls:
    """Those of one execution, replayed ones too."""

    __slots__ = ("_calls", "_lock")

    def __init__(self) -> None:
        self._calls: list[FailedCall] = []
        self._lock = threading.Lock()

    def note(self, exc: BaseException, future: Any, void: OpRow) -> None:
        with self._lock:
            self._calls.append(FailedCall(exc, future, void))

    def unobserved(self) -> list[FailedCall]:
        """Those that nobody asked for."""
        return [call for call in self._calls if not call.future.observed]

    def warn_unobserved(self) -> None:
        """A task that failed while nobody asked for its result must not vanish (55)."""
        for call in self.unobserved():
            failure = failure_of(call.exc)
            warnings.warn(
                f"Task {call.void.name!r} failed with {failure.type}: {failure.message}, and "
                "nothing asked for its result, so the run went on. Call .result() or await it.",
                stacklevel=4,
            )

    def beside(self, exc: BaseException) -> list[FailedCall]:
        """Those that are no cause of a failure and that nobody asked for: they failed with it."""
        with self._lock:
            guilty = set(map(id, causes(exc, {id(call.exc) for call in self._calls})))
            return [c for c in self._calls if id(c.exc) not in guilty and not c.future.observed]

    def take_back(self, exc: BaseException, below: bytes | None) -> list[OpRow]:
        """Rows that take back the failures which led to ``exc``, so that they run again.

        Args:
            below: also those that nobody asked for, of calls made in the op with this key; None
                for all.
        """
        with self._lock:
            guilty = set(map(id, causes(exc, {id(call.exc) for call in self._calls})))
            taken = [
                call
                for call in self._calls
                if id(call.exc) in guilty
                or (below in (None, call.void.parent) and not call.future.observed)
            ]
            self._calls = [call for call in self._calls if call not in taken]
        return [call.void for call in taken]
