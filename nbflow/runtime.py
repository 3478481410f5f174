"""What a run offers to the code inside it, in one object (183-190)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from nbflow._current import require_frame

if TYPE_CHECKING:
    from nbflow.store.base import BaseStore
    from nbflow.types import StreamWriter

__all__ = ["ExecutionInfo", "Runtime", "get_runtime"]

ContextT = TypeVar("ContextT")


def _no_writer(_value: Any) -> None:
    """Outside a run nobody listens."""


def _no_heartbeat() -> None:
    """Outside a run nothing times out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionInfo:
    """Where the running code stands (190)."""

    checkpoint_id: str | None
    checkpoint_ns: str
    task_id: str
    """32 hex digits; the same on every replay."""
    thread_id: str | None
    run_id: str | None
    node_attempt: int = 1
    """From 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime(Generic[ContextT]):
    """Injected where a parameter is called ``runtime``; also :func:`get_runtime` (183, 189).

    >>> Runtime(context={"user": "ada"}).override(previous=3).previous
    3
    """

    context: ContextT = None  # type: ignore[assignment]  # no context was given
    """What the caller passed as ``context=``, as an instance of ``context_schema``."""
    store: BaseStore | None = None
    """The entrypoint's store; None when it has none."""
    stream_writer: StreamWriter = _no_writer
    """Sends a value to the ``custom`` stream."""
    previous: Any = None
    """What the thread's last run saved; None on the first."""
    heartbeat: Callable[[], None] = _no_heartbeat
    """Tells a watcher that the task is alive."""
    execution_info: ExecutionInfo | None = None

    def override(self, **changes: Any) -> Runtime[ContextT]:
        """A copy with some fields replaced."""
        return replace(self, **changes)


def get_runtime(context_schema: type[ContextT] | None = None) -> Runtime[ContextT]:
    """The running code's :class:`Runtime` (186).

    Args:
        context_schema: only tells type checkers what ``context`` is.

    Raises:
        OutsideRunError: no run is going on here.
    """
    runtime: Runtime[ContextT] = require_frame("get_runtime()").runtime
    return runtime
