"""What a run offers to the code inside it, in one object (183-192)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from nbflow._current import require_frame
from nbflow.errors import OutsideRunError

if TYPE_CHECKING:
    from nbflow.store.base import BaseStore
    from nbflow.types import StreamWriter

__all__ = ["ExecutionInfo", "RunControl", "Runtime", "ServerInfo", "get_runtime"]

ContextT = TypeVar("ContextT")


def _no_writer(_value: Any) -> None:
    """Outside a run nobody listens."""


def _no_heartbeat() -> None:
    """Outside a run nothing times out."""


class RunControl:
    """Asks one run to stop, from wherever it is held (191).

    Pass it as ``control=`` to ``invoke`` or ``stream``; the code inside has it as
    ``runtime.control``. After :meth:`request_drain` the run stops at the next op of the
    workflow's own code: the tasks that were called before finish, with all that they call, and
    are kept; then the call raises :class:`~nbflow.errors.GraphDrained`, and ``invoke(None,
    config)`` goes on. A run that calls nothing more ends as usual. Once drained it stays so: give
    each run a control of its own.

    >>> control = RunControl()
    >>> control.request_drain("shutdown")
    >>> control.drain_requested, control.drain_reason
    (True, 'shutdown')
    """

    __slots__ = ("drain_reason",)

    def __init__(self) -> None:
        self.drain_reason: str | None = None
        """What :meth:`request_drain` was given; None while nobody asked."""

    def request_drain(self, reason: str = "shutdown") -> None:
        """Ask the run to stop at its next op; from any thread, signal handlers too."""
        self.drain_reason = reason

    @property
    def drain_requested(self) -> bool:
        """Whether somebody asked."""
        return self.drain_reason is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionInfo:
    """Where the running code stands (190).

    >>> from nbflow.func import entrypoint, task
    >>> @task
    ... def attempt(n: int, runtime: Runtime) -> int:
    ...     return runtime.execution_info.node_attempt
    >>> @entrypoint()
    ... def workflow(n: int) -> int:
    ...     return attempt(n).result()
    >>> workflow.invoke(0)
    1
    """

    checkpoint_id: str | None
    """The checkpoint that the run began from; None when nothing is kept."""
    checkpoint_ns: str
    """The calls that led here, outermost first: ``name:id|name:id``."""
    task_id: str
    """32 hex digits; the same on every replay."""
    thread_id: str | None
    """None when nothing is kept."""
    run_id: str | None
    """32 hex digits, the same when the run goes on after a pause."""
    node_attempt: int = 1
    """Which attempt of the task or entrypoint this is, from 1."""
    node_first_attempt_time: float | None = None
    """When the first attempt began, in seconds since the epoch."""

    def patch(self, **changes: Any) -> ExecutionInfo:
        """A copy with some fields replaced."""
        return replace(self, **changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerInfo:
    """Where a server runs the workflow; nbflow itself never sets it.

    >>> Runtime(server_info=ServerInfo(assistant_id="a", graph_id="essay")).server_info.graph_id
    'essay'
    """

    assistant_id: str
    """The server's name for the workflow with its settings."""
    graph_id: str
    """The server's name for the workflow."""
    user: Any = None
    """Who asked for the run; None when the server does not say."""


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
    """A sign of life: puts the ``idle_timeout`` of this task off, and of those that called it
    (211). Does nothing where there is none."""
    execution_info: ExecutionInfo | None = None
    """Where the running code stands; None outside a run."""
    server_info: ServerInfo | None = None
    """None unless a server runs the workflow."""
    control: RunControl | None = None
    """Can ask the run to stop; None outside a run."""

    def override(self, **changes: Any) -> Runtime[ContextT]:
        """A copy with some fields replaced."""
        return replace(self, **changes)

    def merge(self, other: Runtime[ContextT]) -> Runtime[ContextT]:
        """A copy with everything that ``other`` has put in.

        >>> Runtime(context="a", previous=1).merge(Runtime(context="b")).previous
        1
        """
        there = {one.name: getattr(other, one.name) for one in fields(other)}
        empty = {one.name: one.default for one in fields(other)}
        return replace(self, **{n: value for n, value in there.items() if value is not empty[n]})

    def patch_execution_info(self, **changes: Any) -> Runtime[ContextT]:
        """A copy with some fields of ``execution_info`` replaced.

        Raises:
            OutsideRunError: it has none.
        """
        if self.execution_info is None:
            raise OutsideRunError(
                "This Runtime has no execution_info to change; only one from inside a run has."
            )
        return replace(self, execution_info=self.execution_info.patch(**changes))

    @property
    def drain_requested(self) -> bool:
        """Whether somebody asked the run to stop at its next op."""
        return self.control is not None and self.control.drain_requested

    @property
    def drain_reason(self) -> str | None:
        """What they gave as the reason."""
        return None if self.control is None else self.control.drain_reason


@overload
def get_runtime(context_schema: type[ContextT]) -> Runtime[ContextT]: ...
@overload
def get_runtime(context_schema: None = None) -> Runtime[Any]: ...
def get_runtime(context_schema: type[Any] | None = None) -> Runtime[Any]:
    """The running code's :class:`Runtime` (186).

    Args:
        context_schema: only tells type checkers what ``context`` is.

    Raises:
        OutsideRunError: no run is going on here.

    >>> from dataclasses import dataclass
    >>> from nbflow.func import entrypoint
    >>> @dataclass
    ... class Reader:
    ...     name: str
    >>> @entrypoint(context_schema=Reader)
    ... def greet(word: str) -> str:
    ...     return f"{word} {get_runtime(Reader).context.name}"
    >>> greet.invoke("Hello", context={"name": "Ada"})
    'Hello Ada'
    """
    runtime: Runtime[Any] = require_frame("get_runtime()").runtime
    return runtime
