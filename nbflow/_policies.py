"""How a task is retried, limited in time and cached: what is said once, where it is declared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from nbflow.errors import AnswerTimeoutError

__all__ = ["CachePolicy", "RetryPolicy", "TimeoutPolicy", "default_retry_on"]

_NOT_RETRIED = (
    ValueError,
    TypeError,
    ArithmeticError,
    ImportError,
    LookupError,
    NameError,
    SyntaxError,
    RuntimeError,
    ReferenceError,
    StopIteration,
    StopAsyncIteration,
    OSError,
)


def default_retry_on(exc: Exception) -> bool:
    """Whether an exception looks temporary (203, 204).

    Connection errors, time-outs, HTTP 5xx and unknown exceptions do; programming errors do not.

    >>> default_retry_on(ConnectionError("reset")), default_retry_on(ValueError("too long"))
    (True, False)
    """
    if isinstance(exc, AnswerTimeoutError):  # is on record: the next attempt would get it again
        return False
    if isinstance(exc, ConnectionError | TimeoutError):
        return True
    status = getattr(getattr(exc, "response", None), "status_code", None)
    if isinstance(status, int):
        return status >= 500
    return not isinstance(exc, _NOT_RETRIED)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When and how often a failed task runs again (201-206).

    >>> RetryPolicy(max_attempts=5, retry_on=ConnectionError).max_attempts
    5
    """

    initial_interval: float = 0.5
    """Seconds before the first retry."""
    backoff_factor: float = 2.0
    """Each later wait is longer by this factor."""
    max_interval: float = 128.0
    """Seconds; no wait is longer, jitter aside."""
    max_attempts: int = 3
    """Attempts in all, the first one included; 1 or less means one."""
    jitter: bool = True
    """Add up to one second at random."""
    retry_on: type[Exception] | Sequence[type[Exception]] | Callable[[Exception], bool] = (
        default_retry_on
    )
    """Which exceptions are retried: a class, several, or a predicate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeoutPolicy:
    """How long one attempt of an async task or entrypoint may take (209-214).

    Time runs from the start of the attempt; each retry has its own. A time-out works by
    cancelling, so it cannot stop code that blocks the event loop (``time.sleep``, heavy
    computing): that is reported by a warning, and its result counts.

    >>> TimeoutPolicy(run_timeout=30, idle_timeout=5).refresh_on
    'auto'
    """

    run_timeout: float | timedelta | None = None
    """Seconds that an attempt may take in all; None for any time."""
    idle_timeout: float | timedelta | None = None
    """Seconds that may pass without a sign of life; None for any time."""
    refresh_on: Literal["auto", "heartbeat"] = "auto"
    """Signs of life: ``auto`` takes stream writes, calls of tasks and their results, LangChain
    callbacks and ``runtime.heartbeat()``, also of what the task called; ``heartbeat`` takes only
    the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CachePolicy:
    """How a task's results are kept across threads (221-232); used once a ``cache`` is given.

    Failures are never kept (225), nor is a result after a question (229).

    >>> CachePolicy(ttl=3600).key_func is None
    True
    """

    key_func: Callable[..., str | bytes] | None = None
    """Arguments to key, a str or bytes; None takes a digest of the arguments."""
    ttl: float | None = None
    """Seconds a result is good for; None for ever."""
