"""Time-outs: how long one attempt of an async task or entrypoint may take (209-214).

A timed attempt runs in an asyncio task of its own, so that it ends when its time is up, whatever
its code does with the cancellation. From then on it can do nothing more in the run: what it calls
is refused, what it writes is dropped, and a value that it returns is not taken.
"""

from __future__ import annotations

import asyncio
import importlib.util
import math
import warnings
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from nbflow.errors import DeclarationError, NodeTimeoutError
from nbflow.types import TimeoutPolicy

if TYPE_CHECKING:
    from nbflow._engine.frame import Frame

__all__ = ["Timeout", "Watch", "as_timeout", "show_life", "timed"]

Timeout = float | timedelta | TimeoutPolicy | None

_CLEANUP_S = 1.0
"""Seconds that a cancelled attempt is waited for; then it is left to itself."""
_MARGIN_S = 0.05
"""An attempt that took so much longer than it might, and was not ended, blocked the loop."""


def as_timeout(timeout: Timeout, *, is_async: bool, what: str, name: str) -> TimeoutPolicy | None:
    """The policy in seconds; None when nothing is limited.

    Raises:
        DeclarationError: a limit that is no time, or a plain function, which nothing can stop.
    """
    if timeout is None:
        return None
    where = f"@{what}(timeout=...) of {name!r}"
    policy = timeout if isinstance(timeout, TimeoutPolicy) else TimeoutPolicy(run_timeout=timeout)
    if policy.refresh_on not in ("auto", "heartbeat"):
        raise DeclarationError(
            f"{where}: refresh_on={policy.refresh_on!r} is not known. Give 'auto' or 'heartbeat'."
        )
    run_s = _seconds(policy.run_timeout, f"{where}: run_timeout")
    idle_s = _seconds(policy.idle_timeout, f"{where}: idle_timeout")
    if run_s is None and idle_s is None:
        return None
    if not is_async:
        raise DeclarationError(
            f"{where}: it is a plain function, and a thread cannot be stopped. Make it an async "
            "function, or give a limit to what it waits for."
        )
    return TimeoutPolicy(run_timeout=run_s, idle_timeout=idle_s, refresh_on=policy.refresh_on)


def _seconds(limit: float | timedelta | None, where: str) -> float | None:
    if limit is None:
        return None
    seconds = limit.total_seconds() if isinstance(limit, timedelta) else limit
    if type(seconds) not in (int, float) or not math.isfinite(seconds) or seconds <= 0:
        raise DeclarationError(
            f"{where}={limit!r} must be greater than 0: seconds as a number, or a timedelta."
        )
    return float(seconds)


class Watch:
    """The time of one attempt."""

    __slots__ = ("_began", "_idle_s", "_loop", "_moved", "_run_s", "_strict", "expired")

    def __init__(self, policy: TimeoutPolicy, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._run_s = _in_seconds(policy.run_timeout)
        self._idle_s = _in_seconds(policy.idle_timeout)
        self._strict = policy.refresh_on == "heartbeat"
        self._began = self._moved = loop.time()
        self.expired = False
        """Whether the attempt was ended by it."""

    def sign(self, *, heartbeat: bool) -> None:
        """The attempt lives; from any thread."""
        if heartbeat or not self._strict:
            self._moved = self._loop.time()

    @property
    def elapsed(self) -> float:
        """Seconds since the attempt began."""
        return self._loop.time() - self._began

    def left(self) -> float:
        """Seconds until the next limit, as things are."""
        now = self._loop.time()
        return min(self._began + self._run_s - now, self._moved + self._idle_s - now)

    def over(self) -> Literal["run", "idle"] | None:
        """The limit that was reached."""
        now = self._loop.time()
        if now >= self._began + self._run_s:
            return "run"
        return "idle" if now >= self._moved + self._idle_s else None


def _in_seconds(limit: float | timedelta | None) -> float:
    assert not isinstance(limit, timedelta)
    return math.inf if limit is None else limit


def show_life(frame: Frame | None, *, heartbeat: bool = False) -> None:
    """Put off the idle time-outs of an attempt and of those that led to it (211)."""
    while frame is not None and not frame.over:
        if frame.watch is not None:
            frame.watch.sign(heartbeat=heartbeat)
        frame = frame.op.caller


async def timed(
    frame: Frame, policy: TimeoutPolicy, call: Callable[[], Coroutine[Any, Any, Any]]
) -> Any:
    """Run an attempt's function within its limits.

    Code that blocks the loop cannot be cancelled: when it ends by itself its result counts, as in
    LangGraph, and a warning tells by how much it was late (214).

    Raises:
        NodeTimeoutError: a limit was reached.
        BaseException: what the function raised.
    """
    loop = asyncio.get_running_loop()
    context = copy_context()
    watch = frame.watch = Watch(policy, loop)
    if policy.idle_timeout is not None:
        frame.execution.wants_life = True
        if policy.refresh_on == "auto":
            _hear_langchain(frame, context)
    attempt = asyncio.Task(_contained(call()), loop=loop, context=context)
    while not attempt.done():
        try:
            await asyncio.wait([attempt], timeout=max(0.0, watch.left()))
        except asyncio.CancelledError:
            attempt.cancel()
            continue
        kind = watch.over()
        if kind is not None and not attempt.done():
            watch.expired = True
            late = _too_late(frame.op.name, watch.elapsed, kind, policy)
            await _give_up(frame, attempt)
            raise late
    value, exc = attempt.result()
    if exc is not None:
        raise exc
    _report_overrun(frame.op.name, watch, policy)
    return value


async def _contained(
    coroutine: Coroutine[Any, Any, Any],
) -> tuple[Any, BaseException | None]:
    """The outcome as a value: an exit raised in an asyncio task would stop the whole loop."""
    try:
        return await coroutine, None
    except asyncio.CancelledError:
        raise
    except BaseException as exc:
        return None, exc


def _too_late(
    name: str, elapsed: float, kind: Literal["run", "idle"], policy: TimeoutPolicy
) -> NodeTimeoutError:
    run_s, idle_s = policy.run_timeout, policy.idle_timeout
    assert not isinstance(run_s, timedelta) and not isinstance(idle_s, timedelta)
    return NodeTimeoutError(name, elapsed, kind, idle_s, run_s)


_left: set[asyncio.Task[Any]] = set()
"""Attempts that caught their cancellation and go on; kept until they end."""


async def _give_up(frame: Frame, attempt: asyncio.Task[Any]) -> None:
    """End the attempt, and the async tasks that it called; plain ones finish in their threads."""
    frame.end()
    attempt.cancel()
    for child in list(frame.op.children.values()):
        child.cancel_on_loop()
    await asyncio.wait([attempt], timeout=_CLEANUP_S)
    if not attempt.done():
        _left.add(attempt)
        attempt.add_done_callback(_left.discard)


def _report_overrun(name: str, watch: Watch, policy: TimeoutPolicy) -> None:
    kind, elapsed = watch.over(), watch.elapsed
    if kind is None or watch.left() > -_MARGIN_S:
        return
    limit = policy.run_timeout if kind == "run" else policy.idle_timeout
    warnings.warn(
        f"{name!r} took {elapsed:.3f} s, longer than its {kind}_timeout of {limit:g} s, and could "
        "not be stopped: something blocked the event loop. Its result counts. Put blocking code "
        "(time.sleep, requests, heavy computing) into a plain function that is a task, or into "
        "asyncio.to_thread(...).",
        stacklevel=2,
    )


def _hear_langchain(frame: Frame, context: Context) -> None:
    """Take whatever LangChain's callbacks tell of what the attempt calls as a sign of life."""
    if importlib.util.find_spec("langchain_core") is None:
        return
    from langchain_core.callbacks import BaseCallbackHandler
    from langchain_core.runnables.config import merge_configs, var_child_runnable_config

    def hear(*_: Any, **__: Any) -> None:
        show_life(frame)

    tells = {name: hear for name in dir(BaseCallbackHandler) if name.startswith("on_")}
    handler = type("SignsOfLife", (BaseCallbackHandler,), {**tells, "run_inline": True})()
    config = merge_configs(context.get(var_child_runnable_config), {"callbacks": [handler]})
    context.run(var_child_runnable_config.set, config)
