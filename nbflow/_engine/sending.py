"""Which executor runs a task's function, and what may be one."""

from __future__ import annotations

from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any, NamedTuple

from nbflow.errors import DeclarationError, InvalidConfigError, NbflowError, RunCancelled

if TYPE_CHECKING:
    from nbflow._engine.called import Called
    from nbflow._engine.declaration import TaskSpec
    from nbflow._engine.execution import Execution

__all__ = ["Sending", "as_executor", "check_executor", "leave_sent", "sending_of"]


class Sending(NamedTuple):
    """Where a call's function runs, when that is not a thread of the run's own."""

    executor: Executor
    injects: tuple[str, ...]
    """Parameters that are filled in there."""


def sending_of(
    task: TaskSpec, caller: Called, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Sending | None:
    """Of a call; None for those that stay: async functions and workflows always do."""
    if task.is_async or task.is_workflow:
        return None
    executor = task.executor or caller.executor
    return None if executor is None else Sending(executor, tuple(task.injected(args, kwargs)))


def as_executor(executor: Any, what: str, name: str, *, is_async: bool = False) -> Executor | None:
    """As a decorator was given it.

    Raises:
        DeclarationError: it is no executor, or the function cannot go to one.
    """
    where = f"@{what}(executor=...) of {name!r}"
    if executor is not None and is_async:
        raise DeclarationError(
            f"{where}: it is an async function, which runs on the event loop. Make it a plain "
            "function, or leave the executor out."
        )
    return _checked(executor, where, DeclarationError)


def check_executor(config: dict[str, Any]) -> None:
    """Refuse what is no executor in the settings of a run.

    Raises:
        InvalidConfigError: the message says what is one.
    """
    _checked(config.get("executor"), "config['executor']", InvalidConfigError)


def _checked(executor: Any, where: str, error: type[NbflowError]) -> Executor | None:
    if executor is None or isinstance(executor, Executor):
        return executor
    remedy = "Give a ThreadPoolExecutor, a ProcessPoolExecutor or another one of their kind."
    if hasattr(executor, "get_executor"):
        remedy = "Of a client of Dask's, give client.get_executor()."
    raise error(
        f"{where} was given {type(executor).__name__} {executor!r}, which is no "
        f"concurrent.futures.Executor. {remedy}"
    )


def leave_sent(execution: Execution) -> None:
    """The run stops: its executors need not begin what they have of it, and what they run is left
    to itself."""
    for op in execution.unfinished():
        if op.errand is not None and op.errand.recall(begun=True):
            op.settle(None, RunCancelled("the run ended while an executor had this task"))
