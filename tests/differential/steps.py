"""What programs do again and again, in the same words for both libraries."""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable
from typing import Any

__all__ = ["acollect", "after", "aoutcome", "collect", "on", "outcome", "warned"]


def on(thread_id: str | int = "1", **more: Any) -> dict[str, Any]:
    """The configuration that names a thread."""
    return {"configurable": {"thread_id": thread_id}, **more}


def after(snapshot: Any) -> dict[str, Any]:
    """The configuration that names a snapshot's checkpoint."""
    config: dict[str, Any] = snapshot.config
    return config


def outcome(call: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """What a call returns, or the exception it raises."""
    try:
        return call(*args, **options)
    except Exception as exc:
        return exc


async def aoutcome(call: Awaitable[Any]) -> Any:
    """What an awaitable gives, or the exception it raises."""
    try:
        return await call
    except Exception as exc:
        return exc


def collect(chunks: Iterable[Any]) -> list[Any]:
    """All chunks; an exception is the last of them."""
    seen: list[Any] = []
    try:
        for chunk in chunks:
            seen.append(chunk)
    except Exception as exc:
        seen.append(exc)
    return seen


async def acollect(chunks: AsyncIterable[Any]) -> list[Any]:
    """All chunks; an exception is the last of them."""
    seen: list[Any] = []
    try:
        async for chunk in chunks:
            seen.append(chunk)
    except Exception as exc:
        seen.append(exc)
    return seen


def warned(call: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """What a call returns or raises, and whether it warned the user."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        result = outcome(call, *args, **options)
    return {"result": result, "warned": any(w.category is UserWarning for w in heard)}
