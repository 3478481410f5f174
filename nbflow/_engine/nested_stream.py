"""A nested workflow streamed inside a run: its part of the run's events, as they come (173)."""

from __future__ import annotations

import queue
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import TYPE_CHECKING, Any

from nbflow._engine.stream import Chunks
from nbflow._engine.streaming import Mailbox

if TYPE_CHECKING:
    from nbflow._engine.execution import Execution

__all__ = ["nested_chunks", "nested_chunks_on_loop"]

_END = object()


def nested_chunks(
    execution: Execution,
    begin: Callable[[], Any],
    chunks: Chunks,
    inbox: queue.SimpleQueue[Any],
) -> Iterator[Any]:
    """Call the workflow as a step of the run; yield in the thread that called."""
    with execution.heard_by(inbox.put):
        future = begin()
        future.add_done_callback(lambda _: inbox.put(_END))
        op = getattr(future, "_op", None)
        if op is not None:
            op.start_soon()
        while (event := inbox.get()) is not _END:
            yield from chunks.of(event)
    future.result()


async def nested_chunks_on_loop(
    execution: Execution, begin: Callable[[], Any], chunks: Chunks, mailbox: Mailbox
) -> AsyncGenerator[Any, None]:
    """Call the workflow as a step of the run, and yield on the run's event loop."""
    inbox = mailbox.inbox
    with execution.heard_by(mailbox.put):
        future = begin()
        future.add_done_callback(lambda _: inbox.put_nowait(_END))
        while (event := await inbox.get()) is not _END:
            for chunk in chunks.of(event):
                yield chunk
    await future
