"""A nested workflow streamed inside a run: its part of the run's events, as they come (173)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator
from typing import TYPE_CHECKING, Any

from nbflow._engine.streaming import Inbox, Mailbox

if TYPE_CHECKING:
    from nbflow._engine.execution import Execution

__all__ = ["nested_chunks", "nested_chunks_on_loop"]


def nested_chunks(execution: Execution, begin: Callable[[], Any], inbox: Inbox) -> Iterator[Any]:
    """Call the workflow as a step of the run; yield in the thread that called."""
    with execution.heard_by(inbox.hear):
        future = begin()
        future.add_done_callback(inbox.end)
        op = getattr(future, "_op", None)
        if op is not None:
            op.start_soon()
        yield from inbox
    future.result()


async def nested_chunks_on_loop(
    execution: Execution, begin: Callable[[], Any], mailbox: Mailbox
) -> AsyncGenerator[Any, None]:
    """Call the workflow as a step of the run, and yield on the run's event loop."""
    with execution.heard_by(mailbox.hear):
        future = begin()
        future.add_done_callback(mailbox.end)
        async for chunk in mailbox:
            yield chunk
    await future
