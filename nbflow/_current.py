"""Which op is running here: the one context variable that the public functions look at."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, NamedTuple, Protocol

from nbflow.errors import OutsideRunError

__all__ = ["Asking", "Frame", "current_frame", "require_frame"]


class Asking(NamedTuple):
    """What ``interrupt`` was given; see there."""

    value: Any
    response_schema: Any
    key: str | None
    validate: Callable[[Any], Any] | None
    timeout: Any
    on_timeout: Any
    default: Any
    assignees: Any


class Frame(Protocol):
    """One attempt of an entrypoint or a task, as seen from inside it."""

    @property
    def config(self) -> dict[str, Any]: ...

    @property
    def runtime(self) -> Any: ...

    def ask(self, asking: Asking) -> Any: ...

    @property
    def write_token(self) -> Callable[..., None]: ...

    @property
    def write_printed(self) -> Callable[..., None]: ...

    def value_of(self, name: str, make: Callable[[], Any]) -> Any: ...


current_frame: ContextVar[Any] = ContextVar("nbflow_frame", default=None)


def require_frame(what: str) -> Frame:
    """The running op.

    Raises:
        OutsideRunError: no run is going on in this context.
    """
    frame: Frame | None = current_frame.get()
    if frame is None:
        raise OutsideRunError(
            f"{what} was called where no run is going on. Call it inside a function decorated "
            "with @entrypoint or @task. In a thread of your own, start the thread's work with "
            "contextvars.copy_context().run(...) so that it belongs to the run."
        )
    return frame
