"""A run whose chunks are taken as they come, by a loop in a thread or on the event loop.

The run goes on beside the loop that takes them. Leaving that loop early stops the run at its next
op; it can be continued.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import suppress
from contextvars import copy_context
from typing import Any

from nbflow._engine.going import go_async, go_sync
from nbflow._engine.root import Outcome, RootOp
from nbflow._engine.signals import LOOK_S
from nbflow._engine.stream import Chunks, Printed
from nbflow.events import Event

__all__ = ["Inbox", "Mailbox", "chunks_here", "chunks_on_loop"]

_END = object()


class Inbox:
    """Where the chunks of a run arrive for a thread.

    They are made where the event happens: another processor would have to fetch every part of it.
    """

    def __init__(self, chunks: Chunks) -> None:
        self._chunks = chunks
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def hear(self, event: Event) -> None:
        """Take an event in, in any thread."""
        for chunk in self._chunks.of(event):
            self._queue.put(chunk)

    def end(self, _: object = None) -> None:
        """There will be no more."""
        self._queue.put(_END)

    def __iter__(self) -> Iterator[Any]:
        while (chunk := self._next()) is not _END:
            if type(chunk) is Printed:
                print(*chunk.parts)
            else:
                yield chunk

    def _next(self) -> Any:
        while True:
            with suppress(queue.Empty):
                return self._queue.get(timeout=LOOK_S)


class Mailbox(AsyncIterator[Any]):
    """Where they arrive for an event loop, from whichever thread."""

    def __init__(self, chunks: Chunks) -> None:
        self._chunks = chunks
        self._loop = asyncio.get_running_loop()
        self._home = threading.get_ident()
        self._queue: asyncio.Queue[Any] = asyncio.Queue()

    def hear(self, event: Event) -> None:
        """Take an event in, in any thread."""
        for chunk in self._chunks.of(event):
            if threading.get_ident() == self._home:
                self._queue.put_nowait(chunk)
            else:
                self._put_soon(chunk)

    def end(self, _: object = None) -> None:
        """There will be no more, in any thread; what other threads sent before comes first."""
        self._put_soon(_END)

    def _put_soon(self, chunk: Any) -> None:
        with suppress(RuntimeError):  # the loop was closed, and nobody reads any more
            self._loop.call_soon_threadsafe(self._queue.put_nowait, chunk)

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        while type(chunk := await self._queue.get()) is Printed:
            print(*chunk.parts)
        if chunk is _END:
            raise StopAsyncIteration
        return chunk


def chunks_here(root: RootOp, is_async: bool, inbox: Inbox) -> Iterator[Any]:
    """Run in a worker thread; yield in this one."""
    ended: list[Outcome] = []

    def work() -> None:
        try:
            ended.append(go_sync(root, is_async))
        except BaseException as exc:
            ended.append(Outcome("error", exception=exc))
        finally:
            inbox.end()

    with root.or_end():
        worker = _start(work)
    try:
        yield from inbox
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
    root: RootOp, is_async: bool, mailbox: Mailbox
) -> AsyncGenerator[Any, None]:
    """Run as a task of this loop, and yield in it."""
    runner = asyncio.get_running_loop().create_task(go_async(root, is_async))
    runner.add_done_callback(mailbox.end)
    try:
        async for chunk in mailbox:
            yield chunk
    finally:
        if not runner.done():
            runner.cancel()
            await asyncio.wait([runner])
    outcome = runner.result()
    if outcome.exception is not None:
        outcome.unwrap()
