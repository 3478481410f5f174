"""The running code's configuration, store and writer (186)."""

from __future__ import annotations

from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any, TypedDict

from nbflow._current import require_frame
from nbflow.errors import OutsideRunError

if TYPE_CHECKING:
    from nbflow.store.base import BaseStore
    from nbflow.types import PrintWriter, StreamWriter, TokenWriter

__all__ = [
    "RunnableConfig",
    "get_config",
    "get_print_writer",
    "get_store",
    "get_stream_writer",
    "get_token_writer",
]


class RunnableConfig(TypedDict, total=False):
    """How to run: LangChain's shape, which any plain dict has.

    A workflow that is called inside a run has its caller's, with what it is given itself: tags
    and callbacks are added to the caller's, entries of ``configurable`` and ``metadata`` replace
    those of the same name, and anything else replaces the caller's (193).

    >>> from nbflow.checkpoint.memory import InMemorySaver
    >>> from nbflow.func import entrypoint
    >>> @entrypoint(checkpointer=InMemorySaver())
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> config: RunnableConfig = {"configurable": {"thread_id": "1"}, "max_concurrency": 4}
    >>> double.invoke(4, config)
    8
    """

    configurable: dict[str, Any]
    """``thread_id``, ``checkpoint_id``, ``checkpoint_ns``; other keys reach the code unstored."""
    metadata: dict[str, Any]
    """Kept with each checkpoint of the run."""
    tags: list[str]
    """Kept with the metadata, and handed to the LangChain models that tasks call (193)."""
    callbacks: Any
    """LangChain's; handed to the models that tasks call (193)."""
    run_name: str
    """LangChain's; only ``get_config()`` shows it."""
    run_id: Any
    """LangChain's; only ``get_config()`` shows it. The run's own id is in
    ``runtime.execution_info``."""
    max_concurrency: int | None
    """At most so many tasks at work at once, 1 or more; one that waits for another does not
    count (47). None for as many as are called. A run has one limit, of the call that began it."""
    executor: Executor | None
    """Runs the functions of the run's plain tasks, but for those that have one of their own; see
    :mod:`nbflow.executors`."""
    recursion_limit: int
    """LangGraph's. Below 1 it is refused; else it changes nothing, as a workflow is one step (194).
    """


def get_config() -> RunnableConfig:
    """The configuration of the workflow that the code belongs to, always with ``configurable``
    and ``metadata``.

    Raises:
        OutsideRunError: no run is going on here.

    >>> from nbflow.func import entrypoint
    >>> @entrypoint()
    ... def greet(name: str) -> str:
    ...     return f"{get_config()['configurable']['greeting']} {name}"
    >>> greet.invoke("Ada", {"configurable": {"greeting": "Hello"}})
    'Hello Ada'
    """
    return require_frame("get_config()").config  # type: ignore[return-value]  # the same dict


def get_store() -> BaseStore:
    """The store that the entrypoint was declared with.

    Raises:
        OutsideRunError: no run is going on here, or its entrypoint has no store.

    >>> from nbflow.func import entrypoint, task
    >>> from nbflow.store.memory import InMemoryStore
    >>> @task
    ... def remember(name: str, drink: str) -> None:
    ...     get_store().put(("users",), name, {"likes": drink})
    >>> @entrypoint(store=InMemoryStore())
    ... def serve(name: str) -> str:
    ...     remember(name, "tea").result()
    ...     return get_store().get(("users",), name).value["likes"]
    >>> serve.invoke("Ada")
    'tea'
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


def get_print_writer() -> PrintWriter:
    """A function that adds text to what the running task printed.

    The text is shown with the task in the run's widget, as a
    :class:`~nbflow.events.Printed` event, and in no stream. It prints nothing: a notebook calls it
    for what the code prints, and a logging handler can. What was printed before a replay is not
    added again.

    Raises:
        OutsideRunError: no run is going on here.

    >>> from nbflow.events import Printed
    >>> from nbflow.func import entrypoint
    >>> @entrypoint()
    ... def greet(name: str) -> str:
    ...     get_print_writer()(f"About to greet {name}")
    ...     return f"Hello {name}"
    >>> run = greet.start("Ada")
    >>> run.result()
    'Hello Ada'
    >>> [event.text for event in run.events() if isinstance(event, Printed)]
    ['About to greet Ada']
    """
    return require_frame("get_print_writer()").write_printed


def get_stream_writer() -> StreamWriter:
    """A function that sends one value to the ``custom`` stream (164).

    What was sent before a replay is not sent again (165). Where nobody streams that mode, the
    values still reach the run's widget and log.

    Raises:
        OutsideRunError: no run is going on here.

    >>> from nbflow.func import entrypoint
    >>> @entrypoint()
    ... def count(n: int) -> int:
    ...     write = get_stream_writer()
    ...     for done in range(n):
    ...         write({"done": done})
    ...     return n
    >>> list(count.stream(2, stream_mode="custom"))
    [{'done': 0}, {'done': 1}]
    """
    writer: StreamWriter = require_frame("get_stream_writer()").runtime.stream_writer
    return writer
