"""``@entrypoint`` and ``@task``: LangGraph's Functional API, one word changed.

Every signature is checked when it is declared, so a mistake shows under the cell that made it.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Coroutine, Sequence
from typing import (
    TYPE_CHECKING,
    Any,
    Concatenate,
    Generic,
    Literal,
    ParamSpec,
    Protocol,
    Self,
    TypeVar,
    overload,
)

from nbflow._current import current_frame
from nbflow._engine.caching import Cacheable, as_cache_policy
from nbflow._engine.declaration import TaskSpec
from nbflow._engine.final import Final
from nbflow._engine.future import SyncAsyncFuture
from nbflow._engine.timeouts import Timeout
from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.errors import DeclarationError, OutsideRunError
from nbflow.types import CachePolicy, RetryPolicy
from nbflow.workflow import Workflow

if TYPE_CHECKING:
    from nbflow.cache.base import BaseCache
    from nbflow.store.base import BaseStore

__all__ = ["Task", "entrypoint", "task"]

P = ParamSpec("P")
Q = ParamSpec("Q")
T = TypeVar("T")
InputT = TypeVar("InputT")
OutputT = TypeVar("OutputT")
R_co = TypeVar("R_co", covariant=True)
S_co = TypeVar("S_co", covariant=True)

_Retry = RetryPolicy | Sequence[RetryPolicy] | None


class Task(Generic[P, T]):
    """A function whose calls are recorded; made by ``@task``.

    Calling it inside a run returns a future at once: ``.result()`` or ``await`` gives the value.
    As a class's attribute it is a method, as a function is (20).

    >>> @task(name="shout")
    ... def loud(text: str) -> str:
    ...     return text.upper()
    >>> loud.name, loud.func("tea")
    ('shout', 'TEA')
    """

    def __init__(
        self,
        fn: Callable[P, Any],
        *,
        name: str | None = None,
        retry_policy: _Retry = None,
        cache_policy: CachePolicy | None = None,
        timeout: Timeout = None,
        at_most_once: bool = False,
    ) -> None:
        self._spec = TaskSpec(
            fn, name, retry_policy, cache_policy=cache_policy, timeout=timeout,
            at_most_once=at_most_once,
        )  # fmt: skip
        self.cache_policy = cache_policy
        """How results are kept once the entrypoint has a cache; None keeps none."""
        self.func = fn
        """The function itself: calling it records nothing and needs no run."""
        functools.update_wrapper(self, fn, updated=())

    @property
    def name(self) -> str:
        """What streams and records call it: the ``name=`` it was given, else the function's."""
        return self._spec.name

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> SyncAsyncFuture[T]:
        """Begin a call, or take its outcome from the record (35, 36, 61).

        The value is stored before the future has it, so what was seen is there after a crash.

        Returns:
            A future. ``result()`` gives the value to plain code, ``await`` to async code; both
            raise what the function raised.

        Raises:
            OutsideRunError: no run is going on here (24).
            NonDeterminismError: unchanged code makes another call than it did before (71-74).
            OutcomeUnknownError: it is declared ``at_most_once``, began before, and nothing tells
                what came of it.
        """
        frame = current_frame.get()
        if frame is None:
            raise OutsideRunError(
                f"Task {self._spec.name!r} was called where no run is going on. Call it inside "
                "a function decorated with @entrypoint (and run that with .invoke(input)), or "
                f"call the plain function: {self._spec.name}.func(...)."
            )
        return frame.execution.call(frame, self._spec, args, kwargs)  # type: ignore[no-any-return]

    def clear_cache(self, cache: BaseCache[Any]) -> None:
        """Forget every cached result of this task, whatever its code was then (222)."""
        cache.clear([Cacheable(self.func, self.name, CachePolicy()).namespace])

    async def aclear_cache(self, cache: BaseCache[Any]) -> None:
        """:meth:`clear_cache` for the event loop."""
        await cache.aclear([Cacheable(self.func, self.name, CachePolicy()).namespace])

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> Self: ...
    @overload
    def __get__(
        self: Task[Concatenate[Any, Q], T], instance: object, owner: type | None = None
    ) -> Callable[Q, SyncAsyncFuture[T]]: ...
    def __get__(self, instance: object, owner: type | None = None) -> Any:
        bound: Callable[..., Any] = self
        return self if instance is None else functools.partial(bound, instance)

    def __repr__(self) -> str:
        return f"<nbflow task {self._spec.name!r}>"


class _Declare(Protocol):
    """``@task(...)``: takes the function, gives the task."""

    @overload
    def __call__(self, fn: Callable[P, Coroutine[Any, Any, T]], /) -> Task[P, T]: ...
    @overload
    def __call__(self, fn: Callable[P, T], /) -> Task[P, T]: ...


@overload
def task(
    fn: Callable[P, Coroutine[Any, Any, T]],
    /,
    *,
    name: str | None = None,
    retry_policy: _Retry = None,
    cache_policy: CachePolicy | None = None,
    timeout: Timeout = None,
    at_most_once: bool = False,
    retry: _Retry = None,
) -> Task[P, T]: ...
@overload
def task(
    fn: Callable[P, T],
    /,
    *,
    name: str | None = None,
    retry_policy: _Retry = None,
    cache_policy: CachePolicy | None = None,
    timeout: Timeout = None,
    at_most_once: bool = False,
    retry: _Retry = None,
) -> Task[P, T]: ...
@overload
def task(
    *,
    name: str | None = None,
    retry_policy: _Retry = None,
    cache_policy: CachePolicy | None = None,
    timeout: Timeout = None,
    at_most_once: bool = False,
    retry: _Retry = None,
) -> _Declare: ...
def task(
    fn: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    retry_policy: _Retry = None,
    cache_policy: CachePolicy | None = None,
    timeout: Timeout = None,
    at_most_once: bool = False,
    **deprecated: Any,
) -> Any:
    """Make a function a task: its calls run concurrently and are recorded (19-34).

    A finished call is never run again when the run continues: its result comes from the record.
    ``config``, ``runtime``, ``store`` and ``writer`` are injected where a parameter has that name
    and the caller leaves it out.

    Args:
        fn: a plain or async function, method, lambda, builtin, partial or callable object.
        name: what it is called in streams and records; the function's own name when left out.
        retry_policy: when and how often it runs again after an exception; the first of several
            policies that wants the exception decides.
        cache_policy: how results are kept once the entrypoint has a cache.
        timeout: how long one attempt of an async function may take: seconds, a ``timedelta`` or a
            :class:`~nbflow.types.TimeoutPolicy`. Then it is cancelled, and fails with
            :class:`~nbflow.errors.NodeTimeoutError` whatever it does; what it still calls or
            writes is dropped (209-214).
        at_most_once: for what must not happen twice, such as a payment. That a call begins is
            stored before it runs, which costs one commit more; where the process died before its
            outcome was stored, the call raises :class:`~nbflow.errors.OutcomeUnknownError` and the
            function does not run again. A failure is an outcome: after it, it may. It can ask
            nothing.

    Raises:
        DeclarationError: it cannot be a task (a class, a generator), or a policy or the time-out
            cannot be followed, or there is one and nothing can stop the function, a plain one.

    >>> from nbflow.func import entrypoint, task
    >>> @task
    ... def double(x: int) -> int:
    ...     return 2 * x
    >>> @entrypoint()
    ... def workflow(numbers: list[int]) -> list[int]:
    ...     futures = [double(n) for n in numbers]
    ...     return [f.result() for f in futures]
    >>> workflow.invoke([1, 2, 3])
    [2, 4, 6]
    """
    policy = _retry(retry_policy, deprecated, "task")

    def declare(function: Callable[..., Any]) -> Task[Any, Any]:
        return Task(
            function, name=name, retry_policy=policy, cache_policy=cache_policy, timeout=timeout,
            at_most_once=at_most_once,
        )  # fmt: skip

    return declare if fn is None else declare(fn)


class entrypoint:  # noqa: N801  # LangGraph's name
    """Make a function a workflow (1-18).

    The function's first parameter is the input. ``config``, ``previous``, ``runtime``, ``store``
    and ``writer`` are injected by name.

    Args:
        checkpointer: keeps runs, so that they can stop at a question, continue after an error or
            a restart, and be looked at; None keeps nothing. A workflow that others call is a
            step of their run; with True it keeps what it saves on their thread, for its own next
            ``previous``; with False its steps are not stored and run again with the caller (16).
        store: long-term memory, injected as ``store``.
        cache: keeps results of tasks with a ``cache_policy`` across runs and threads; shared as
            far as the object, or its file, is (221).
        cache_policy: the whole workflow's result is kept, too, for its input, ``previous`` and
            context.
        context_schema: class of ``context=``; a dict is turned into it. A plain dataclass takes
            values of any type, as in Python; a Pydantic model or dataclass checks them (188).
        retry_policy: when and how often the whole function runs again after an exception;
            finished tasks are not repeated.
        timeout: how long one attempt of an async function may take, as for a task. The async
            tasks that it called are cancelled with it; plain ones finish in their threads (213).
        name: what the workflow is called; the function's own name when left out.
        on_divergence: what happens when unchanged code makes other calls on replay than are
            recorded. ``error`` (default) raises NonDeterminismError; ``warn`` runs the new calls
            and leaves the others aside; ``reuse`` is LangGraph's rule: the n-th call of a name
            gets the n-th record of that name, whatever its arguments.
        on_busy: what happens to a call on a thread that another run is at work on. ``reject``
            (default) raises ThreadBusyError; ``queue`` waits until that run ends or asks; with
            ``cancel`` a new input cancels it: what it has recorded stays (261).

    Raises:
        DeclarationError: the function cannot be one, or a policy cannot be followed; the message
            says why.

    >>> from nbflow.checkpoint.memory import InMemorySaver
    >>> @entrypoint(checkpointer=InMemorySaver())
    ... def count(step: int, *, previous: int | None = None) -> int:
    ...     return step + (previous or 0)
    >>> config = {"configurable": {"thread_id": "1"}}
    >>> count.invoke(1, config), count.invoke(2, config)
    (1, 3)
    """

    class final(Final, Generic[R_co, S_co]):  # noqa: N801  # LangGraph's name
        """Return one value and save another for the next run's ``previous`` (126-131).

        The entrypoint itself returns it: from a task, and inside another value, it is refused.

        Args:
            value: what ``invoke`` returns.
            save: what the next run on this thread gets as ``previous``; None is kept, too (127).

        >>> @entrypoint()
        ... def count(step: int) -> entrypoint.final[str, int]:
        ...     return entrypoint.final(value=f"{step} more", save=step)
        >>> count.invoke(2)
        '2 more'
        """

        __slots__ = ()

        if TYPE_CHECKING:
            value: R_co
            save: S_co

            def __init__(self, *, value: R_co, save: S_co) -> None: ...

        def __class_getitem__(cls, params: Any) -> Any:
            if not isinstance(params, tuple) or len(params) != 2:
                raise DeclarationError(
                    "entrypoint.final takes two types: entrypoint.final[returned, saved]."
                )
            return super().__class_getitem__(params)  # type: ignore[misc]

    def __init__(
        self,
        checkpointer: BaseCheckpointSaver | bool | None = None,
        store: BaseStore | None = None,
        cache: BaseCache[Any] | None = None,
        context_schema: type[Any] | None = None,
        cache_policy: CachePolicy | None = None,
        retry_policy: _Retry = None,
        timeout: Timeout = None,
        *,
        name: str | None = None,
        on_divergence: Literal["error", "warn", "reuse"] = "error",
        on_busy: Literal["reject", "queue", "cancel"] = "reject",
        **deprecated: Any,
    ) -> None:
        _require_one_of("on_divergence", on_divergence, ("error", "warn", "reuse"))
        _require_one_of("on_busy", on_busy, ("reject", "queue", "cancel"))
        if checkpointer is not None and not isinstance(checkpointer, BaseCheckpointSaver | bool):
            raise DeclarationError(
                f"checkpointer= was given {type(checkpointer).__name__} {checkpointer!r}. It must "
                "be a saver, such as InMemorySaver() or SqliteSaver('runs.db'), or None."
            )
        self.checkpointer = checkpointer
        self.store = store
        self.cache = cache
        self.on_divergence = on_divergence
        self.on_busy = on_busy
        if "config_schema" in deprecated:
            warnings.warn(
                "config_schema= is deprecated; write context_schema=.",
                DeprecationWarning,
                stacklevel=2,
            )
            old = deprecated.pop("config_schema")
            context_schema = context_schema or old
        self.context_schema = context_schema
        self.cache_policy: CachePolicy | None = as_cache_policy(cache_policy)
        self.retry_policy: _Retry = _retry(retry_policy, deprecated, "entrypoint")
        self.timeout = timeout
        self.name = name

    @overload
    def __call__(
        self,
        fn: Callable[Concatenate[InputT, P], Coroutine[Any, Any, entrypoint.final[OutputT, Any]]],
        /,
    ) -> Workflow[InputT, OutputT]: ...
    @overload
    def __call__(
        self, fn: Callable[Concatenate[InputT, P], Coroutine[Any, Any, OutputT]], /
    ) -> Workflow[InputT, OutputT]: ...
    @overload
    def __call__(
        self, fn: Callable[Concatenate[InputT, P], entrypoint.final[OutputT, Any]], /
    ) -> Workflow[InputT, OutputT]: ...
    @overload
    def __call__(
        self, fn: Callable[Concatenate[InputT, P], OutputT], /
    ) -> Workflow[InputT, OutputT]: ...
    def __call__(self, fn: Callable[..., Any]) -> Workflow[Any, Any]:
        """The workflow of this function.

        Raises:
            DeclarationError: the function cannot be one; the message says why.
        """
        return Workflow(
            fn,
            name=self.name,
            checkpointer=self.checkpointer,
            store=self.store,
            cache=self.cache,
            on_divergence=self.on_divergence,
            on_busy=self.on_busy,
            cache_policy=self.cache_policy,
            context_schema=self.context_schema,
            retry_policy=self.retry_policy,
            timeout=self.timeout,
        )


def _require_one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        *first, last = map(repr, known)
        raise DeclarationError(f"{name}={value!r} is not known. Give {', '.join(first)} or {last}.")


def _retry(policy: _Retry, deprecated: dict[str, Any], what: str) -> _Retry:
    if "retry" in deprecated:
        warnings.warn(
            f"@{what}(retry=...) is deprecated; write retry_policy=.",
            DeprecationWarning,
            stacklevel=3,
        )
        old = deprecated.pop("retry")
        policy = policy or old
    if deprecated:
        raise DeclarationError(f"@{what} does not know {', '.join(map(repr, deprecated))}.")
    return policy
