"""What the decorators learn from a function: its name, its kind, what to inject."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any

from nbflow._engine.caching import Cacheable, as_cache_policy
from nbflow._engine.nested import previous_of, saved_before
from nbflow._engine.retry import as_policies
from nbflow._engine.sending import as_executor
from nbflow._engine.timeouts import Timeout, as_timeout
from nbflow.errors import DeclarationError, GeneratorRefusedError
from nbflow.types import CachePolicy, RetryPolicy

if TYPE_CHECKING:
    from nbflow._engine.frame import Frame
    from nbflow.cache.base import BaseCache
    from nbflow.store.base import BaseStore

__all__ = ["EntrypointSpec", "TaskSpec"]

_FOR_TASKS = ("config", "runtime", "store", "writer")
_FOR_ENTRYPOINTS = (*_FOR_TASKS, "previous")
_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class TaskSpec:
    """A function that can be called as a task.

    Raises:
        DeclarationError: it cannot be one; the message says why and what to do.
    """

    __slots__ = ("at_most_once", "cache", "executor", "fn", "injects", "is_async", "is_plain",
                 "is_workflow", "keeps", "name", "own_cache", "policies", "previous_default",
                 "store", "timeout")  # fmt: skip

    def __init__(
        self,
        fn: Callable[..., Any],
        name: str | None,
        retry_policy: RetryPolicy | Sequence[RetryPolicy] | None,
        *,
        cache_policy: CachePolicy | None = None,
        store: BaseStore | None = None,
        timeout: Timeout = None,
        at_most_once: bool = False,
        executor: Executor | None = None,
        is_workflow: bool = False,
        keeps: bool | None = None,
    ) -> None:
        self.is_workflow = is_workflow
        """Whether it is the body of a workflow that another one calls."""
        self.store = store
        """Of a workflow: its own; None keeps the caller's (197)."""
        self.own_cache: BaseCache[Any] | None = None
        """Of a workflow: its own; None keeps the caller's."""
        self.at_most_once = at_most_once
        """Whether it never runs again after an attempt whose outcome is not known."""
        self.keeps = keeps
        """Of a workflow, its ``checkpointer``: True keeps what it saves for the next run, False
        stores nothing of it, None makes it a step like others (16)."""
        self.name = _name_of(fn, name, "task")
        _refuse_generators(fn, self.name, "task")
        self.fn = fn
        policy = as_cache_policy(cache_policy)
        self.cache = None if policy is None else Cacheable(fn, self.name, policy)
        self.is_async = _is_async(fn)
        self.policies = as_policies(retry_policy)
        self.timeout = as_timeout(timeout, is_async=self.is_async, what="task", name=self.name)
        self.executor = as_executor(executor, "task", self.name, is_async=self.is_async)
        """Runs the function; of a workflow, the plain tasks that its code calls."""
        signature = _signature(fn)
        self.previous_default = False
        """Whether ``previous`` has a default, which stands where nothing was saved."""
        self.injects: tuple[tuple[str, int], ...] = ()
        """Injectable parameters with their position; past the end for keyword-only ones."""
        if signature is not None:
            injectable = _FOR_ENTRYPOINTS if is_workflow else _FOR_TASKS
            self.previous_default = _has_default(signature, "previous")
            self.injects = tuple(
                (p.name, at if p.kind in _POSITIONAL else 1 << 30)
                for at, p in enumerate(signature.parameters.values())
                if p.name in injectable and p.kind not in _VARIADIC
            )
        self.is_plain = not (
            is_workflow
            or self.cache
            or self.injects
            or self.timeout
            or at_most_once
            or self.executor
        )
        """Whether a call needs nothing but its arguments."""

    def injected(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[str]:
        """The parameters that the caller left to be injected."""
        return [n for n, at in self.injects if n not in kwargs and at >= len(args)]

    def inject(self, args: tuple[Any, ...], kwargs: dict[str, Any], frame: Frame) -> dict[str, Any]:
        """The keyword arguments of one attempt, with what the caller left to be injected."""
        wanted = self.injected(args, kwargs)
        if "previous" in wanted and self.previous_default and saved_before(frame.op) is None:
            wanted.remove("previous")
        return {**kwargs, **{name: _injected(name, frame) for name in wanted}}


_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class EntrypointSpec:
    """A function that can be the body of a workflow.

    Raises:
        DeclarationError, NotImplementedError: it cannot be one.
    """

    __slots__ = ("fn", "injects", "is_async", "name", "previous_default",
                 "signature", "timeout")  # fmt: skip

    def __init__(self, fn: Callable[..., Any], name: str | None, timeout: Timeout = None) -> None:
        self.name = _name_of(fn, name, "entrypoint")
        _refuse_generators(fn, self.name, "entrypoint")
        self.fn = fn
        self.is_async = _is_async(fn)
        self.timeout = as_timeout(
            timeout, is_async=self.is_async, what="entrypoint", name=self.name
        )
        signature = _signature(fn)
        if signature is None:
            raise DeclarationError(
                f"The entrypoint {self.name!r} has no readable signature. Wrap it in a function: "
                "def workflow(input): ..."
            )
        self.signature = signature
        parameters = list(signature.parameters.values())
        self._check_parameters(parameters)
        self.injects = tuple(p.name for p in parameters[1:] if p.name in _FOR_ENTRYPOINTS)
        self.previous_default = _has_default(signature, "previous")

    def _check_parameters(self, parameters: list[inspect.Parameter]) -> None:
        if not parameters or parameters[0].kind is inspect.Parameter.VAR_KEYWORD:
            raise DeclarationError(
                f"The entrypoint {self.name!r} takes no input. It must have at least one "
                "parameter, which is given what invoke() gets: def workflow(input): ..."
            )
        first = parameters[0]
        if first.kind is inspect.Parameter.KEYWORD_ONLY:
            raise DeclarationError(
                f"The first parameter {first.name!r} of the entrypoint {self.name!r} is "
                "keyword-only. The input is passed by position: remove the '*' before it."
            )
        if first.kind is inspect.Parameter.VAR_POSITIONAL:
            raise DeclarationError(
                f"The entrypoint {self.name!r} takes '*{first.name}'. It is given exactly one "
                f"input: write {first.name!r} without the star, and pass several values as a dict."
            )
        needed = [
            p.name
            for p in parameters[1:]
            if p.default is inspect.Parameter.empty
            and p.kind not in _VARIADIC
            and p.name not in _FOR_ENTRYPOINTS
        ]
        if needed:
            raise DeclarationError(
                f"The entrypoint {self.name!r} requires more than its input: "
                f"{', '.join(map(repr, needed))} would never be given a value. Pass several "
                f"values as one dict ({first.name}: dict), or give the others a default. "
                f"Injected by name are: {', '.join(_FOR_ENTRYPOINTS)}."
            )

    def as_task(
        self,
        policies: Sequence[RetryPolicy],
        keeps: bool | None,
        store: BaseStore | None,
        cache: BaseCache[Any] | None,
        cacheable: Cacheable | None,
        executor: Executor | None,
    ) -> TaskSpec:
        """The function as a step of the workflow that calls it."""
        step = TaskSpec(
            self.fn, self.name, policies, is_workflow=True, keeps=keeps, store=store,
            timeout=self.timeout,
        )  # fmt: skip
        step.cache, step.own_cache, step.executor = cacheable, cache, executor
        return step

    def inject(
        self, has_previous: bool, _args: tuple[Any, ...], _kwargs: dict[str, Any], frame: Frame
    ) -> dict[str, Any]:
        """What one attempt is given besides the input."""
        return {
            name: _injected(name, frame)
            for name in self.injects
            if name != "previous" or has_previous or not self.previous_default
        }


def _injected(name: str, frame: Frame) -> Any:
    execution, op = frame.execution, frame.op
    if name == "config":
        return op.config
    if name == "writer":
        return op.write
    if name == "store":
        return op.surroundings.store
    if name == "previous":
        return previous_of(execution, op)
    return frame.runtime


def _has_default(signature: inspect.Signature, name: str) -> bool:
    parameter = signature.parameters.get(name)
    return parameter is not None and parameter.default is not inspect.Parameter.empty


def _name_of(fn: Any, name: str | None, what: str) -> str:
    if name is not None:
        return name
    inner = fn
    while isinstance(inner, functools.partial):
        inner = inner.func
    found = getattr(inner, "__name__", None) or type(inner).__name__
    if not callable(fn):
        raise DeclarationError(f"@{what} needs a function, not {type(fn).__name__} {fn!r}.")
    return str(found)


def _signature(fn: Callable[..., Any]) -> inspect.Signature | None:
    try:
        return inspect.signature(fn)
    except (ValueError, TypeError):
        return None


def _refuse_generators(fn: Any, name: str, what: str) -> None:
    if inspect.isclass(fn):
        raise DeclarationError(
            f"@{what} was given the class {name!r}: no signature found. Give it a function that "
            "makes the object."
        )
    called = _callee(fn)
    if inspect.isgeneratorfunction(called) or inspect.isasyncgenfunction(called):
        message = (
            f"The {what} {name!r} is a generator; a generator's values cannot be recorded and "
            "replayed. Return a list instead of yielding, and stream on the way with "
            "get_stream_writer()(value)."
        )
        raise GeneratorRefusedError(message)


def _is_async(fn: Any) -> bool:
    return inspect.iscoroutinefunction(_callee(fn))


def _callee(fn: Any) -> Any:
    while isinstance(fn, functools.partial):
        fn = fn.func
    if inspect.isroutine(fn) or inspect.isclass(fn):
        return fn
    return getattr(fn, "__call__", fn)  # noqa: B004  # the method itself is inspected
