"""Whether a failed attempt is tried again, and after how long."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from nbflow.errors import DeclarationError
from nbflow.types import RetryPolicy

__all__ = ["as_policies", "wait_before_retry"]


def as_policies(policy: RetryPolicy | Sequence[RetryPolicy] | None) -> tuple[RetryPolicy, ...]:
    """The policies as a tuple.

    Raises:
        DeclarationError: something else than a policy, or one that cannot be followed (202).
    """
    if policy is None:
        return ()
    policies = tuple(policy) if isinstance(policy, Sequence) else (policy,)
    for one in policies:
        if not isinstance(one, RetryPolicy):
            raise DeclarationError(
                f"retry_policy= was given {one!r}. Give a RetryPolicy, or several in a list."
            )
        wanted = one.retry_on
        kinds = wanted if isinstance(wanted, list | tuple | set | frozenset) else (wanted,)
        if not callable(wanted) and not all(_is_exception(kind) for kind in kinds):
            raise DeclarationError(
                f"retry_on={wanted!r} says nothing about exceptions. Give an exception class, "
                "several in a list, or a function that takes the exception."
            )
        for name, (least, expected) in _NUMBERS.items():
            given = getattr(one, name)
            if not isinstance(given, int | float) or not given >= least:
                raise DeclarationError(f"RetryPolicy({name}={given!r}): give {expected}.")
    return policies


_NUMBERS = {
    "initial_interval": (0, "a number of seconds, 0 or more"),
    "backoff_factor": (0, "a factor, 0 or more"),
    "max_interval": (0, "a number of seconds, 0 or more"),
    "max_attempts": (-math.inf, "how many attempts there may be, the first one included"),
}
"""Fields of a policy: the least that they may be, and what they are."""


def _is_exception(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseException)


def wait_before_retry(
    policies: Sequence[RetryPolicy],
    exc: BaseException,
    attempt: int,
    random: Callable[[], float],
) -> float | None:
    """Seconds to wait, or None to give up.

    The first policy that wants the exception decides; the attempt counter is shared (205).

    Args:
        attempt: the attempt that failed, from 1.
        random: gives a number in [0, 1), for the jitter.
    """
    if not isinstance(exc, Exception):
        return None
    for policy in policies:
        if _wants(policy, exc):
            if attempt >= policy.max_attempts:
                return None
            grown = policy.initial_interval * policy.backoff_factor ** (attempt - 1)
            return min(grown, policy.max_interval) + (random() if policy.jitter else 0.0)
    return None


def _wants(policy: RetryPolicy, exc: Exception) -> bool:
    wanted = policy.retry_on
    if isinstance(wanted, type):
        return isinstance(exc, wanted)
    if callable(wanted):
        return bool(wanted(exc))
    return isinstance(exc, tuple(wanted))
