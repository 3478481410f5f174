"""Whether a failed attempt is tried again, and after how long."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nbflow.types import RetryPolicy

__all__ = ["as_policies", "wait_before_retry"]


def as_policies(policy: RetryPolicy | Sequence[RetryPolicy] | None) -> tuple[RetryPolicy, ...]:
    if policy is None:
        return ()
    return (policy,) if isinstance(policy, RetryPolicy) else tuple(policy)


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
