"""A run whose chunks are taken as they come, by a loop in a thread or on the event loop.

The run goes on beside the loop that takes them. Leaving that loop early stops the run at its next
op; it can be continued.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from contextvars import copy_context
from typing import Any

from nbflow._engine.going import go_async, go_sync
from nbflow._engine.root import Outcome, RootOp
from nbflow._engine.stream import Chunks
from nbflow.events import Event

__all__ = ["Mailbox", "chunks_here", "chunks_on_loop"]

_END = object()


class Mailbox:
    """Where the events of a run arrive for an event loop, from whichever thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._home = threading.get_ident()
        self.inbox: asyncio.Queue[Any] = asyncio.Queue()

    def put(self, event: Event) -> None:
        if threading.get_ident() == self._home:
            self.inbox.put_nowait(event)
        else:
            self._loop.call_soon_threadsafe(self.inbox.put_nowait, event)


def chunks_here(
    root: RootOp, is_async: bool, chunks: Chunks, inbox: queue.SimpleQueue[Any]
) -> Iterator[Any]:
    """Run in a worker thread; yield in this one."""
    ended: list[Outcome] = []

    def work() -> None:
        try:
            ended.append(go_sync(root, is_async))
        except BaseException as exc:
            ended.append(Outcome("error", exception=exc))
        finally:
            inbox.put(_END)

    worker = _start(work)
    try:
        while (event := inbox.get()) is not _END:
            yield from chunks.of(event)
    finally:
        if worker.is_alive() and not ended:
            root.execution.request_stop()
            root.execution.drop_unstarted()
        worker.join()
    if ended and ended[0].exception is not None:
        ended[0].unwrap()


def _start(work: Callable[[], None]) -> threading.Thread:
    worker = threading.Thread(
        target=copy_context().run, args=(work,), name="nbflow-stream", daemon=True
    )
    worker.start()
    return worker


async def chunks_on_loop(
    root: RootOp, is_async: bool, chunks: Chunks, mailbox: Mailbox
) -> AsyncGenerator[Any, None]:
    """Run as a task of this loop, and yield in it."""
    inbox = mailbox.inbox
    runner = asyncio.get_running_loop().create_task(go_async(root, is_async))
    runner.add_done_callback(lambda _: inbox.put_nowait(_END))
    try:
        while (event := await inbox.get()) is not _END:
            for chunk in chunks.of(event):
                yield chunk
    finally:
        if not runner.done():
            runner.cancel()
            await asyncio.wait([runner])
    outcome = runner.result()
    if outcome.exception is not None:
        outcome.unwrap()
