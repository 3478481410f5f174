"""The running code's configuration, store and writer (186)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from nbflow._current import require_frame
from nbflow.errors import OutsideRunError

if TYPE_CHECKING:
    from nbflow.store.base import BaseStore
    from nbflow.types import StreamWriter, TokenWriter

__all__ = ["RunnableConfig", "get_config", "get_store", "get_stream_writer", "get_token_writer"]


class RunnableConfig(TypedDict, total=False):
    """How to run: LangChain's shape, which any plain dict has."""

    configurable: dict[str, Any]
    """``thread_id``, ``checkpoint_id``, ``checkpoint_ns``; other keys reach the code unstored."""
    metadata: dict[str, Any]
    """Kept with each checkpoint."""
    tags: list[str]
    callbacks: Any
    run_name: str
    run_id: Any
    max_concurrency: int | None
    recursion_limit: int


def get_config() -> RunnableConfig:
    """The configuration that the run was started with.

    Raises:
        OutsideRunError: no run is going on here.
    """
    return require_frame("get_config()").config  # type: ignore[return-value]  # the same dict


def get_store() -> BaseStore:
    """The store that the entrypoint was declared with.

    Raises:
        OutsideRunError: no run is going on here, or its entrypoint has no store.
    """
    store: BaseStore | None = require_frame("get_store()").runtime.store
    if store is None:
        raise OutsideRunError(
            "get_store() found no store: the entrypoint was declared without one. "
            "Declare it with @entrypoint(store=InMemoryStore())."
        )
    return store


def get_token_writer() -> TokenWriter:
    """A function that sends text to the ``messages`` stream, piece by piece.

    For models that LangChain does not know: each call sends one piece, as a
    :class:`~nbflow.types.Token` with the task's name in its metadata. What was sent before a
    replay is not sent again.

    Raises:
        OutsideRunError: no run is going on here.

    >>> from nbflow.func import entrypoint
    >>> @entrypoint()
    ... def greet(name: str) -> str:
    ...     write = get_token_writer()
    ...     for word in ("Hello ", name):
    ...         write(word)
    ...     return f"Hello {name}"
    >>> [token.content for token, _ in greet.stream("Ada", stream_mode="messages")]
    ['Hello ', 'Ada']
    """
    return require_frame("get_token_writer()").write_token


def get_stream_writer() -> StreamWriter:
    """A function that sends one value to the ``custom`` stream.

    Raises:
        OutsideRunError: no run is going on here.
    """
    writer: StreamWriter = require_frame("get_stream_writer()").runtime.stream_writer
    return writer
